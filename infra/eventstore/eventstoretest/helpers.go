package eventstoretest

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// patience is how long a test waits for something that should happen at once.
const patience = 20 * time.Second

// made returns n new events with distinct data.
func made(n int) []eventstore.Event {
	events := make([]eventstore.Event, n)
	for i := range events {
		events[i] = eventstore.Event{
			ID:       uuid.New(),
			Type:     "thing.happened.v1",
			JSON:     true,
			Data:     fmt.Appendf(nil, `{"n":%d}`, i),
			Metadata: fmt.Appendf(nil, `{"cause":"%s"}`, uuid.New()),
		}
	}
	return events
}

func typed(eventType string) eventstore.Event {
	event := made(1)[0]
	event.Type = eventType
	return event
}

// write appends and expects success.
func write(
	t *testing.T, store eventstore.Store, stream string, expected eventstore.Expected, events ...eventstore.Event,
) eventstore.Appended {
	t.Helper()
	appended, err := store.Append(t.Context(), stream, expected, events...)
	if err != nil {
		t.Fatalf("append %d events to %s expecting %v: %v", len(events), stream, expected, err)
	}
	return appended
}

func collect(events iter.Seq2[eventstore.Recorded, error]) ([]eventstore.Recorded, error) {
	var all []eventstore.Recorded
	for event, err := range events {
		if err != nil {
			return all, err
		}
		all = append(all, event)
	}
	return all, nil
}

func readStream(
	t *testing.T, store eventstore.Store, stream string, read eventstore.StreamRead,
) []eventstore.Recorded {
	t.Helper()
	events, err := collect(store.ReadStream(t.Context(), stream, read))
	if err != nil {
		t.Fatalf("read stream %s: %v", stream, err)
	}
	return events
}

func readAll(t *testing.T, store eventstore.Store, read eventstore.AllRead) []eventstore.Recorded {
	t.Helper()
	events, err := collect(store.ReadAll(t.Context(), read))
	if err != nil {
		t.Fatalf("read the log: %v", err)
	}
	return events
}

func head(t *testing.T, store eventstore.Store) eventstore.Position {
	t.Helper()
	position, err := eventstore.Head(t.Context(), store)
	if err != nil {
		t.Fatalf("find the head of the log: %v", err)
	}
	return position
}

// wholeBytes compares bytes at once: a megabyte one by one takes seconds.
var wholeBytes = cmp.FilterValues(
	func(a, b []byte) bool { return len(a) > 0 || len(b) > 0 },
	cmp.Comparer(bytes.Equal),
)

// same compares events; no bytes and nil are the same.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), wholeBytes); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// sameEvents compares what was stored with what was appended, in order.
func sameEvents(t *testing.T, what string, got []eventstore.Recorded, want []eventstore.Event) {
	t.Helper()
	events := make([]eventstore.Event, len(got))
	for i := range got {
		events[i] = got[i].Event
	}
	same(t, what, events, want)
}

func revisions(events []eventstore.Recorded) []int64 {
	list := make([]int64, len(events))
	for i := range events {
		list[i] = events[i].Revision
	}
	return list
}

func positions(events []eventstore.Recorded) []eventstore.Position {
	list := make([]eventstore.Position, len(events))
	for i := range events {
		list[i] = events[i].Position
	}
	return list
}

func ids(events []eventstore.Recorded) []uuid.UUID {
	list := make([]uuid.UUID, len(events))
	for i := range events {
		list[i] = events[i].ID
	}
	return list
}

func reversed(events []eventstore.Recorded) []eventstore.Recorded {
	list := slices.Clone(events)
	slices.Reverse(list)
	return list
}

// onlyOf keeps the events of streams with a prefix: a store may have events of its own.
func onlyOf(events []eventstore.Recorded, prefix string) []eventstore.Recorded {
	return slices.DeleteFunc(slices.Clone(events), func(e eventstore.Recorded) bool {
		return !strings.HasPrefix(strings.TrimLeft(e.Stream, "$"), prefix)
	})
}

func wantConflict(t *testing.T, err error, stream string, expected eventstore.Expected, actual int64) {
	t.Helper()
	var conflict *eventstore.ConflictError
	if !errors.As(err, &conflict) {
		t.Fatalf("got error %v, want a ConflictError", err)
	}
	same(t, "conflict", *conflict, eventstore.ConflictError{Stream: stream, Expected: expected, Actual: actual})
}

func wantNotFound(t *testing.T, err error, stream string) {
	t.Helper()
	var missing *eventstore.NotFoundError
	if !errors.As(err, &missing) {
		t.Fatalf("got error %v, want a NotFoundError", err)
	}
	same(t, "stream that was not found", missing.Stream, stream)
}

func wantDeleted(t *testing.T, err error, stream string) {
	t.Helper()
	var deleted *eventstore.DeletedError
	if !errors.As(err, &deleted) {
		t.Fatalf("got error %v, want a DeletedError", err)
	}
	same(t, "stream that is deleted", deleted.Stream, stream)
}

func wantInvalid(t *testing.T, err error) {
	t.Helper()
	var invalid *eventstore.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("got error %v, want an InvalidError", err)
	}
}

func wantIs(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got error %v, want %v", err, target)
	}
}
