package pebblestore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// Commit writes a batch as one: all of it, or nothing if a checkpoint stands elsewhere.
func (s *Store) Commit(ctx context.Context, batch readstore.Batch) error {
	leave, err := s.enterWrite(ctx)
	if err != nil {
		return err
	}
	defer leave()
	wait, err := s.commit(batch)
	if err != nil {
		return err
	}
	return wait() // after the locks are released: who waits at the same time shares the fsync
}

func (s *Store) commit(batch readstore.Batch) (wait func() error, err error) {
	defer s.checkpoints.lockAll(projectionsOf(batch))()
	collections, unlock, err := s.lockCollections(batch.Writes)
	if err != nil {
		return nil, err
	}
	defer unlock()
	w := s.newWriter()
	moved, changes, err := s.collect(w, batch, collections)
	if err != nil {
		w.close()
		return nil, err
	}
	if wait, err = w.finish(batch.Sync); err != nil {
		return nil, err
	}
	s.recent.learn(changes, moved)
	return wait, nil
}

// change is what a commit makes of a document: a record, nil for none.
type change struct {
	place
	record record
}

func (s *Store) collect(
	w *writer, batch readstore.Batch, collections map[string]*collection,
) (moved map[string]eventstore.Position, changes []change, err error) {
	if moved, err = s.advance(w.batch, batch.Advances); err != nil || len(batch.Writes) == 0 {
		return moved, nil, err
	}
	r := &reader{store: s}
	defer r.close()
	changes, err = collectWrites(w, r, batch.Writes, collections)
	return moved, changes, err
}

// collectWrites takes the writes in key order, which is the cheapest to read and to write, and those of one document in
// the order in which they were given.
func collectWrites(
	w *writer, r *reader, writes []readstore.Write, collections map[string]*collection,
) ([]change, error) {
	changes := make([]change, 0, len(writes))
	order := make([]*readstore.Write, len(writes))
	for i := range writes {
		order[i] = &writes[i]
	}
	slices.SortStableFunc(order, func(a, b *readstore.Write) int {
		return cmp.Or(cmp.Compare(a.Collection, b.Collection), cmp.Compare(a.ID, b.ID))
	})
	var stored record
	for i, write := range order {
		c := collections[write.Collection]
		if i == 0 || !sameDocument(order[i-1], write) {
			stored = nil
			if !write.New {
				var err error
				if stored, err = r.latest(c, write.ID); err != nil {
					return nil, err
				}
			}
		}
		if stored != nil && write.Seen.Compare(stored.seen()) <= 0 || stored == nil && write.Body == nil {
			continue
		}
		var wanted record
		if write.Body != nil {
			if err := checkBody(write.Body); err != nil {
				return nil, fmt.Errorf("document %q of collection %s: %w", write.ID, c.name, err)
			}
			if write.New && (i+1 == len(order) || !sameDocument(write, order[i+1])) { // nobody looks at it again
				w.record = appendDocument(w.record[:0], write)
				wanted = w.record
			} else {
				wanted = documentRecord(write)
			}
		}
		if err := w.replace(c, write.ID, stored, wanted); err != nil {
			return nil, err
		}
		stored = wanted
		if !write.New { // else it is not in memory, and is not likely to be changed
			changes = append(changes, change{place{c.number, write.ID}, wanted})
		}
	}
	return changes, nil
}

func sameDocument(a, b *readstore.Write) bool { return a.ID == b.ID && a.Collection == b.Collection }

// lockCollections locks the collections of the writes against other writers and changes of their indexes.
func (s *Store) lockCollections(writes []readstore.Write) (map[string]*collection, func(), error) {
	locked := map[string]*collection{}
	for _, write := range writes {
		if locked[write.Collection] != nil {
			continue
		}
		c, err := s.lookup(write.Collection, false)
		if err != nil {
			return nil, nil, err
		}
		locked[write.Collection] = c
	}
	gates := make([]*collection, 0, len(locked))
	for _, c := range locked {
		gates = append(gates, c)
	}
	slices.SortFunc(gates, func(a, b *collection) int { return cmp.Compare(a.number, b.number) })
	for _, c := range gates {
		c.gate.Lock()
	}
	unlock := func() {
		for _, c := range gates {
			c.gate.Unlock()
		}
	}
	for name, c := range locked { // what was declared or dropped before the lock was ours
		current, err := s.lookup(name, false)
		if err == nil && current.number != c.number {
			err = fmt.Errorf("collection %s was dropped and declared again: %w", name, readstore.ErrUnavailable)
		}
		if err != nil {
			unlock()
			return nil, nil, err
		}
		locked[name] = current
	}
	return locked, unlock, nil
}

func projectionsOf(batch readstore.Batch) []string {
	names := make([]string, 0, len(batch.Advances))
	for _, advance := range batch.Advances {
		names = append(names, advance.Projection)
	}
	return names
}

// advance adds the checkpoints to a batch, if they all stand where they are expected.
func (s *Store) advance(batch *pebble.Batch, advances []readstore.Advance) (map[string]eventstore.Position, error) {
	moved := make(map[string]eventstore.Position, len(advances))
	for _, step := range advances {
		stored, known := moved[step.Projection]
		if !known {
			var err error
			if stored, err = s.latestCheckpoint(step.Projection); err != nil {
				return nil, err
			}
		}
		if stored != step.From {
			return nil, &readstore.CheckpointError{Projection: step.Projection, Stored: stored}
		}
		moved[step.Projection] = step.To
		if err := batch.Set(checkpointKey(step.Projection), appendPosition(nil, step.To), nil); err != nil {
			return nil, broken("moving a checkpoint", err)
		}
	}
	return moved, nil
}

// latestCheckpoint is for those who hold the checkpoint's lock.
func (s *Store) latestCheckpoint(projection string) (eventstore.Position, error) {
	if position, found := s.recent.checkpoint(projection); found {
		return position, nil
	}
	return s.storedCheckpoint(projection)
}
