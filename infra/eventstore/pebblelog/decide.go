package pebblelog

import (
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// place is where an event was written.
type place struct {
	revision int64
	position uint64
}

// memory answers what the decision needs to know about events already written to the stream.
type memory interface {
	// known finds an event of the stream by its id.
	known(id uuid.UUID) (place, bool, error)
	// written returns the event with this revision, if there is one.
	written(revision int64) (streamEntry, bool, error)
}

// decide applies the table of expected revisions. It returns nil when the events are to be written, the place of the
// last of them when they already are, or an error: a ConflictError, a DeletedError, or that of the memory.
func decide(stream string, h head, expected eventstore.Expected, ids []uuid.UUID, m memory) (*place, error) {
	if h.tombstone {
		return nil, &eventstore.DeletedError{Stream: stream}
	}
	conflict := &eventstore.ConflictError{Stream: stream, Expected: expected, Actual: h.last}
	switch expected {
	case eventstore.StreamExists:
		if h.softDeleted() {
			return nil, &eventstore.DeletedError{Stream: stream}
		}
		if h.last == eventstore.NoRevision && !h.described {
			return nil, conflict
		}
		return repeatedAnywhere(ids, m, conflict)
	case eventstore.Any:
		return repeatedAnywhere(ids, m, conflict)
	default:
		revision := int64(expected)
		switch {
		case revision == h.last:
			return nil, nil //nolint:nilnil // nothing was written before: write
		case revision > h.last || len(ids) == 0:
			return nil, conflict
		}
		return repeatedAt(revision, ids, m, conflict, h.softDeleted())
	}
}

// repeatedAnywhere recognises a repeated append by the ids that the stream has seen, wherever they are.
func repeatedAnywhere(ids []uuid.UUID, m memory, conflict error) (*place, error) {
	var last *place
	for i, id := range ids {
		found, ok, err := m.known(id)
		switch {
		case err != nil:
			return nil, err
		case !ok && i == 0:
			return nil, nil //nolint:nilnil // a new event: write
		case !ok:
			return nil, conflict
		}
		last = &found
	}
	return last, nil
}

// repeatedAt recognises a repeated append by the ids that follow the expected revision.
func repeatedAt(revision int64, ids []uuid.UUID, m memory, conflict error, softDeleted bool) (*place, error) {
	var last *place
	for i, id := range ids {
		revision++
		entry, ok, err := m.written(revision)
		switch {
		case err != nil:
			return nil, err
		case ok && entry.id == id:
			last = &place{revision: revision, position: entry.position}
		case i == 0 && revision == 0 && softDeleted:
			return nil, nil //nolint:nilnil // the stream begins anew after its soft delete: write
		default:
			return nil, conflict
		}
	}
	return last, nil
}
