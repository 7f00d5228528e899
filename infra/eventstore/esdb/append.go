package esdb

import (
	"context"
	"errors"
	"io"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"services.example/portal/infra/eventstore"
)

// Append implements eventstore.Store. A context that ends while the outcome is unknown gives an UnknownOutcomeError.
func (s *Store) Append(
	ctx context.Context, stream string, expected eventstore.Expected, events ...eventstore.Event,
) (eventstore.Appended, error) {
	if err := errors.Join(checkStream(stream), checkExpected(expected), checkEvents(events)); err != nil {
		return eventstore.Appended{}, err
	}
	if err := s.check(ctx); err != nil {
		return eventstore.Appended{}, wrap("append to stream", stream, err)
	}
	w := &write{
		attempts: attempts{store: s, link: s.writes},
		stream:   stream, expected: expected, sent: expected, events: events, data: toEventData(events), began: time.Now(),
	}
	appended, err := w.run(ctx)
	if err != nil {
		return eventstore.Appended{}, wrap("append to stream", stream, err)
	}
	s.acknowledged(appended.Position)
	return appended, nil
}

// write is one append, however many attempts it takes.
type write struct {
	attempts
	stream   string
	expected eventstore.Expected
	sent     eventstore.Expected // what the next attempt expects
	events   []eventstore.Event
	data     []client.EventData
	began    time.Time
}

func (w *write) run(ctx context.Context) (eventstore.Appended, error) {
	for {
		appended, again, err := try(ctx, &w.attempts, w.send)
		var f *failure
		switch {
		case err == nil && len(w.events) == 0 && appended.Revision == 1:
			return w.countNothing(ctx, appended)
		case err == nil:
			return appended, nil
		case !again && !errors.As(err, &f):
			return appended, w.over(err)
		case !again && !w.settles(f):
			return appended, w.refused(f)
		case !again && f.verdict == final:
			return appended, w.over(explain(w.stream, f.err))
		case errors.Is(err, io.EOF):
			if err := w.findReason(ctx); err != nil {
				return appended, err
			}
		}
		if !w.unknown {
			continue
		}
		appended, done, err := w.settle(ctx, f)
		if err != nil || done {
			return appended, err
		}
	}
}

// send is one attempt.
func (w *write) send(ctx context.Context, g *generation) (eventstore.Appended, error) {
	options := client.AppendToStreamOptions{ExpectedRevision: toExpected(w.sent)}
	if large := transferTime(size(w.events)); large > lookTime {
		deadline := w.store.options.AttemptTimeout + large
		options.Deadline = &deadline
	}
	result, err := g.client.AppendToStream(ctx, w.stream, options, w.data...)
	if err != nil {
		return eventstore.Appended{}, err
	}
	return eventstore.Appended{
		Revision: int64(result.NextExpectedVersion),
		Position: eventstore.Position{Commit: result.CommitPosition, Prepare: result.PreparePosition},
	}, nil
}

// countNothing finds the revision after an append of no events. The client says 1 for a stream without events too; only
// one that has two takes nothing at revision 1.
func (w *write) countNothing(ctx context.Context, appended eventstore.Appended) (eventstore.Appended, error) {
	w.sent = 1
	for {
		_, again, err := try(ctx, &w.attempts, w.send)
		var f *failure
		switch {
		case err == nil:
			return appended, nil
		case again:
			continue
		case errors.As(err, &f) && f.verdict == conflict:
			appended.Revision = eventstore.NoRevision
			return appended, nil
		case errors.As(err, &f):
			return appended, w.refused(f)
		}
		return appended, w.over(err)
	}
}

// settles tells whether a refusal may come from an earlier attempt that was carried out after all.
func (w *write) settles(f *failure) bool {
	return w.unknown && (f.verdict == conflict || f.verdict == final)
}

// refused is the port's error for the server's answer.
func (w *write) refused(f *failure) error {
	switch f.verdict {
	case conflict:
		return conflictOf(w.stream, w.expected, f.err)
	case deleted:
		return &eventstore.DeletedError{Stream: w.stream}
	default:
		err := explain(w.stream, f.err)
		var large *eventstore.TooLargeError
		if errors.As(err, &large) {
			large.Size = size(w.events)
		}
		return err
	}
}

// over is the error of an append that ended without an answer.
func (w *write) over(err error) error {
	if w.unknown {
		return &UnknownOutcomeError{Stream: w.stream, Cause: err}
	}
	return err
}

// findReason asks why the server ends the call while the events are sent, which the client does not tell: the same
// append without events is refused for the same reason, unless that lies in the events.
func (w *write) findReason(ctx context.Context) error {
	_, _, err := call(ctx, w.link, func(ctx context.Context, g *generation) (*client.WriteResult, error) {
		return g.client.AppendToStream(ctx, w.stream, client.AppendToStreamOptions{ExpectedRevision: client.Any{}})
	})
	if err != nil && ctx.Err() == nil {
		switch v, _ := judge(err); v {
		case deleted:
			return &eventstore.DeletedError{Stream: w.stream}
		case final:
			return explain(w.stream, err)
		default: // the next attempt will tell
		}
	}
	return nil
}
