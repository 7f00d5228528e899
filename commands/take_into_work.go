package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// TakeIntoWork begins the work, with the caller as executor. Errors: role-not-allowed, already-decided, stale.
func (w *Work) TakeIntoWork(ctx context.Context, req Request, by application.Staff, id string) (Application, error) {
	return w.streams.forStaff(ctx, req, id, by,
		func(_ application.State, content service.Content, _ *service.Form) (application.Command, error) {
			return application.TakeIntoWork{By: by, Provider: content.Passport.ProviderID, At: w.deps.Now()}, nil
		})
}
