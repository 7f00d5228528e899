package eventstoretest

import (
	"testing"

	"services.example/portal/infra/eventstore"
)

// The states that a stream can be in when an append arrives. A living stream has three events.
const (
	missing      = "missing"
	living       = "living"
	described    = "described" // no events, but metadata
	softDeleted  = "soft-deleted"
	tombstoned   = "tombstoned"
	neverExisted = "tombstoned before it existed"
)

// What an append may lead to.
const (
	written  = "written"
	repeated = "repeated"
	conflict = "conflict"
	deleted  = "deleted"
)

// testExpectations is the decision table of the port, a row a test. The ids of an append are named by letters: a, b
// and c are those of the events 0, 1 and 2 that the stream has, others are new.
func testExpectations(t *testing.T, open Open) {
	store := open(t).Store
	for _, row := range []struct {
		name     string
		stream   string
		expected eventstore.Expected
		ids      string
		outcome  string
		revision int64 // of the answer
	}{
		{"no stream, as expected", missing, eventstore.NoStream, "xy", written, 1},
		{"no stream, any", missing, eventstore.Any, "x", written, 0},
		{"no stream, but one expected", missing, eventstore.StreamExists, "x", conflict, 0},
		{"no stream, but revision 0 expected", missing, 0, "x", conflict, 0},
		{"no stream and no events", missing, eventstore.NoStream, "", written, -1},
		{"no stream and no events, but one expected", missing, eventstore.StreamExists, "", conflict, 0},

		{"at the end", living, 2, "xy", written, 4},
		{"beyond the end", living, 3, "x", conflict, 0},
		{"in the middle, new", living, 1, "x", conflict, 0},
		{"in the middle, same id", living, 1, "c", repeated, 2},
		{"in the middle, same ids", living, 0, "bc", repeated, 2},
		{"in the middle, part of what was written", living, 0, "b", repeated, 1},
		{"in the middle, other order", living, 0, "cb", conflict, 0},
		{"in the middle, more than was written", living, 0, "bcx", conflict, 0},
		{"in the middle, second id differs", living, 0, "bx", conflict, 0},
		{"in the middle, id of elsewhere", living, 1, "a", conflict, 0},
		{"in the middle, no events", living, 1, "", conflict, 0},
		{"at the end, no events", living, 2, "", written, 2},
		{"not expected to exist, new", living, eventstore.NoStream, "x", conflict, 0},
		{"not expected to exist, same ids", living, eventstore.NoStream, "abc", repeated, 2},
		{"not expected to exist, first id", living, eventstore.NoStream, "a", repeated, 0},
		{"not expected to exist, no events", living, eventstore.NoStream, "", conflict, 0},
		{"any, new", living, eventstore.Any, "xy", written, 4},
		{"any, same id", living, eventstore.Any, "b", repeated, 1},
		{"any, same ids", living, eventstore.Any, "abc", repeated, 2},
		{"any, ids in another order", living, eventstore.Any, "ca", repeated, 0},
		{"any, first known and second new", living, eventstore.Any, "cx", conflict, 0},
		{"any, first new and second known", living, eventstore.Any, "xc", written, 4},
		{"any, no events", living, eventstore.Any, "", written, 2},
		{"exists, new", living, eventstore.StreamExists, "x", written, 3},
		{"exists, same ids", living, eventstore.StreamExists, "bc", repeated, 2},
		{"exists, first known and second new", living, eventstore.StreamExists, "cx", conflict, 0},

		{"only metadata, any", described, eventstore.Any, "x", written, 0},
		{"only metadata, one expected", described, eventstore.StreamExists, "x", written, 0},
		{"only metadata, none expected", described, eventstore.NoStream, "x", written, 0},
		{"only metadata, revision 0 expected", described, 0, "x", conflict, 0},

		{"soft-deleted, any", softDeleted, eventstore.Any, "x", written, 3},
		{"soft-deleted, one expected", softDeleted, eventstore.StreamExists, "x", deleted, 0},
		{"soft-deleted, none expected", softDeleted, eventstore.NoStream, "x", written, 3},
		{"soft-deleted, its last revision", softDeleted, 2, "x", written, 3},
		{"soft-deleted, another revision", softDeleted, 1, "x", conflict, 0},
		{"soft-deleted, beyond the end", softDeleted, 3, "x", conflict, 0},
		{"soft-deleted, none expected, same ids", softDeleted, eventstore.NoStream, "abc", repeated, 2},
		{"soft-deleted, none expected, second id differs", softDeleted, eventstore.NoStream, "ax", conflict, 0},
		{"soft-deleted, none expected, no events", softDeleted, eventstore.NoStream, "", conflict, 0},
		{"soft-deleted, any, same ids", softDeleted, eventstore.Any, "ab", repeated, 1},

		{"tombstoned, any", tombstoned, eventstore.Any, "x", deleted, 0},
		{"tombstoned, one expected", tombstoned, eventstore.StreamExists, "x", deleted, 0},
		{"tombstoned, none expected", tombstoned, eventstore.NoStream, "x", deleted, 0},
		{"tombstoned, its last revision", tombstoned, 2, "x", deleted, 0},
		{"tombstoned, same ids", tombstoned, 0, "bc", deleted, 0},
		{"tombstoned without events, any", neverExisted, eventstore.Any, "x", deleted, 0},
		{"tombstoned without events, none expected", neverExisted, eventstore.NoStream, "x", deleted, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			stream := "expectation-" + row.name
			before := arrange(t, store, stream, row.stream)
			known := map[rune]eventstore.Event{}
			for i, event := range before {
				known[rune('a'+i)] = event.Event
			}
			var events []eventstore.Event
			for _, letter := range row.ids {
				event, ok := known[letter]
				if !ok {
					event = made(1)[0]
				}
				events = append(events, event)
			}
			end := head(t, store)

			appended, err := store.Append(t.Context(), stream, row.expected, events...)

			last := int64(len(before)) - 1
			switch row.outcome {
			case written:
				if err != nil {
					t.Fatalf("append: %v", err)
				}
				same(t, "revision", appended.Revision, row.revision)
				wantWritten(t, store, stream, events, end, appended)
				return
			case repeated:
				if err != nil {
					t.Fatalf("append: %v", err)
				}
				same(t, "answer", appended, eventstore.Appended{
					Revision: row.revision, Position: before[row.revision].Position,
				})
			case conflict:
				wantConflict(t, err, stream, row.expected, last)
			case deleted:
				wantDeleted(t, err, stream)
			}
			same(t, "head of the log", head(t, store), end)
		})
	}
}

