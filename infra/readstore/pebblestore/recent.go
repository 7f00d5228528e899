package pebblestore

import (
	"sync"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lru"
)

// recent remembers what the latest commits have written, so that the next ones need not read it: documents that have
// changed are likely to change again, and the checkpoints of running projections move with every commit. Whoever uses
// it holds the lock of the document's collection, or of the checkpoint, so it says what is stored.
type recent struct {
	mu          sync.Mutex
	records     *lru.Cache[place, record]
	checkpoints map[string]eventstore.Position
}

// place is where a document lies. Numbers of collections are never used again.
type place struct {
	collection uint32
	id         string
}

// Bounds of what is remembered. There are as many checkpoints as projections.
const (
	recentRecords = 16384
	recentBytes   = 12 << 20
)

func newRecent() *recent {
	return &recent{
		records:     lru.New[place, record](recentRecords, recentBytes),
		checkpoints: map[string]eventstore.Position{},
	}
}

// record returns the record of a document, if it is remembered that there is one.
func (r *recent) record(at place) (record, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.records.Get(at)
}

func (r *recent) checkpoint(projection string) (eventstore.Position, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	position, found := r.checkpoints[projection]
	return position, found
}

// learn takes over what a commit has written: records, nil for documents that were removed, and checkpoints.
func (r *recent) learn(changes []change, checkpoints map[string]eventstore.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	many := len(changes) > recentRecords/8 // as in a rebuild, which would push out everything else
	for _, c := range changes {
		if c.record == nil || many {
			r.records.Remove(c.place)
		} else {
			r.records.Put(c.place, c.record, len(c.record)+len(c.id))
		}
	}
	for projection, position := range checkpoints {
		r.checkpoints[projection] = position
	}
}

// forget forgets a checkpoint.
func (r *recent) forget(projection string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.checkpoints, projection)
}
