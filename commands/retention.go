package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/retention"
	"services.example/portal/infra/eventstore"
)

// EndTerm looks whether an account has outlived the term that the schedule gives its kind. Then the erasure of somebody
// who was here, or worked here, is proposed: two administrators decide about it, as about every other, and what was
// declined once is not proposed again. A registration that was never confirmed is nobody's account: the schedule itself
// orders its erasure.
func (e *Erasures) EndTerm(ctx context.Context, req Request, kind retention.Kind, person string) error {
	since, err := e.termSince(ctx, kind, person)
	if err != nil || since.IsZero() {
		return err
	}
	schedule, err := e.schedule(ctx)
	if err != nil || e.deps.Now().Before(schedule.Until(kind, since)) {
		return err
	}
	if kind == retention.Registration {
		return e.record(ctx, req, person, erasure.Lapse{ID: req.CommandID.String(), At: e.deps.Now()})
	}
	s, err := e.streams.accounts.state(ctx, person)
	if err != nil || !s.Active {
		return err
	}
	now, err := e.streams.erasures.state(ctx, person)
	if err != nil || now.LegalHold || now.Stage.Open() || now.Origin == erasure.Retention && now.Stage == erasure.StageDeclined {
		return err
	}
	obstacles, err := e.obstacles(ctx, person, eventstore.Position{})
	if err != nil || len(obstacles) > 0 {
		return err
	}
	return e.record(ctx, req, person, erasure.Request{
		ID: req.CommandID.String(), Origin: erasure.Retention, At: e.deps.Now(),
	})
}

// termSince is when the term of an account of this kind began; the zero time if it has not.
func (e *Erasures) termSince(ctx context.Context, kind retention.Kind, person string) (time.Time, error) {
	if kind == retention.Account { // of which there are many: what was done last is enough to tell those that are used
		last, err := e.lastEvent(ctx, "account-"+person)
		if err != nil || last == nil {
			return time.Time{}, err
		}
		return last.Created, nil
	}
	s, err := e.streams.accounts.state(ctx, person)
	switch {
	case err != nil:
		return time.Time{}, err
	case kind == retention.Staff && isStaff(s) && s.Blocked:
		return s.BlockedAt, nil
	case kind == retention.Registration && unconfirmed(s):
		return s.Pending.At, nil
	default:
		return time.Time{}, nil
	}
}

func unconfirmed(s account.State) bool {
	return !s.Active && !s.Erased && s.Pending.RegistrationID != ""
}

// lastEvent is the last event of a stream; nil if there is none.
func (e *Erasures) lastEvent(ctx context.Context, stream string) (*eventstore.Recorded, error) {
	read := eventstore.StreamRead{From: eventstore.End, Backwards: true, Limit: 1}
	for recorded, err := range e.deps.Events.ReadStream(ctx, stream, read) {
		var missing *eventstore.NotFoundError
		if errors.As(err, &missing) {
			return nil, nil //nolint:nilnil // there is none
		}
		if err != nil {
			return nil, fmt.Errorf("reading the end of %s: %w", stream, err)
		}
		return &recorded, nil
	}
	return nil, nil //nolint:nilnil // there is none
}
