package commands

import (
	"context"
	"encoding/json"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

// SavedStep is a step after saving: what is in it, and what it still lacks.
type SavedStep struct {
	Application
	StepID  string
	Missing []problem.Field
}

// SaveStep puts data into a step, complete or not. Errors: malformed data, unknown-step, not-editable, stale.
func (a *Applications) SaveStep(ctx context.Context, req Request, id, stepID string, data json.RawMessage) (SavedStep, error) {
	read, err := service.ReadData(data)
	if err != nil {
		return SavedStep{}, err
	}
	var checked *checkedForm
	saved, err := a.streams.forApplicant(ctx, req, id,
		func(_ application.State, _ service.Content, form *service.Form) (application.Command, error) {
			checked = &checkedForm{form: form, read: read}
			return application.SaveStep{
				Applicant: req.Actor, Form: checked, StepID: stepID, Data: read.JSON, At: a.deps.Now(),
			}, nil
		})
	if err != nil {
		return SavedStep{}, err
	}
	if checked != nil && checked.done {
		return SavedStep{Application: saved, StepID: stepID, Missing: checked.missing}, nil
	}
	// A repeated command was not decided again.
	_, form, err := a.streams.serviceVersion(ctx, saved.State.ServiceID, saved.State.ServiceVersion)
	if err != nil {
		return SavedStep{}, err
	}
	step, _ := saved.State.Step(stepID)
	missing, err := form.Check(stepID, step.Data, len(step.Files))
	return SavedStep{Application: saved, StepID: stepID, Missing: missing}, err
}

// checkedForm checks what was read a moment ago, and remembers what the decider was told, so that the answer need not check
// the same data again.
type checkedForm struct {
	form    *service.Form
	read    service.Data
	missing []problem.Field
	done    bool
}

// Check asks the form. The data that a decider saves is the data that was read.
func (c *checkedForm) Check(stepID string, _ json.RawMessage, files int) ([]problem.Field, error) {
	var err error
	c.missing, err = c.form.CheckRead(stepID, c.read, files)
	c.done = err == nil
	return c.missing, err
}
