package commands

import (
	"context"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// DeleteDraft removes a draft. Errors: not-a-draft, stale.
func (a *Applications) DeleteDraft(ctx context.Context, req Request, id string) (Application, error) {
	return a.streams.forApplicant(ctx, req, id, func(application.State, service.Content, *service.Form) (application.Command, error) {
		return application.DeleteDraft{Applicant: req.Actor, At: a.deps.Now()}, nil
	})
}
