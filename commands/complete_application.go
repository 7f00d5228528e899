package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// Complete ends an application in which nothing is left to do but what may be left out. Errors: not-an-executor, those of
// application.Complete, stale.
func (w *Work) Complete(ctx context.Context, req Request, by application.Staff, id string) (Application, error) {
	return w.streams.forStaff(ctx, req, id, by,
		func(_ application.State, content service.Content, _ *service.Form) (application.Command, error) {
			return application.Complete{
				By: by, Provider: content.Passport.ProviderID, Workflow: content.Workflow, At: w.deps.Now(),
			}, nil
		})
}
