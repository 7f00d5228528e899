package commands

import (
	"context"
	"fmt"
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/service"
	"services.example/portal/domain/signature"
)

// Terms are the use cases of time that has passed: what the portal does by itself to applications for which somebody has
// waited long enough. Each looks at the application itself and may be given at any time: what is not due changes nothing.
type Terms struct {
	deps    Deps
	streams *streams
}

// NearDue tells whether a due date has passed or is near enough for a warning, by the provider's calendar: without loading
// the application that it is of.
func (t *Terms) NearDue(ctx context.Context, provider string, due time.Time) (bool, error) {
	days, err := t.streams.calendarOf(ctx, provider)
	if err != nil {
		return false, fmt.Errorf("counting the days until a due date: %w", err)
	}
	now := t.deps.Now()
	return now.After(due) || daysUntil(days, now, due) <= application.DueSoonDays, nil
}

func daysUntil(days calendar.Calendar, now, due time.Time) int {
	return days.DaysLeft(service.WorkingDays, now, due)
}

// WarnOfDueDate says of an application that its due date is near, or has passed: of this due date, of each once.
func (t *Terms) WarnOfDueDate(ctx context.Context, req Request, id string, due time.Time) error {
	return t.give(ctx, req, id, func(_ application.State, content service.Content) (application.Command, error) {
		days, err := t.streams.calendarOf(ctx, content.Passport.ProviderID)
		if err != nil {
			return nil, err
		}
		now := t.deps.Now()
		return application.WarnOfDueDate{DueAt: due, DaysLeft: daysUntil(days, now, due), At: now}, nil
	})
}

// RemindApplicant says that the applicant is reminded of what only they can do, once.
func (t *Terms) RemindApplicant(ctx context.Context, req Request, id string, of application.WaitingFor) error {
	return t.give(ctx, req, id, func(s application.State, content service.Content) (application.Command, error) {
		turn, err := t.turn(ctx, s)
		return application.RemindApplicant{Of: of, Workflow: content.Workflow, Turn: turn, At: t.deps.Now()}, err
	})
}

// CloseWaiting ends an application whose applicant has left it for long enough.
func (t *Terms) CloseWaiting(ctx context.Context, req Request, id string, waitingFor application.WaitingFor) error {
	return t.give(ctx, req, id, func(s application.State, content service.Content) (application.Command, error) {
		turn, err := t.turn(ctx, s)
		return application.CloseWaiting{For: waitingFor, Workflow: content.Workflow, Turn: turn, At: t.deps.Now()}, err
	})
}

// give carries out a command of the system.
func (t *Terms) give(
	ctx context.Context, req Request, id string, command func(application.State, service.Content) (application.Command, error),
) error {
	_, err := t.streams.applications.execute(ctx, req, id, func(s application.State) (application.Command, error) {
		if s.Status == "" {
			return nil, notFound()
		}
		content, _, err := t.streams.serviceVersion(ctx, s.ServiceID, s.ServiceVersion)
		if err != nil {
			return nil, err
		}
		return command(s, content)
	})
	if err != nil {
		return fmt.Errorf("looking after the terms of application %s: %w", id, err)
	}
	return nil
}

// turn is since when it is the applicant's turn to sign one of the application's documents; zero: of none.
func (t *Terms) turn(ctx context.Context, s application.State) (time.Time, error) {
	var first time.Time
	for _, document := range s.Documents {
		if !document.Waits() {
			continue
		}
		signatures, err := t.streams.signatures.state(ctx, document.ID)
		if err != nil {
			return time.Time{}, err
		}
		if signatures.Next() != signature.Applicant {
			continue
		}
		since := document.IssuedAt
		if n := len(signatures.Accepted); n > 0 {
			since = signatures.Accepted[n-1].At
		}
		if first.IsZero() || since.Before(first) {
			first = since
		}
	}
	return first, nil
}
