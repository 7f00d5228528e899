package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// WithdrawApplication takes back what was sent, before a decision. Errors: not-submitted, already-decided, stale.
func (a *Applications) WithdrawApplication(ctx context.Context, req Request, id string) (Application, error) {
	return a.streams.forApplicant(ctx, req, id, func(application.State, service.Content, *service.Form) (application.Command, error) {
		return application.Withdraw{Applicant: req.Actor, At: a.deps.Now()}, nil
	})
}
