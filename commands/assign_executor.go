package commands

import (
	"context"

	"github.com/google/uuid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// AssignExecutor makes a colleague responsible, beside those who are already. Errors: invalid (not-an-executor-account),
// role-not-allowed, stale.
func (w *Work) AssignExecutor(ctx context.Context, req Request, by application.Staff, id, executor string) (Application, error) {
	return w.streams.forStaff(ctx, req, id, by,
		func(_ application.State, content service.Content, _ *service.Form) (application.Command, error) {
			colleague, err := w.colleague(ctx, executor)
			if err != nil {
				return nil, err
			}
			return application.AssignExecutor{
				By: by, Provider: content.Passport.ProviderID, Executor: colleague, At: w.deps.Now(),
			}, nil
		})
}

// colleague looks an account up. One that does not exist is nobody who may sign in.
func (w *Work) colleague(ctx context.Context, id string) (application.Colleague, error) {
	id = canonical(id)
	if _, err := uuid.Parse(id); err != nil {
		return application.Colleague{Account: id}, nil //nolint:nilerr // the decider refuses who is nobody
	}
	s, err := w.streams.accounts.state(ctx, id)
	if err != nil {
		return application.Colleague{}, err
	}
	return application.Colleague{
		Account: id, Roles: s.Roles, Provider: s.ProviderID, Active: s.Active && !s.Blocked && !s.Erased,
	}, nil
}

// canonical writes an account's id as streams are named, however it was typed; what is no id stays as it is.
func canonical(id string) string {
	if read, err := uuid.Parse(id); err == nil {
		return read.String()
	}
	return id
}
