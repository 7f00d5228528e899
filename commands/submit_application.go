package commands

import (
	"context"
	"fmt"

	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/service"
)

// SubmitApplication sends the application: its term starts. After a return the term goes on, later by the days for which
// it stood still. Errors: incomplete with everything missing by step, not-editable, stale.
func (a *Applications) SubmitApplication(ctx context.Context, req Request, id string) (Application, error) {
	return a.streams.forApplicant(ctx, req, id,
		func(s application.State, content service.Content, form *service.Form) (application.Command, error) {
			days, err := a.streams.calendarOf(ctx, content.Passport.ProviderID)
			if err != nil {
				return nil, err
			}
			submit := application.Submit{
				Applicant: req.Actor, Form: form, Provider: content.Passport.ProviderID, Term: content.Passport.Term, At: a.deps.Now(),
			}
			due, err := days.Due(submit.At, submit.Term)
			if s.Status == application.Returned {
				due, err = days.Resume(submit.Term.Kind, s.DueAt, s.ReturnedAt, submit.At)
			}
			if err != nil {
				return nil, fmt.Errorf("counting the term: %w", err)
			}
			submit.DueAt = due.UTC()
			return submit, nil
		})
}

// calendarOf is the calendar by which a provider's terms are counted.
func (s *streams) calendarOf(ctx context.Context, provider string) (calendar.Calendar, error) {
	whose, err := s.providers.state(ctx, provider)
	if err != nil {
		return calendar.Calendar{}, err
	}
	days, err := s.calendars.state(ctx, whose.Provider.CalendarID)
	if err != nil {
		return calendar.Calendar{}, err
	}
	return days.Calendar(), nil
}
