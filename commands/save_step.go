package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

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
	if err := service.CheckData(data); err != nil {
		return SavedStep{}, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		return SavedStep{}, fmt.Errorf("compacting the data of a step: %w", err)
	}
	saved, err := a.ask(ctx, req, id,
		func(_ application.State, _ service.Content, form *service.Form) (application.Command, error) {
			return application.SaveStep{
				Applicant: req.Actor, Form: form, StepID: stepID, Data: compact.Bytes(), At: a.deps.Now(),
			}, nil
		})
	if err != nil {
		return SavedStep{}, err
	}
	_, form, err := a.streams.serviceVersion(ctx, saved.State.ServiceID, saved.State.ServiceVersion)
	if err != nil {
		return SavedStep{}, err
	}
	step, _ := saved.State.Step(stepID)
	missing, err := form.Check(stepID, step.Data, len(step.Files))
	return SavedStep{Application: saved, StepID: stepID, Missing: missing}, err
}
