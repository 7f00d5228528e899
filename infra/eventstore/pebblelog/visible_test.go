package pebblelog_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// TestReadsFollowAcknowledgements reads the ends of streams while they grow, with room for few heads, so that readers
// fetch and remember heads while groups are in flight. A read that begins after an acknowledgement shows the event, and
// a stream never seems to become shorter, or the log to end before an event that was shown.
func TestReadsFollowAcknowledgements(t *testing.T) {
	const streams, events = 12, 50
	log := open(t, t.TempDir(), pebblelog.Options{Logger: quiet, Heads: 6})
	var group errgroup.Group
	for i := range streams {
		stream := fmt.Sprintf("thing-%d", i)
		var acknowledged atomic.Int64
		acknowledged.Store(eventstore.NoRevision)
		group.Go(func() error {
			for n := range int64(events) {
				if _, err := log.Append(t.Context(), stream, eventstore.Expected(n-1), benchEvent()); err != nil {
					return err
				}
				acknowledged.Store(n)
			}
			return nil
		})
		group.Go(func() error {
			for last := eventstore.NoRevision; last < events-1; {
				least := max(last, acknowledged.Load())
				event, err := lastOf(t, log, stream)
				if err != nil {
					return err
				}
				if event.Revision < least {
					return fmt.Errorf("%s ends at %d, %d was acknowledged or seen before", stream, event.Revision, least)
				}
				if log.End().Before(event.Position) {
					return fmt.Errorf("event %v of %s was shown before the log's end moved over it", event.Position, stream)
				}
				last = event.Revision
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

func lastOf(t *testing.T, log *pebblelog.Log, stream string) (eventstore.Recorded, error) {
	t.Helper()
	read := eventstore.StreamRead{From: eventstore.End, Backwards: true, Limit: 1}
	for event, err := range log.ReadStream(t.Context(), stream, read) {
		if errors.As(err, new(*eventstore.NotFoundError)) {
			break
		}
		return event, err
	}
	return eventstore.Recorded{Revision: eventstore.NoRevision}, nil
}
