package commands

import (
	"context"

	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/infra/httpapi"
)

// staffOf tells who of a provider's staff calls, and describes their command. The role acted in is the first of these that
// the caller has; of a caller who has none of them, the caller's first. Error: sign-in-required. Callers who are nobody's
// staff are let through: to them no application exists.
func staffOf(ctx context.Context, fitting ...account.Role) (application.Staff, Request, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return application.Staff{}, Request{}, err
	}
	by := application.Staff{Account: caller.AccountID, Provider: caller.Provider}
	for _, role := range caller.Roles {
		by.Roles = append(by.Roles, account.Role(role))
	}
	req, err := requestOf(ctx, actingRole(caller, fitting))
	return by, req, err
}

func actingRole(caller httpapi.Caller, fitting []account.Role) string {
	for _, role := range fitting {
		if caller.Has(string(role)) {
			return string(role)
		}
	}
	if len(caller.Roles) > 0 {
		return caller.Roles[0]
	}
	return ""
}

// forStaff carries out a command of a provider's staff. The command is made from the application's state and its service
// version, whose passport names the provider. Errors: application-not-found for everybody else and before it was sent,
// stale, and those of the command.
func (s *streams) forStaff(
	ctx context.Context, req Request, id string, by application.Staff,
	command func(application.State, service.Content, *service.Form) (application.Command, error),
) (Application, error) {
	if _, err := uuid.Parse(id); err != nil {
		return Application{}, notFound()
	}
	outcome, err := s.applications.execute(ctx, req, id, func(state application.State) (application.Command, error) {
		content, form, err := s.staffScope(ctx, state, by)
		if err != nil {
			return nil, err
		}
		return command(state, content, form)
	})
	if err != nil {
		return Application{}, err
	}
	content, _, err := s.staffScope(ctx, outcome.State, by) // of a repeated command too, which was not made anew
	if err != nil {
		return Application{}, err
	}
	return Application{Outcome: outcome, ID: id, Service: content}, nil
}

// seenByStaff loads an application for reading. Error: application-not-found, unless it is of their provider and was sent.
func (s *streams) seenByStaff(ctx context.Context, id string, by application.Staff) (Application, error) {
	if _, err := uuid.Parse(id); err != nil {
		return Application{}, notFound()
	}
	at, err := s.applications.load(ctx, id)
	if err != nil {
		return Application{}, err
	}
	content, _, err := s.staffScope(ctx, at.state, by)
	if err != nil {
		return Application{}, err
	}
	outcome := Outcome[application.State]{State: at.state, Revision: at.revision, Position: at.position}
	return Application{Outcome: outcome, ID: id, Service: content}, nil
}

// staffScope gives the service version of an application that was sent to the provider whose staff asks. What somebody
// else's application holds, and that it exists, is nobody's to learn.
func (s *streams) staffScope(
	ctx context.Context, state application.State, by application.Staff,
) (service.Content, *service.Form, error) {
	if !state.Sent() {
		return service.Content{}, nil, notFound()
	}
	content, form, err := s.serviceVersion(ctx, state.ServiceID, state.ServiceVersion)
	if err != nil {
		return service.Content{}, nil, err
	}
	if err := application.May(state, by, content.Passport.ProviderID, application.See); err != nil {
		return service.Content{}, nil, err
	}
	return content, form, nil
}
