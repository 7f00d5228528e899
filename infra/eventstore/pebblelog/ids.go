package pebblelog

import (
	"github.com/google/uuid"
)

// idMemory remembers where recent events are, by stream and id. It is what recognises a repeated append whose
// expectation is not a revision.
type idMemory struct {
	places *generations[streamID, place]
}

type streamID struct {
	stream uint64 // number
	id     uuid.UUID
}

func newIDMemory(limit int) *idMemory {
	return &idMemory{places: newGenerations[streamID, place](limit)}
}

// add remembers an event; of two with one id the first counts.
func (m *idMemory) add(stream uint64, id uuid.UUID, at place) {
	key := streamID{stream, id}
	if _, ok := m.places.peek(key); !ok {
		m.places.set(key, at)
	}
}

// slotMemory is the memory of one stream: what is durable and what the group adds.
type slotMemory struct {
	w *writer
	s *slot
}

func (m slotMemory) known(id uuid.UUID) (place, bool, error) {
	found, ok := m.w.ids.places.peek(streamID{m.s.head.number, id})
	return found, ok, nil
}

func (m slotMemory) written(revision int64) (streamEntry, bool, error) {
	if revision > m.s.head.last {
		return streamEntry{}, false, nil
	}
	if revision > m.s.committed.last {
		for i := range m.w.group.staged {
			if staged := &m.w.group.staged[i]; staged.slot == m.s && staged.revision == revision {
				return staged.entry, true, nil
			}
		}
	}
	entry, err := m.w.log.entry(m.s.head.number, revision)
	return entry, err == nil, err
}
