package esdb_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdb"
	"services.example/portal/infra/eventstore/esdbserver/faults"
)

// An append whose answer was lost ends as it would have ended with its answer, whatever the stream holds and hides.
func TestAnAppendThatIsRepeatedEndsAsIfItWereNot(t *testing.T) {
	old, first, second := made("thing-1", 0), made("thing-1", 1), made("thing-1", 2)
	const conflict = -10 // no revision: the append is refused
	for name, c := range map[string]struct {
		expected eventstore.Expected
		hidden   []eventstore.Event // written, and the stream deleted then
		visible  []eventstore.Event
		events   []eventstore.Event
		want     int64 // the revision that the append is answered with
	}{
		"any, to nothing":                      {expected: eventstore.Any, events: list(first, second), want: 1},
		"any, again":                           {eventstore.Any, nil, list(first, second), list(first, second), 1},
		"any, half of it there":                {eventstore.Any, nil, list(first), list(first, second), conflict},
		"any, half of it in a deleted stream":  {eventstore.Any, list(first), nil, list(first, second), conflict},
		"any, half of it hidden":               {eventstore.Any, list(first), list(old), list(first, second), conflict},
		"any, all of it hidden":                {eventstore.Any, list(first, second), list(old), list(first, second), 1},
		"exists, half of it hidden":            {eventstore.StreamExists, list(first), list(old), list(first, second), conflict},
		"exists, new":                          {eventstore.StreamExists, nil, list(old), list(first, second), 2},
		"no stream, to a deleted one":          {eventstore.NoStream, list(old), nil, list(first, second), 2},
		"no stream, one event twice":           {eventstore.NoStream, list(old), nil, list(first, first), 2},
		"no stream, an event of a deleted one": {eventstore.NoStream, list(old), nil, list(first, old), 2},
		"no stream, but there is":              {eventstore.NoStream, nil, list(old), list(first), conflict},
		"no stream, and it goes on so":         {eventstore.NoStream, nil, list(old, first), list(first), conflict},
		"no stream, and it is shorter":         {eventstore.NoStream, nil, list(first), list(first, second), conflict},
	} {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []faults.Kind{faults.None, faults.UnavailableBefore, faults.UnavailableAfter} {
				plan := faults.Script(faults.Step{Op: faults.Append, Call: 1, Fault: faults.Fault{Kind: kind}})
				plan.Pause()
				n := startNode(t, plan)
				store := open(t, esdb.Options{Connection: n.connection()})
				prepare(t, store, c.hidden, c.visible)
				plan.Resume()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				appended, err := store.Append(ctx, "thing-1", c.expected, c.events...)
				switch {
				case c.want == conflict:
					if !errors.As(err, new(*eventstore.ConflictError)) {
						t.Errorf("fault %q: appended at %d with error %v, want a conflict", kind, appended.Revision, err)
					}
				case err != nil || appended.Revision != c.want:
					t.Errorf("fault %q: appended at %d with error %v, want revision %d", kind, appended.Revision, err, c.want)
				}
			}
		})
	}
}

func list(events ...eventstore.Event) []eventstore.Event { return events }

// prepare writes events that are deleted, and others after them.
func prepare(t *testing.T, store eventstore.Store, hidden, visible []eventstore.Event) {
	t.Helper()
	for i, events := range [][]eventstore.Event{hidden, visible} {
		if len(events) == 0 {
			continue
		}
		// The server takes what it remembers for a repetition: so the revision is stated.
		if _, err := store.Append(t.Context(), "thing-1", eventstore.NoStream, events...); err != nil {
			t.Fatalf("prepare: %v", err)
		}
		if i == 0 {
			if _, err := store.Delete(t.Context(), "thing-1", eventstore.Any); err != nil {
				t.Fatalf("prepare: %v", err)
			}
		}
	}
}
