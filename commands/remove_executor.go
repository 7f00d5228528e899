package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// RemoveExecutor ends a colleague's responsibility, or one's own. Errors: role-not-allowed, stale.
func (w *Work) RemoveExecutor(ctx context.Context, req Request, by application.Staff, id, executor string) (Application, error) {
	return w.streams.forStaff(ctx, req, id, by,
		func(_ application.State, content service.Content, _ *service.Form) (application.Command, error) {
			return application.RemoveExecutor{
				By: by, Provider: content.Passport.ProviderID, Executor: canonical(executor), At: w.deps.Now(),
			}, nil
		})
}
