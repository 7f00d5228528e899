package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"services.example/portal/domain/account"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/retention"
	"services.example/portal/infra/eventstore"
)

// ProposeUnused proposes the erasure of an account in which nothing was done for as long as the schedule says. Two
// administrators decide about it, as about every other. What was declined once is not proposed again.
func (e *Erasures) ProposeUnused(ctx context.Context, req Request, person string) error {
	schedule, err := e.streams.schedule.state(ctx, retention.Stream)
	if err != nil {
		return err
	}
	last, err := e.lastEvent(ctx, "account-"+person)
	if err != nil || last == nil || e.deps.Now().Before(schedule.Until(retention.Account, last.Created)) {
		return err
	}
	s, err := e.streams.accounts.state(ctx, person)
	if err != nil || !s.Active || slices.ContainsFunc(s.Roles, account.Role.Staff) {
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
