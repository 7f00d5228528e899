package eventstoretest

import (
	"fmt"
	"testing"

	"services.example/portal/infra/eventstore"
)

var deleteTests = map[string]func(t *testing.T, h Harness){
	"hides the stream":                       testDelete,
	"lets the stream begin anew":             testRecreate,
	"keeps the events in the log":            testDeletedInLog,
	"checks its expectation":                 testDeleteExpectation,
	"again hides what was written since":     testDeleteAgain,
	"by tombstone ends the stream":           testTombstone,
	"by tombstone ends a stream never begun": testTombstoneMissing,
}

func wantGone(t *testing.T, store eventstore.Store, stream string) {
	t.Helper()
	for _, read := range []eventstore.StreamRead{{}, {From: 1}, {From: eventstore.End, Backwards: true}} {
		events, err := collect(store.ReadStream(t.Context(), stream, read))
		wantNotFound(t, err, stream)
		same(t, "events", len(events), 0)
	}
}

func remove(t *testing.T, store eventstore.Store, stream string, expected eventstore.Expected) eventstore.Position {
	t.Helper()
	position, err := store.Delete(t.Context(), stream, expected)
	if err != nil {
		t.Fatalf("delete stream %s: %v", stream, err)
	}
	return position
}

func testDelete(t *testing.T, h Harness) {
	appended := write(t, h.Store, "thing-1", eventstore.NoStream, made(3)...)
	write(t, h.Store, "thing-2", eventstore.NoStream, made(1)...)
	position := remove(t, h.Store, "thing-1", 2)
	if !appended.Position.Before(position) {
		t.Errorf("deleted at %v, not after %v", position, appended.Position)
	}
	wantGone(t, h.Store, "thing-1")
	same(t, "events of the other stream", len(readStream(t, h.Store, "thing-2", eventstore.StreamRead{})), 1)
}

func testRecreate(t *testing.T, h Harness) {
	for _, expected := range []eventstore.Expected{eventstore.NoStream, eventstore.Any, 2} {
		stream := "thing-" + expected.String()
		write(t, h.Store, stream, eventstore.NoStream, made(3)...)
		remove(t, h.Store, stream, eventstore.Any)
		events := made(2)
		same(t, "revision", write(t, h.Store, stream, expected, events...).Revision, int64(4))

		got := readStream(t, h.Store, stream, eventstore.StreamRead{})
		sameEvents(t, "events", got, events)
		same(t, "revisions", revisions(got), []int64{3, 4})
		same(t, "backwards", readStream(t, h.Store, stream, eventstore.StreamRead{From: eventstore.End, Backwards: true}), reversed(got))
		same(t, "from a hidden revision", readStream(t, h.Store, stream, eventstore.StreamRead{From: 1}), got)
		same(t, "backwards from a hidden revision", len(readStream(t, h.Store, stream, eventstore.StreamRead{From: 1, Backwards: true})), 0)

		more := made(1)
		same(t, "next revision", write(t, h.Store, stream, 4, more...).Revision, int64(5))
		sameEvents(t, "events", readStream(t, h.Store, stream, eventstore.StreamRead{}), append(events, more...))
	}
}

func testDeletedInLog(t *testing.T, h Harness) {
	events := made(3)
	write(t, h.Store, "thing-1", eventstore.NoStream, events...)
	write(t, h.Store, "thing-2", eventstore.NoStream, made(1)...)
	remove(t, h.Store, "thing-1", eventstore.Any)
	if _, err := h.Store.Tombstone(t.Context(), "thing-2", eventstore.Any); err != nil {
		t.Fatalf("tombstone: %v", err)
	}
	all := readAll(t, h.Store, eventstore.AllRead{Filter: eventstore.Filter{Streams: []string{"thing-1"}}})
	sameEvents(t, "events", all, events)
	all = onlyOf(readAll(t, h.Store, eventstore.AllRead{Filter: eventstore.Filter{System: true}}), "thing-")
	var types []string
	for _, event := range all[4:] {
		types = append(types, event.Stream+" "+event.Type)
	}
	same(t, "what the deletions wrote", types, []string{"$$thing-1 $metadata", "thing-2 $streamDeleted"})
}