// arrange brings a stream into a state and returns the events it has or had.
func arrange(t *testing.T, store eventstore.Store, stream, state string) []eventstore.Recorded {
	t.Helper()
	var before []eventstore.Recorded
	switch state {
	case living, softDeleted, tombstoned:
		write(t, store, stream, eventstore.NoStream, made(3)...)
		before = readStream(t, store, stream, eventstore.StreamRead{})
	case described:
		describe(t, store, stream, `{"note":"nothing yet"}`)
	}
	var err error
	switch state {
	case softDeleted:
		_, err = store.Delete(t.Context(), stream, 2)
	case tombstoned, neverExisted:
		_, err = store.Tombstone(t.Context(), stream, eventstore.Any)
	}
	if err != nil {
		t.Fatalf("bring the stream into the state %q: %v", state, err)
	}
	return before
}

// wantWritten checks that the events are the last of the stream and were not in the log before.
func wantWritten(
	t *testing.T, store eventstore.Store, stream string, events []eventstore.Event,
	end eventstore.Position, appended eventstore.Appended,
) {
	t.Helper()
	if len(events) == 0 {
		same(t, "head of the log", head(t, store), end)
		return
	}
	read := eventstore.StreamRead{From: appended.Revision - int64(len(events)) + 1}
	got := readStream(t, store, stream, read)
	sameEvents(t, "events", got, events)
	same(t, "position", got[len(got)-1].Position, appended.Position)
	if !end.Before(got[0].Position) {
		t.Errorf("written at %v, not after %v", got[0].Position, end)
	}
}

// describe sets the metadata of a stream.
func describe(t *testing.T, store eventstore.Store, stream, metadata string) {
	t.Helper()
	event := typed("$metadata")
	event.Data = []byte(metadata)
	write(t, store, "$$"+stream, eventstore.Any, event)
}
