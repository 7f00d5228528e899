package commands

import (
	"context"

	"github.com/google/uuid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

// forApplicant carries out a command of the applicant. The command is made from the application's state and its service
// version. Errors: application-not-found for everybody else, stale, and those of the command.
func (s *streams) forApplicant(
	ctx context.Context, req Request, id string,
	command func(application.State, service.Content, *service.Form) (application.Command, error),
) (Application, error) {
	if _, err := uuid.Parse(id); err != nil {
		return Application{}, notFound()
	}
	var content service.Content
	outcome, err := s.applications.execute(ctx, req, id, func(state application.State) (application.Command, error) {
		if state.Status == "" || state.Applicant != req.Actor {
			return nil, notFound()
		}
		var form *service.Form
		var err error
		if content, form, err = s.serviceVersion(ctx, state.ServiceID, state.ServiceVersion); err != nil {
			return nil, err
		}
		return command(state, content, form)
	})
	if err != nil {
		return Application{}, err
	}
	if outcome.State.Applicant != req.Actor {
		return Application{}, notFound()
	}
	return Application{Outcome: outcome, ID: id, Service: content}, nil
}

// seenByApplicant loads an application that belongs to the caller, with its service version.
func (s *streams) seenByApplicant(ctx context.Context, id, applicant string) (Application, error) {
	if _, err := uuid.Parse(id); err != nil {
		return Application{}, notFound()
	}
	at, err := s.applications.load(ctx, id)
	if err != nil {
		return Application{}, err
	}
	if at.state.Status == "" || at.state.Status == application.Deleted || at.state.Applicant != applicant {
		return Application{}, notFound()
	}
	content, _, err := s.serviceVersion(ctx, at.state.ServiceID, at.state.ServiceVersion)
	if err != nil {
		return Application{}, err
	}
	outcome := Outcome[application.State]{State: at.state, Revision: at.revision, Position: at.position}
	return Application{Outcome: outcome, ID: id, Service: content}, nil
}

func notFound() error { return problem.New(problem.NotFound, "application-not-found") }
