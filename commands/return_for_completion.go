package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// ReturnForCompletion gives the application back to its applicant; its term stands still meanwhile. Reason is one of
// application.ReturnReasons. Errors: invalid with every fault, not-an-executor, already-decided, stale.
func (w *Work) ReturnForCompletion(
	ctx context.Context, req Request, by application.Staff, id, reason, text string,
) (Application, error) {
	return w.streams.forStaff(ctx, req, id, by,
		func(_ application.State, content service.Content, _ *service.Form) (application.Command, error) {
			return application.ReturnForCompletion{
				By: by, Provider: content.Passport.ProviderID, Reason: reason, Text: text, At: w.deps.Now(),
			}, nil
		})
}
