// Package archivetest tells whether whole event logs can be moved between two adapters of the port.
package archivetest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/archive"
)

// Open makes a new, empty store for one move; done closes it.
type Open func(t *testing.T) (store eventstore.Store, done func())

// Run moves logs from stores of one kind to stores of another.
func Run(t *testing.T, openSource, openTarget Open) {
	t.Helper()
	t.Run("any history arrives as it was", func(t *testing.T) { testHistories(t, openSource, openTarget) })
	t.Run("an import that is interrupted goes on", func(t *testing.T) { testInterrupted(t, openSource, openTarget) })
	t.Run("a later archive brings what is new", func(t *testing.T) { testLater(t, openSource, openTarget) })
	t.Run("a store with other events is refused", func(t *testing.T) { testOtherEvents(t, openSource, openTarget) })
	t.Run("large events and long streams arrive", func(t *testing.T) { testLarge(t, openSource, openTarget) })
}

// export is the archive of a store.
func export(t fataler, store eventstore.Store) []byte {
	var out bytes.Buffer
	header := archive.Header{Source: "test", Exported: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
	if _, err := archive.Export(t.Context(), store, &out, header, nil); err != nil {
		t.Fatalf("export: %v", err)
	}
	return out.Bytes()
}

func testHistories(t *testing.T, openSource, openTarget Open) {
	rapid.Check(t, func(r *rapid.T) {
		source, done := openSource(t)
		defer done()
		target, done := openTarget(t)
		defer done()
		write(t.Context(), r, source)
		file := export(r, source)

		first, err := archive.Import(t.Context(), target, bytes.NewReader(file), nil)
		if err != nil {
			r.Fatalf("import: %v", err)
		}
		Compare(r, source, target)

		again, err := archive.Import(t.Context(), target, bytes.NewReader(file), nil)
		if err != nil || again.Written != 0 || again.Found != first.Events {
			r.Fatalf("a repeated import found %d of %d events and wrote %d, error %v", again.Found, first.Events, again.Written, err)
		}
	})
}

func testInterrupted(t *testing.T, openSource, openTarget Open) {
	rapid.Check(t, func(r *rapid.T) {
		source, done := openSource(t)
		defer done()
		target, done := openTarget(t)
		defer done()
		write(t.Context(), r, source)
		file := export(r, source)
		for {
			store := &flaky{
				Store: target, writes: rapid.IntRange(0, 8).Draw(r, "writes"), carriesOut: rapid.Bool().Draw(r, "the last one too"),
			}
			_, err := archive.Import(t.Context(), store, bytes.NewReader(file), nil)
			if err == nil {
				break
			}
			if !errors.Is(err, eventstore.ErrUnavailable) {
				r.Fatalf("import: %v", err)
			}
		}
		Compare(r, source, target)
	})
}

func testLater(t *testing.T, openSource, openTarget Open) {
	rapid.Check(t, func(r *rapid.T) {
		source, done := openSource(t)
		defer done()
		target, done := openTarget(t)
		defer done()
		before := int64(0)
		for range 2 {
			write(t.Context(), r, source)
			imported, err := archive.Import(t.Context(), target, bytes.NewReader(export(r, source)), nil)
			if err != nil || imported.Found != before {
				r.Fatalf("the import found %d events, want %d, error %v", imported.Found, before, err)
			}
			before = imported.Events
		}
		Compare(r, source, target)
	})
}

func testOtherEvents(t *testing.T, openSource, openTarget Open) {
	source, done := openSource(t)
	defer done()
	appendTo(t, source, "thing-1", 3)
	file := export(t, source)
	for name, row := range map[string]struct {
		prepare func(store eventstore.Store)
		number  int64 // of the event that does not belong there
	}{
		"another beginning": {func(store eventstore.Store) { appendTo(t, store, "thing-1", 1) }, 1},
		"another stream":    {func(store eventstore.Store) { appendTo(t, store, "thing-2", 1) }, 1},
		"more than the archive has": {func(store eventstore.Store) {
			if _, err := archive.Import(t.Context(), store, bytes.NewReader(file), nil); err != nil {
				t.Fatalf("import: %v", err)
			}
			appendTo(t, store, "thing-1", 2)
		}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			target, done := openTarget(t)
			defer done()
			row.prepare(target)
			before := all(t, target)
			_, err := archive.Import(t.Context(), target, bytes.NewReader(file), nil)
			var other *archive.OtherEventsError
			if !errors.As(err, &other) || other.Number != row.number {
				t.Errorf("got error %v, want an OtherEventsError about event %d", err, row.number)
			}
			if diff := cmp.Diff(before, all(t, target), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the store changed (-before +after):\n%s", diff)
			}
		})
	}
}

func testLarge(t *testing.T, openSource, openTarget Open) {
	source, done := openSource(t)
	defer done()
	target, done := openTarget(t)
	defer done()
	largest := bytes.Repeat([]byte{'x', 0, 0xff, '\n'}, eventstore.MaxAppendSize/4)
	for range 3 {
		event := eventstore.Event{ID: uuid.New(), Type: "large.v1", Data: largest}
		if _, err := source.Append(t.Context(), "large", eventstore.Any, event); err != nil {
			t.Fatalf("append: %v", err)
		}
	}
	for range 3 {
		appendTo(t, source, "long", 700)
	}
	file := export(t, source)
	if _, err := archive.Import(t.Context(), target, bytes.NewReader(file), nil); err != nil {
		t.Fatalf("import: %v", err)
	}
	Compare(t, source, target)
}

func appendTo(t *testing.T, store eventstore.Store, stream string, count int) {
	t.Helper()
	events := make([]eventstore.Event, count)
	for i := range events {
		events[i] = eventstore.Event{ID: uuid.New(), Type: "thing.happened.v1", JSON: true, Data: fmt.Appendf(nil, `{"n":%d}`, i)}
	}
	if _, err := store.Append(t.Context(), stream, eventstore.Any, events...); err != nil {
		t.Fatalf("append to %s: %v", stream, err)
	}
}

// moved tells whether an archive carries a stream.
func moved(stream string) bool {
	return !strings.HasPrefix(stream, "$") || strings.HasPrefix(stream, "$$") && !strings.HasPrefix(stream, "$$$")
}
