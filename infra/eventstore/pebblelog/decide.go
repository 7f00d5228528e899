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

// decide applies the table of expected revisions. The events are to be written when it finds nothing, or they already
// are, the last of them at the place found, or there is an error: a ConflictError, a DeletedError, or that of the
// memory.
func decide(
	stream string, h head, expected eventstore.Expected, ids []uuid.UUID, m memory,
) (last place, found bool, err error) {
	if h.tombstone {
		return place{}, false, &eventstore.DeletedError{Stream: stream}
	}
	var v verdict
	switch expected {
	case eventstore.StreamExists:
		if h.softDeleted() {
			return place{}, false, &eventstore.DeletedError{Stream: stream}
		}
		if h.last == eventstore.NoRevision && !h.described {
			v = conflicting
			break
		}
		last, v, err = repeatedAnywhere(ids, m)
	case eventstore.Any:
		last, v, err = repeatedAnywhere(ids, m)
	default:
		revision := int64(expected)
		switch {
		case revision == h.last:
			v = fresh
		case revision > h.last || len(ids) == 0:
			v = conflicting
		default:
			last, v, err = repeatedAt(revision, ids, m, h.softDeleted())
		}
	}
	if err == nil && v == conflicting {
		err = &eventstore.ConflictError{Stream: stream, Expected: expected, Actual: h.last}
	}
	return last, v == written && err == nil, err
}

// verdict is what an append turns out to be.
type verdict int

const (
	fresh       verdict = iota // to be written
	written                    // the repetition of one that was written
	conflicting                // neither
)

// repeatedAnywhere recognises a repeated append by the ids that the stream has seen, wherever they are.
func repeatedAnywhere(ids []uuid.UUID, m memory) (last place, v verdict, err error) {
	for i, id := range ids {
		found, ok, err := m.known(id)
		switch {
		case err != nil:
			return place{}, conflicting, err
		case !ok && i == 0:
			return place{}, fresh, nil
		case !ok:
			return place{}, conflicting, nil
		}
		last, v = found, written
	}
	return last, v, nil
}

// repeatedAt recognises a repeated append by the ids that follow the expected revision.
func repeatedAt(revision int64, ids []uuid.UUID, m memory, softDeleted bool) (last place, v verdict, err error) {
	for i, id := range ids {
		revision++
		entry, ok, err := m.written(revision)
		switch {
		case err != nil:
			return place{}, conflicting, err
		case ok && entry.id == id:
			last, v = place{revision: revision, position: entry.position}, written
		case i == 0 && revision == 0 && softDeleted:
			return place{}, fresh, nil // the stream begins anew after its soft delete
		default:
			return place{}, conflicting, nil
		}
	}
	return last, v, nil
}
