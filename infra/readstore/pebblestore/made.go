package pebblestore

import (
	"sync"

	"github.com/bits-and-blooms/bloom/v3"
)

// made knows which ids a collection cannot hold, because nothing was ever written under them: in a rebuild most documents
// are new, and finding out that they are takes a look into every level of the database. Only a collection that was declared
// by this process has one: of others it is not known what they held before. Nil knows nothing.
type made struct {
	mu      sync.RWMutex
	filters []*bloom.BloomFilter // the last one is filled, the others are full
	room    uint                 // ids that the last one has room for
	size    uint                 // ids that it was made for
	over    bool                 // there are more than it can know of
}

const (
	firstMade = 1 << 14 // ids of the first filter; each further one is four times as large
	mostMade  = 1 << 22 // ids of the largest filter: it takes 10 MiB
	// falseMade is the share of unknown ids that a filter takes for known. What is looked up for nothing is looked for in
	// every table that a rebuild has left behind so far, which takes a millisecond where there are some thousands.
	falseMade = 0.0001
)

// add remembers an id. It comes before the write, so that nobody misses what is written.
func (m *made) add(id string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over || m.room == 0 && !m.grow() {
		return
	}
	if !m.filters[len(m.filters)-1].TestOrAddString(id) {
		m.room--
	}
}

func (m *made) grow() bool {
	m.size = max(firstMade, 4*m.size)
	if m.size > mostMade {
		m.filters, m.over = nil, true
		return false
	}
	m.filters, m.room = append(m.filters, bloom.NewWithEstimates(m.size, falseMade)), m.size
	return true
}

// never tells whether nothing was ever written under an id.
func (m *made) never(id string) bool {
	if m == nil {
		return false
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.over || len(m.filters) == 0 {
		return !m.over
	}
	places := bloom.Locations([]byte(id), m.filters[0].K()) // the same for all: K follows from falseMade
	for _, filter := range m.filters {
		if filter.TestLocations(places) {
			return false
		}
	}
	return true
}
