package commands

import (
	"context"
	"fmt"
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/domain/signature"
)

// Terms are the use cases of time that has passed: what the portal does by itself to applications for which somebody has
// waited long enough. Each looks at the application itself and may be given at any time: what is not due changes nothing.
type Terms struct {
	deps    Deps
	streams *streams
}

// NearUntil is the latest due date that is near enough now for a warning, by the provider's calendar: so that a list of
// applications is looked through without loading each.
func (t *Terms) NearUntil(ctx context.Context, provider string) (time.Time, error) {
	days, err := t.streams.calendarOf(ctx, provider)
	if err != nil {
		return time.Time{}, err
	}
	tooFar, err := days.AddWorkingDays(t.deps.Now(), application.DueSoonDays+1)
	if err != nil {
		return time.Time{}, fmt.Errorf("counting the days until a due date is near: %w", err)
	}
	return tooFar.Add(-24 * time.Hour), nil
}

// WarnOfDueDate says of an application that its due date is near, or has passed: of this due date, of each once.
func (t *Terms) WarnOfDueDate(ctx context.Context, req Request, id string, due time.Time) error {
	return t.give(ctx, req, id, func(_ application.State, content service.Content) (application.Command, error) {
		days, err := t.streams.calendarOf(ctx, content.Passport.ProviderID)
		if err != nil {
			return nil, err
		}
		now := t.deps.Now()
		return application.WarnOfDueDate{DueAt: due, DaysLeft: days.WorkingDaysLeft(now, due), At: now}, nil
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
