package commands

import (
	"context"
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// MoveDueDate gives the application another due date, for a reason that the applicant reads. Errors: invalid with every
// fault, role-not-allowed, stale.
func (w *Work) MoveDueDate(
	ctx context.Context, req Request, by application.Staff, id string, dueAt time.Time, reason string,
) (Application, error) {
	return w.streams.forStaff(ctx, req, id, by,
		func(_ application.State, content service.Content, _ *service.Form) (application.Command, error) {
			return application.MoveDueDate{
				By: by, Provider: content.Passport.ProviderID, DueAt: dueAt.UTC().Truncate(time.Millisecond), Reason: reason,
				At: w.deps.Now(),
			}, nil
		})
}
