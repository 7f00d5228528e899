package commands

import (
	"context"
	"fmt"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// SubmitApplication sends the application: its term starts. Errors: incomplete with everything missing by step,
// not-editable, stale.
func (a *Applications) SubmitApplication(ctx context.Context, req Request, id string) (Application, error) {
	return a.ask(ctx, req, id,
		func(_ application.State, content service.Content, form *service.Form) (application.Command, error) {
			provider, err := a.streams.providers.state(ctx, content.Passport.ProviderID)
			if err != nil {
				return nil, err
			}
			days, err := a.streams.calendars.state(ctx, provider.Provider.CalendarID)
			if err != nil {
				return nil, err
			}
			submit := application.Submit{
				Applicant: req.Actor, Form: form, Provider: content.Passport.ProviderID, Term: content.Passport.Term, At: a.deps.Now(),
			}
			due, err := days.Calendar().Due(submit.At, submit.Term)
			if err != nil {
				return nil, fmt.Errorf("counting the term: %w", err)
			}
			submit.DueAt = due.UTC()
			return submit, nil
		})
}
