package esdb

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// How far back a stream is searched for an append that may have been carried out: this many events, and however many
// there are of the time since this long before the append began. The server's clock may differ by that.
const (
	searchedEvents = 1000
	searchedTime   = time.Hour
)

// settle finds out what became of an append whose outcome is unknown, or makes its repetition safe. The refusal is nil
// unless the last attempt was refused.
//
// An explicit revision needs nothing: the server compares what is stored at it with what is repeated. NoStream needs
// it only when it was refused, because a stream that was deleted begins anew at a later revision. Any and StreamExists
// are recognised by what the server remembers, which is lost when it restarts: their rule is applied here, and what is
// repeated states the revision up to which the rule has been applied.
func (w *write) settle(ctx context.Context, refusal *failure) (appended eventstore.Appended, done bool, err error) {
	loose := w.expected == eventstore.Any || w.expected == eventstore.StreamExists
	switch {
	case len(w.events) > 0 && loose:
		return w.settleLoose(ctx, refusal)
	case len(w.events) > 0 && refusal != nil && w.expected == eventstore.NoStream:
		return w.settleFirst(ctx, refusal)
	case refusal != nil:
		return appended, true, w.refused(refusal)
	}
	return appended, false, nil
}

// settleFirst settles a refused append that was to begin the stream: it was carried out if the stream begins with it.
func (w *write) settleFirst(
	ctx context.Context, refusal *failure,
) (appended eventstore.Appended, done bool, err error) {
	same := 0
	for event, err := range w.store.ReadStream(ctx, w.stream, eventstore.StreamRead{Limit: len(w.events)}) {
		switch {
		case errors.As(err, new(*eventstore.NotFoundError)):
			return appended, true, w.refused(refusal)
		case errors.As(err, new(*eventstore.DeletedError)):
			return appended, true, err
		case err != nil:
			return appended, true, w.over(err)
		case event.ID != w.events[same].ID:
			return appended, true, w.refused(refusal)
		}
		same++
		appended = eventstore.Appended{Revision: event.Revision, Position: event.Position}
	}
	if same < len(w.events) {
		return eventstore.Appended{}, true, w.refused(refusal)
	}
	return appended, true, nil
}

// settleLoose settles an append with Any or StreamExists.
func (w *write) settleLoose(
	ctx context.Context, refusal *failure,
) (appended eventstore.Appended, done bool, err error) {
	// The server's own rule was applied: what is hidden from a look was not hidden from it.
	ruled := refusal != nil && w.sent == w.expected
	seen, err := w.look(ctx)
	switch {
	case errors.As(err, new(*eventstore.NotFoundError)):
		if refusal != nil && (ruled || w.expected != eventstore.Any) {
			return appended, true, w.refused(refusal)
		}
		return appended, false, w.expectMissing(ctx)
	case errors.As(err, new(*eventstore.DeletedError)):
		return appended, true, err
	case err != nil:
		return appended, true, w.over(err)
	case seen.all:
		return seen.last, true, nil
	case seen.first: // the first was written before and another one was not: that is a conflict
		return appended, true, &eventstore.ConflictError{Stream: w.stream, Expected: w.expected, Actual: seen.end}
	case seen.hidden && ruled:
		return appended, true, w.refused(refusal)
	case seen.hidden: // what cannot be read may hold the ids: that is for the server to say
		w.sent = w.expected
	default:
		w.sent = eventstore.Expected(seen.end)
	}
	return appended, false, nil
}

// expectMissing makes the next attempt begin the stream, if it does not have events that are hidden.
func (w *write) expectMissing(ctx context.Context) error {
	w.sent = w.expected
	if w.expected != eventstore.Any {
		return nil
	}
	_, truncateBefore, err := w.store.lastMetadata(ctx, w.stream)
	switch {
	case errors.As(err, new(*eventstore.DeletedError)):
		return err
	case err != nil:
		return w.over(err)
	case truncateBefore == 0:
		w.sent = eventstore.NoStream
	}
	return nil
}

// sighting is what a stream holds of an append.
type sighting struct {
	end    int64 // the stream's last revision
	first  bool  // the first event is there
	all    bool  // all are, in any places
	hidden bool  // the stream has events that cannot be read
	last   eventstore.Appended
}

func (w *write) look(ctx context.Context) (sighting, error) {
	ids := make(map[uuid.UUID]int, len(w.events))
	for i := range w.events {
		ids[w.events[i].ID] = i
	}
	found := make(map[uuid.UUID]eventstore.Appended, len(ids))
	seen, read := sighting{end: eventstore.NoRevision, hidden: true}, 0
	oldest := w.began.Add(-searchedTime)
	backwards := eventstore.StreamRead{From: eventstore.End, Backwards: true}
	for event, err := range w.store.ReadStream(ctx, w.stream, backwards) {
		if err != nil {
			return seen, err
		}
		if read++; read == 1 {
			seen.end = event.Revision
		}
		if _, wanted := ids[event.ID]; wanted {
			if _, twice := found[event.ID]; !twice {
				found[event.ID] = eventstore.Appended{Revision: event.Revision, Position: event.Position}
			}
		}
		seen.hidden = event.Revision > 0
		if len(found) == len(ids) || read >= searchedEvents && event.Created.Before(oldest) {
			seen.hidden = false
			break
		}
	}
	_, seen.first = found[w.events[0].ID]
	seen.all = len(found) == len(ids)
	seen.last = found[w.events[len(w.events)-1].ID]
	return seen, nil
}
