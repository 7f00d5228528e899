package esdb

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"services.example/portal/infra/eventstore"
)

// Delete implements eventstore.Store.
func (s *Store) Delete(ctx context.Context, stream string, expected eventstore.Expected) (eventstore.Position, error) {
	if err := checkEnd(stream, expected); err != nil {
		return eventstore.Position{}, err
	}
	e := s.newEnding(stream, expected)
	e.send = func(ctx context.Context, g *generation) (*client.DeleteResult, error) {
		return g.client.DeleteStream(ctx, stream, client.DeleteStreamOptions{ExpectedRevision: toExpected(expected)})
	}
	before, _, err := e.deletion(ctx)
	if err != nil {
		return eventstore.Position{}, wrap("delete stream", stream, err)
	}
	e.landed = func(ctx context.Context) (eventstore.Position, bool, error) {
		last, deletes, err := e.deletion(ctx)
		return last, deletes && before.Before(last), err
	}
	return e.run(ctx, "delete stream")
}

// Tombstone implements eventstore.Store.
func (s *Store) Tombstone(ctx context.Context, stream string, expected eventstore.Expected) (eventstore.Position, error) {
	if err := checkEnd(stream, expected); err != nil {
		return eventstore.Position{}, err
	}
	e := s.newEnding(stream, expected)
	e.send = func(ctx context.Context, g *generation) (*client.DeleteResult, error) {
		return g.client.TombstoneStream(ctx, stream, client.TombstoneStreamOptions{ExpectedRevision: toExpected(expected)})
	}
	if err := e.alive(ctx); err != nil {
		return eventstore.Position{}, wrap("tombstone stream", stream, err)
	}
	e.landed = e.tombstone
	return e.run(ctx, "tombstone stream")
}

// ending is a deletion of either kind. The server does not recognise one that is repeated, as it does an append: so
// how things stood before is looked at first, and again when the outcome is unknown.
type ending struct {
	attempts
	stream   string
	expected eventstore.Expected
	began    time.Time
	send     func(context.Context, *generation) (*client.DeleteResult, error)
	// landed tells whether an attempt was carried out.
	landed func(context.Context) (eventstore.Position, bool, error)
}

func (s *Store) newEnding(stream string, expected eventstore.Expected) *ending {
	return &ending{
		attempts: attempts{store: s, link: s.writes}, stream: stream, expected: expected, began: time.Now(),
	}
}

func (e *ending) run(ctx context.Context, what string) (eventstore.Position, error) {
	for {
		result, again, err := try(ctx, &e.attempts, e.send)
		if err == nil {
			position := fromPosition(result.Position)
			e.store.acknowledged(position)
			return position, nil
		}
		if e.unknown {
			position, done, lookErr := e.landed(ctx)
			switch {
			case lookErr != nil:
				return position, wrap(what, e.stream, &UnknownOutcomeError{Stream: e.stream, Cause: lookErr})
			case done:
				e.store.acknowledged(position)
				return position, nil
			}
		}
		if !again {
			return eventstore.Position{}, wrap(what, e.stream, e.refused(err))
		}
	}
}

func (e *ending) refused(err error) error {
	var f *failure
	switch {
	case !errors.As(err, &f):
		if e.unknown {
			return &UnknownOutcomeError{Stream: e.stream, Cause: err}
		}
		return err
	case f.verdict == conflict:
		return conflictOf(e.stream, e.expected, f.err)
	case f.verdict == deleted:
		return &eventstore.DeletedError{Stream: e.stream}
	default:
		return explain(e.stream, f.err)
	}
}

// deletion finds the last metadata of the stream, and whether they delete it.
func (e *ending) deletion(ctx context.Context) (last eventstore.Position, deletes bool, err error) {
	last, truncateBefore, err := e.store.lastMetadata(ctx, e.stream)
	return last, truncateBefore == math.MaxInt64, err
}

// lastMetadata finds where the last metadata of a stream are and before which revision they hide its events. Both are
// zero if there are none. Error: DeletedError.
func (s *Store) lastMetadata(
	ctx context.Context, stream string,
) (last eventstore.Position, truncateBefore int64, err error) {
	if strings.HasPrefix(stream, metadataPrefix) {
		return last, 0, nil
	}
	read := eventstore.StreamRead{From: eventstore.End, Backwards: true, Limit: 1}
	for event, err := range s.ReadStream(ctx, metadataPrefix+stream, read) {
		if errors.As(err, new(*eventstore.DeletedError)) {
			return last, 0, &eventstore.DeletedError{Stream: stream}
		}
		if err != nil {
			return last, 0, ignoreMissing(err)
		}
		var metadata struct {
			TruncateBefore int64 `json:"$tb"`
		}
		if json.Unmarshal(event.Data, &metadata) != nil {
			return event.Position, 0, nil // what is no metadata hides nothing
		}
		return event.Position, metadata.TruncateBefore, nil
	}
	return last, 0, nil
}

// alive fails for a stream that has a tombstone.
func (e *ending) alive(ctx context.Context) error {
	for _, err := range e.store.ReadStream(ctx, e.stream, eventstore.StreamRead{Limit: 1}) {
		if err = ignoreMissing(err); err != nil {
			return err
		}
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.As(err, new(*eventstore.NotFoundError)) {
		return nil
	}
	return err
}

const tombstoneType = "$streamDeleted"

// tombstone finds the stream's tombstone, which is only in the log.
func (e *ending) tombstone(ctx context.Context) (eventstore.Position, bool, error) {
	var gone *eventstore.DeletedError
	if err := e.alive(ctx); !errors.As(err, &gone) {
		return eventstore.Position{}, false, err
	}
	read := eventstore.AllRead{
		From: eventstore.EndPosition, Backwards: true, Filter: eventstore.Filter{System: true},
	}
	n, oldest := 0, e.began.Add(-searchedTime)
	for event, err := range e.store.ReadAll(ctx, read) {
		if err != nil {
			return eventstore.Position{}, false, err
		}
		if event.Stream == e.stream && event.Type == tombstoneType {
			return event.Position, true, nil
		}
		if n++; n >= searchedEvents && event.Created.Before(oldest) {
			break
		}
	}
	return eventstore.Position{}, false, gone
}
