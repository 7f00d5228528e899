package eventstoretest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
)

var modelTests = map[string]func(t *testing.T, h Harness){
	"agrees on any sequence of operations": testModel,
}

// model is the port in its simplest form: streams in memory, and the table of expected revisions.
type model struct {
	streams map[string]*modelStream
	all     []modelEvent
}

type modelStream struct {
	events     []modelEvent
	hidden     int // events before this one are hidden
	deleted    bool
	tombstoned bool
}

type modelEvent struct {
	stream   string
	id       uuid.UUID
	revision int64
}

var (
	errModelConflict = errors.New("conflict")
	errModelDeleted  = errors.New("deleted")
	errModelNotFound = errors.New("not found")
)

func (m *model) stream(name string) *modelStream {
	s, ok := m.streams[name]
	if !ok {
		s = &modelStream{}
		m.streams[name] = s
	}
	return s
}

// decide returns the index of the last event of an append that was done before, or -1 if it is to be written.
func (s *modelStream) decide(expected eventstore.Expected, ids []uuid.UUID) (int, error) {
	last := len(s.events) - 1
	at := func(i int) uuid.UUID {
		if i > last {
			return uuid.Nil
		}
		return s.events[i].id
	}
	find := func(id uuid.UUID) int {
		return slices.IndexFunc(s.events, func(e modelEvent) bool { return e.id == id })
	}
	switch {
	case s.tombstoned:
		return 0, errModelDeleted
	case expected == eventstore.StreamExists && s.deleted:
		return 0, errModelDeleted
	case expected == eventstore.StreamExists && last < 0:
		return 0, errModelConflict
	case expected == eventstore.Any || expected == eventstore.StreamExists:
		found := -1
		for i, id := range ids {
			found = find(id)
			if found < 0 && i == 0 {
				return -1, nil
			}
			if found < 0 {
				return 0, errModelConflict
			}
		}
		return found, nil
	case int(expected) == last:
		return -1, nil
	case int(expected) > last || len(ids) == 0:
		return 0, errModelConflict
	}
	for i, id := range ids {
		if at(int(expected)+1+i) == id {
			continue
		}
		if i == 0 && expected == eventstore.NoStream && s.deleted {
			return -1, nil
		}
		return 0, errModelConflict
	}
	return int(expected) + len(ids), nil
}

func (m *model) append(name string, expected eventstore.Expected, ids []uuid.UUID) (revision int64, wrote bool, err error) {
	s := m.stream(name)
	found, err := s.decide(expected, ids)
	if err != nil {
		return 0, false, err
	}
	if found >= 0 {
		return int64(found), false, nil
	}
	if len(ids) > 0 && s.deleted {
		s.hidden, s.deleted = len(s.events), false
	}
	for _, id := range ids {
		event := modelEvent{stream: name, id: id, revision: int64(len(s.events))}
		s.events = append(s.events, event)
		m.all = append(m.all, event)
	}
	return int64(len(s.events)) - 1, len(ids) > 0, nil
}

// same tells whether a revision answers an append. Where nothing says which revision is meant, any that holds the event
// does: an id may be in a stream twice.
func (m *model) same(name string, expected eventstore.Expected, want, got int64) bool {
	events := m.streams[name].events
	if expected != eventstore.Any && expected != eventstore.StreamExists || want < 0 || got < 0 || got >= int64(len(events)) {
		return got == want
	}
	return events[got].id == events[want].id
}

func (m *model) delete(name string, expected eventstore.Expected) error {
	s := m.stream(name)
	if _, err := s.decide(expected, []uuid.UUID{uuid.New()}); err != nil {
		return err
	}
	if len(s.events) == 0 {
		return errModelConflict
	}
	s.deleted = true
	return nil
}

func (m *model) tombstone(name string, expected eventstore.Expected) error {
	s := m.stream(name)
	if _, err := s.decide(expected, []uuid.UUID{uuid.New()}); err != nil {
		return err
	}
	s.tombstoned = true
	return nil
}

func (m *model) read(name string) ([]modelEvent, error) {
	s := m.stream(name)
	switch {
	case s.tombstoned:
		return nil, errModelDeleted
	case s.deleted || len(s.events) == 0:
		return nil, errModelNotFound
	}
	return s.events[s.hidden:], nil
}

