package commands

import (
	"context"

	"github.com/google/uuid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

// StartApplication opens a draft for a published service, with the client card's data in its fields. Errors:
// service-not-found.
func (a *Applications) StartApplication(ctx context.Context, req Request, serviceID string) (Application, error) {
	if _, err := uuid.Parse(serviceID); err != nil {
		return Application{}, serviceNotFound()
	}
	id := req.derivedID("application")
	at := a.deps.Now()
	var content service.Content
	outcome, err := a.streams.applications.execute(ctx, req, id, func(s application.State) (application.Command, error) {
		start := application.Start{Applicant: req.Actor, ServiceID: serviceID, At: at}
		if s.Status != "" { // a repeated command: nothing is started anew
			return start, nil
		}
		offered, err := a.streams.services.state(ctx, serviceID)
		if err != nil {
			return nil, err
		}
		var form *service.Form
		if content, form, err = a.streams.serviceVersion(ctx, serviceID, offered.Published); err != nil {
			return nil, err
		}
		start.ServiceVersion = offered.Published
		if err := a.prefill(ctx, &start, content, form); err != nil {
			return nil, err
		}
		if start.RunningNumber, err = a.nextNumber(ctx, req, id, at); err != nil {
			return nil, err
		}
		start.Number = application.FormatNumber(start.RunningNumber, calendar.Suffix(at))
		return start, nil
	})
	if err != nil {
		return Application{}, err
	}
	if content.Steps == nil {
		s := outcome.State
		if content, _, err = a.streams.serviceVersion(ctx, s.ServiceID, s.ServiceVersion); err != nil {
			return Application{}, err
		}
	}
	return Application{Outcome: outcome, ID: id, Service: content}, nil
}

func serviceNotFound() error { return problem.New(problem.NotFound, "service-not-found") }

// prefill puts the client card's data into the steps.
func (a *Applications) prefill(ctx context.Context, start *application.Start, content service.Content, form *service.Form) error {
	owner, err := a.streams.accounts.state(ctx, start.Applicant)
	if err != nil {
		return err
	}
	start.Prefilled = form.Prefill(owner.Prefill())
	for _, step := range content.Steps {
		faults, err := form.Check(step.ID, start.Prefilled[step.ID], 0)
		if err != nil {
			return err
		}
		start.Steps = append(start.Steps, application.StepState{ID: step.ID, Kind: step.Kind, Complete: len(faults) == 0})
	}
	return nil
}
