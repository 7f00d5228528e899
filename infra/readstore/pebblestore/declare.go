package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/readstore"
)

const (
	flushDelay    = 10 * time.Second // until the space of dropped collections is freed
	fillBatchSize = 2 << 20          // bytes of index entries written at a time
)

// Declare makes collections and their indexes ready. Writes to a collection wait while an index of it is filled.
func (s *Store) Declare(ctx context.Context, collections ...readstore.Collection) error {
	names := make(map[string]bool, len(collections))
	for _, declared := range collections {
		if err := declared.Validate(); err != nil {
			return err
		}
		if names[declared.Name] {
			return &readstore.InvalidError{Reason: fmt.Sprintf("collection %s is declared twice", declared.Name)}
		}
		names[declared.Name] = true
	}
	leave, err := s.enterWrite(ctx)
	if err != nil {
		return err
	}
	defer leave()
	s.declaring.Lock()
	defer s.declaring.Unlock()
	for _, declared := range collections {
		if err := s.declare(ctx, declared); err != nil {
			return fmt.Errorf("declaring collection %s: %w", declared.Name, err)
		}
	}
	return nil
}

func (s *Store) declare(ctx context.Context, declared readstore.Collection) error {
	next := s.catalog.Load().clone()
	old := next.collections[declared.Name]
	if old == nil {
		old = &collection{name: declared.Name, number: s.nextNumber(), expires: declared.Expires, made: new(made), gate: new(sync.RWMutex)}
	} else if sameIndexes(old.indexes, declared.Indexes) && old.expires == declared.Expires {
		return nil
	}
	if old.expires != declared.Expires {
		return &readstore.InvalidError{Reason: "documents and entries cannot change into each other"}
	}
	old.gate.Lock()
	defer old.gate.Unlock()

	changed := &collection{name: old.name, number: old.number, expires: old.expires, made: old.made, gate: old.gate}
	var added []*index
	for _, wanted := range declared.Indexes {
		ix := old.sameIndex(wanted)
		if ix == nil {
			ix = newIndex(wanted, s.nextNumber())
			added = append(added, ix)
		}
		changed.indexes = append(changed.indexes, ix)
	}
	next.collections[declared.Name] = changed
	if err := s.fill(ctx, changed.number, added); err != nil {
		s.abandon(added)
		return err
	}
	return s.publish(next, changed, removedIndexes(old, changed))
}

func sameIndexes(have []*index, wanted []readstore.Index) bool {
	return slices.EqualFunc(have, wanted, func(ix *index, w readstore.Index) bool { return ix.Equal(w) })
}

func (c *collection) sameIndex(wanted readstore.Index) *index {
	for _, ix := range c.indexes {
		if ix.Equal(wanted) {
			return ix
		}
	}
	return nil
}

func removedIndexes(old, changed *collection) []*index {
	var removed []*index
	for _, ix := range old.indexes {
		if !slices.Contains(changed.indexes, ix) {
			removed = append(removed, ix)
		}
	}
	return removed
}

// publish makes a changed collection durable and then visible.
func (s *Store) publish(next *catalog, changed *collection, removed []*index) error {
	definition, err := changed.encode()
	if err != nil {
		return err
	}
	batch := s.db.NewBatch()
	defer func() { _ = batch.Close() }()
	if err := errors.Join(
		batch.Set(catalogKey(changed.name), definition, nil),
		s.writeNumbers(batch),
		deleteIndexes(batch, removed),
	); err != nil {
		return broken("preparing the definition", err)
	}
	if err := s.applySync(batch); err != nil {
		return err
	}
	s.catalog.Store(next)
	return nil
}

func deleteIndexes(batch *pebble.Batch, indexes []*index) error {
	for _, ix := range indexes {
		start, end := numberedSpan(tableIndex, ix.number)
		if err := batch.DeleteRange(start, end, nil); err != nil {
			return err
		}
	}
	return nil
}

// abandon removes what was filled into indexes that did not come about; what it cannot remove, the next Open does.
func (s *Store) abandon(indexes []*index) {
	batch := s.db.NewBatch()
	defer func() { _ = batch.Close() }()
	if err := deleteIndexes(batch, indexes); err != nil || batch.Empty() {
		return
	}
	if wait, err := s.apply(batch, false); err == nil {
		_ = wait()
	}
}

// fill writes the entries of new indexes for the records that are already there.
func (s *Store) fill(ctx context.Context, collection uint32, added []*index) error {
	if len(added) == 0 {
		return nil
	}
	start, end := numberedSpan(tableRecord, collection)
	iterator, err := s.db.NewIter(&pebble.IterOptions{LowerBound: start, UpperBound: end})
	if err != nil {
		return broken("reading documents", err)
	}
	err = s.fillFrom(ctx, iterator, added)
	if closing := iterator.Close(); err == nil && closing != nil {
		err = broken("reading documents", closing)
	}
	return err
}

func (s *Store) fillFrom(ctx context.Context, iterator *pebble.Iterator, added []*index) error {
	writer := s.newWriter()
	defer func() { writer.close() }()
	for valid := iterator.First(); valid; valid = iterator.Next() {
		stored, err := parseRecord(iterator.Value())
		if err != nil {
			return broken("reading documents", err)
		}
		id := string(iterator.Key()[numberedPrefix:])
		for _, ix := range added {
			if err := writer.reindex(ix, id, nil, stored); err != nil {
				return err
			}
		}
		if writer.batch.Len() < fillBatchSize {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writer.flush(); err != nil {
			return err
		}
	}
	return writer.flush()
}

// Collections lists the names of all collections in alphabetical order.
func (s *Store) Collections(ctx context.Context) ([]string, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	names := make([]string, 0, len(s.catalog.Load().collections))
	for name := range s.catalog.Load().collections {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// Drop removes a collection. A query that runs at the same time may find it empty.
func (s *Store) Drop(ctx context.Context, name string) error {
	leave, err := s.enter(ctx) // also while the disk is full: it makes room
	if err != nil {
		return err
	}
	defer leave()
	s.declaring.Lock()
	defer s.declaring.Unlock()
	dropped := s.catalog.Load().collections[name]
	if dropped == nil {
		return nil
	}
	dropped.gate.Lock()
	defer dropped.gate.Unlock()
	batch := s.db.NewBatch()
	defer func() { _ = batch.Close() }()
	if err := errors.Join(
		batch.Delete(catalogKey(name), nil),
		deleteIndexes(batch, dropped.indexes),
		deleteNumbered(batch, tableRecord, dropped.number),
		deleteNumbered(batch, tableExpiry, dropped.number),
	); err != nil {
		return broken("dropping collection "+name, err)
	}
	if err := s.applySync(batch); err != nil {
		return fmt.Errorf("dropping collection %s: %w", name, err)
	}
	next := s.catalog.Load().clone()
	delete(next.collections, name)
	s.catalog.Store(next)
	return nil
}

func deleteNumbered(batch *pebble.Batch, table byte, number uint32) error {
	start, end := numberedSpan(table, number)
	return batch.DeleteRange(start, end, nil)
}