// kind reduces an error of the port to one of the model.
func kind(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*eventstore.ConflictError)):
		return errModelConflict
	case errors.As(err, new(*eventstore.DeletedError)):
		return errModelDeleted
	case errors.As(err, new(*eventstore.NotFoundError)):
		return errModelNotFound
	default:
		return err
	}
}

func testModel(t *testing.T, h Harness) {
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		prefix := fmt.Sprintf("run%d-", run)
		m := &model{streams: map[string]*modelStream{}}
		var used []uuid.UUID
		stream := rapid.SampledFrom([]string{prefix + "a", prefix + "a-b", prefix + "ә"})
		expected := rapid.OneOf(
			rapid.SampledFrom([]eventstore.Expected{eventstore.NoStream, eventstore.Any, eventstore.StreamExists}),
			rapid.Map(rapid.Int64Range(0, 6), func(n int64) eventstore.Expected { return eventstore.Expected(n) }),
		)
		r.Repeat(map[string]func(*rapid.T){
			"append": func(r *rapid.T) {
				name, expected := stream.Draw(r, "stream"), expected.Draw(r, "expected")
				var events []eventstore.Event
				var eventIDs []uuid.UUID
				for range rapid.IntRange(0, 3).Draw(r, "events") {
					event := made(1)[0]
					if len(used) > 0 && rapid.Bool().Draw(r, "again") {
						event.ID = rapid.SampledFrom(used).Draw(r, "id")
					}
					used = append(used, event.ID)
					events = append(events, event)
					eventIDs = append(eventIDs, event.ID)
				}
				revision, _, want := m.append(name, expected, eventIDs)
				appended, err := h.Store.Append(t.Context(), name, expected, events...)
				if !errors.Is(kind(err), want) {
					r.Fatalf("append to %s expecting %v: got %v, want %v", name, expected, err, want)
				}
				if err == nil && !m.same(name, expected, revision, appended.Revision) {
					r.Fatalf("append to %s expecting %v: got revision %d, want %d", name, expected, appended.Revision, revision)
				}
			},
			"delete": func(r *rapid.T) {
				name, expected := stream.Draw(r, "stream"), expected.Draw(r, "expected")
				want := m.delete(name, expected)
				if _, err := h.Store.Delete(t.Context(), name, expected); !errors.Is(kind(err), want) {
					r.Fatalf("delete %s expecting %v: got %v, want %v", name, expected, err, want)
				}
			},
			"tombstone": func(r *rapid.T) {
				if rapid.IntRange(0, 9).Draw(r, "rarely") > 0 {
					r.Skip("tombstones end the game for a stream")
				}
				name, expected := stream.Draw(r, "stream"), expected.Draw(r, "expected")
				want := m.tombstone(name, expected)
				if _, err := h.Store.Tombstone(t.Context(), name, expected); !errors.Is(kind(err), want) {
					r.Fatalf("tombstone %s expecting %v: got %v, want %v", name, expected, err, want)
				}
			},
			"": func(r *rapid.T) { m.check(t, r, h.Store, prefix) },
		})
	})
}

// check compares everything that can be read with the model.
func (m *model) check(t *testing.T, r *rapid.T, store eventstore.Store, prefix string) {
	for name := range m.streams {
		want, wantErr := m.read(name)
		got, err := collect(store.ReadStream(t.Context(), name, eventstore.StreamRead{}))
		if !errors.Is(kind(err), wantErr) {
			r.Fatalf("read %s: got %v, want %v", name, err, wantErr)
		}
		compare(r, "stream "+name, got, want)
	}
	filter := eventstore.Filter{Streams: []string{prefix}}
	got, err := collect(store.ReadAll(t.Context(), eventstore.AllRead{Filter: filter}))
	if err != nil {
		r.Fatalf("read the log: %v", err)
	}
	got = slices.DeleteFunc(got, func(e eventstore.Recorded) bool { return e.Type == "$streamDeleted" })
	compare(r, "the log", got, m.all)
}

func compare(r *rapid.T, what string, got []eventstore.Recorded, want []modelEvent) {
	if len(got) != len(want) {
		r.Fatalf("%s: %d events, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i].ID != want[i].id || got[i].Revision != want[i].revision || got[i].Stream != want[i].stream {
			r.Fatalf("%s: event %d is %v at revision %d of %s, want %v at revision %d of %s", what, i,
				got[i].ID, got[i].Revision, got[i].Stream, want[i].id, want[i].revision, want[i].stream)
		}
	}
}
