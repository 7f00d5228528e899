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
	if err := s.collect(w, batch, collections); err != nil {
		w.close()
		return nil, err
	}
	return w.finish(batch.Sync)
}

func (s *Store) collect(w *writer, batch readstore.Batch, collections map[string]*collection) error {
	if err := s.advance(w.batch, batch.Advances); err != nil {
		return err
	}
	if len(batch.Writes) == 0 {
		return nil
	}
	r, err := s.newReader()
	if err != nil {
		return err
	}
	defer r.close()
	return collectWrites(w, r, batch.Writes, collections)
}

// collectWrites takes the writes in key order, which is the cheapest to read and to write, and those of one document in
// the order in which they were given.
func collectWrites(w *writer, r *reader, writes []readstore.Write, collections map[string]*collection) error {
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
		if i == 0 || order[i-1].ID != write.ID || order[i-1].Collection != write.Collection {
			var err error
			if stored, err = r.find(c.number, write.ID); err != nil {
				return err
			}
		}
		if stored != nil && write.Seen.Compare(stored.seen()) <= 0 || stored == nil && write.Body == nil {
			continue
		}
		var wanted record
		if write.Body != nil {
			if err := checkBody(write.Body); err != nil {
				return fmt.Errorf("document %q of collection %s: %w", write.ID, c.name, err)
			}
			wanted = documentRecord(*write)
		}
		if err := w.replace(c, write.ID, stored, wanted); err != nil {
			return err
		}
		stored = wanted
	}
	return nil
}

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
func (s *Store) advance(batch *pebble.Batch, advances []readstore.Advance) error {
	moved := make(map[string]eventstore.Position, len(advances))
	for _, step := range advances {
		stored, known := moved[step.Projection]
		if !known {
			var err error
			if stored, err = s.storedCheckpoint(step.Projection); err != nil {
				return err
			}
		}
		if stored != step.From {
			return &readstore.CheckpointError{Projection: step.Projection, Stored: stored}
		}
		moved[step.Projection] = step.To
		if err := batch.Set(checkpointKey(step.Projection), appendPosition(nil, step.To), nil); err != nil {
			return broken("moving a checkpoint", err)
		}
	}
	return nil
}