func testDeleteExpectation(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(3)...)
	end := head(t, h.Store)
	for name, end := range map[string]func(string, eventstore.Expected) error{
		"delete": func(stream string, expected eventstore.Expected) error {
			_, err := h.Store.Delete(t.Context(), stream, expected)
			return err
		},
		"tombstone": func(stream string, expected eventstore.Expected) error {
			_, err := h.Store.Tombstone(t.Context(), stream, expected)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, expected := range []eventstore.Expected{0, 1, 3, eventstore.NoStream} {
				wantConflict(t, end("thing-1", expected), "thing-1", expected, 2)
			}
			wantConflict(t, end("thing-2", eventstore.StreamExists), "thing-2", eventstore.StreamExists, -1)
			wantConflict(t, end("thing-2", 0), "thing-2", 0, -1)
		})
	}
	_, err := h.Store.Delete(t.Context(), "thing-2", eventstore.Any)
	wantConflict(t, err, "thing-2", eventstore.Any, -1)
	_, err = h.Store.Delete(t.Context(), "thing-2", eventstore.NoStream)
	wantConflict(t, err, "thing-2", eventstore.NoStream, -1)
	same(t, "head", head(t, h.Store), end)
}

func testDeleteAgain(t *testing.T, h Harness) {
	for round := range 3 {
		events := made(2)
		revision := write(t, h.Store, "thing-1", eventstore.Any, events...).Revision
		same(t, "revision", revision, int64(2*round+1))
		sameEvents(t, "events", readStream(t, h.Store, "thing-1", eventstore.StreamRead{}), events)
		remove(t, h.Store, "thing-1", eventstore.Expected(revision))
		wantGone(t, h.Store, "thing-1")
		remove(t, h.Store, "thing-1", eventstore.Any)
		wantGone(t, h.Store, "thing-1")
	}
	_, err := h.Store.Delete(t.Context(), "thing-1", eventstore.StreamExists)
	wantDeleted(t, err, "thing-1")
}

func testTombstone(t *testing.T, h Harness) {
	for i, expected := range []eventstore.Expected{2, eventstore.Any, eventstore.StreamExists} {
		stream := fmt.Sprintf("thing-%d", i)
		write(t, h.Store, stream, eventstore.NoStream, made(3)...)
		if i == 1 {
			remove(t, h.Store, stream, eventstore.Any)
		}
		position, err := h.Store.Tombstone(t.Context(), stream, expected)
		if err != nil {
			t.Fatalf("tombstone: %v", err)
		}
		same(t, "head", head(t, h.Store), position)
		wantEnded(t, h.Store, stream)
	}
}

func testTombstoneMissing(t *testing.T, h Harness) {
	if _, err := h.Store.Tombstone(t.Context(), "thing-1", eventstore.NoStream); err != nil {
		t.Fatalf("tombstone: %v", err)
	}
	wantEnded(t, h.Store, "thing-1")
}

func wantEnded(t *testing.T, store eventstore.Store, stream string) {
	t.Helper()
	_, err := collect(store.ReadStream(t.Context(), stream, eventstore.StreamRead{}))
	wantDeleted(t, err, stream)
	_, err = store.Append(t.Context(), stream, eventstore.Any, made(1)...)
	wantDeleted(t, err, stream)
	_, err = store.Append(t.Context(), "$$"+stream, eventstore.Any, typed("$metadata"))
	wantDeleted(t, err, "$$"+stream)
	_, err = store.Delete(t.Context(), stream, eventstore.Any)
	wantDeleted(t, err, stream)
	_, err = store.Tombstone(t.Context(), stream, eventstore.Any)
	wantDeleted(t, err, stream)
}
