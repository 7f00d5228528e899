package pebblestore

import (
	"bytes"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// writer collects changes of records and of the indexes over them in one engine batch.
type writer struct {
	store    *Store
	batch    *pebble.Batch
	key      []byte      // scratch
	record   record      // scratch
	old, new keySet      // scratch
	differ   differences // scratch
}

func (s *Store) newWriter() *writer {
	return &writer{store: s, batch: s.db.NewBatch()}
}

func (w *writer) close() { _ = w.batch.Close() }

// finish writes what was collected, and ends the writer. What it returns waits until that is on the disk, if it shall be
// durable.
func (w *writer) finish(durable bool) (wait func() error, err error) {
	if w.batch.Empty() {
		w.close()
		return func() error { return nil }, nil
	}
	applied, err := w.store.apply(w.batch, durable)
	if err != nil {
		w.close()
		return nil, err
	}
	return func() error {
		defer w.close()
		return applied()
	}, nil
}

// flush writes what was collected, not yet durably, and begins anew.
func (w *writer) flush() error {
	wait, err := w.store.apply(w.batch, false)
	if err == nil {
		err = wait()
	}
	w.close()
	w.batch = w.store.db.NewBatch()
	return err
}

// replace puts a record (nil: none) in the place of the stored one (nil: none), and the same in all indexes.
func (w *writer) replace(c *collection, id string, stored, wanted record) error {
	w.differ.known = false
	if stored != nil && wanted != nil {
		w.differ.between(stored.body(), wanted.body())
	}
	for _, ix := range c.indexes {
		var err error
		switch {
		case w.differ.concern(ix):
			err = w.reindex(ix, id, stored, wanted)
		case ix.Covering:
			err = w.cover(ix, id, wanted)
		}
		if err != nil {
			return fmt.Errorf("document %q of collection %s: %w", id, c.name, err)
		}
	}
	w.key = recordKey(w.key[:0], c.number, id)
	if wanted == nil {
		return w.batch.Delete(w.key, nil)
	}
	c.made.add(id)
	return w.batch.Set(w.key, wanted, nil)
}

// reindex changes the entries of one index from those of the stored record to those of the wanted one.
func (w *writer) reindex(ix *index, id string, stored, wanted record) error {
	w.old.reset()
	if stored != nil {
		if err := ix.keys(&w.old, id, stored.body()); err != nil {
			return err
		}
	}
	w.new.reset()
	if wanted != nil {
		if err := ix.keys(&w.new, id, wanted.body()); err != nil {
			return err
		}
	}
	for i := range w.old.count() {
		if w.new.contains(w.old.key(i)) {
			continue
		}
		if err := w.batch.Delete(w.old.key(i), nil); err != nil {
			return err
		}
	}
	several := w.new.count() > 1
	sameReference := !ix.Covering && several == (w.old.count() > 1)
	for i := range w.new.count() {
		if sameReference && w.old.contains(w.new.key(i)) {
			continue
		}
		if err := w.refer(ix, w.new.key(i), several, id, wanted); err != nil {
			return err
		}
	}
	return nil
}

// cover puts the wanted record into the entries of a covering index that stay where they are.
func (w *writer) cover(ix *index, id string, wanted record) error {
	w.new.reset()
	if err := ix.keys(&w.new, id, wanted.body()); err != nil {
		return err
	}
	for i := range w.new.count() {
		if err := w.refer(ix, w.new.key(i), w.new.count() > 1, id, wanted); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) refer(ix *index, key []byte, several bool, id string, wanted record) error {
	var covered record
	if ix.Covering {
		covered = wanted
	}
	op := w.batch.SetDeferred(len(key), referenceSize(id, covered))
	copy(op.Key, key)
	appendReference(op.Value[:0], several, id, covered)
	return op.Finish()
}

// reader looks records up in key order, at one moment of the store.
type reader struct {
	store    *Store
	iterator *pebble.Iterator // nil until something is looked up
	key      []byte
}

func (r *reader) open() error {
	if r.iterator != nil {
		return nil
	}
	start, end := tableSpan(tableRecord)
	iterator, err := r.store.db.NewIter(&pebble.IterOptions{LowerBound: start, UpperBound: end, UseL6Filters: true})
	if err != nil {
		return broken("reading documents", err)
	}
	r.iterator = iterator
	return nil
}

// latest returns a record as find does, without a look into the database if it was written lately. It is for those who
// hold the collection's lock.
func (r *reader) latest(c *collection, id string) (record, error) {
	if c.made.never(id) {
		return nil, nil
	}
	if remembered, found := r.store.recent.record(place{c.number, id}); found {
		return remembered, nil
	}
	return r.find(c.number, id)
}

// find returns a record, nil if there is none; it is valid until the next call.
func (r *reader) find(collection uint32, id string) (record, error) {
	if err := r.open(); err != nil {
		return nil, err
	}
	r.key = recordKey(r.key[:0], collection, id)
	if !r.iterator.SeekPrefixGE(r.key) || !bytes.Equal(r.iterator.Key(), r.key) {
		if err := r.iterator.Error(); err != nil {
			return nil, broken("reading documents", err)
		}
		return nil, nil
	}
	value, err := r.iterator.ValueAndErr()
	if err != nil {
		return nil, broken("reading documents", err)
	}
	found, err := parseRecord(value)
	if err != nil {
		return nil, broken("reading documents", err)
	}
	return found, nil
}

func (r *reader) close() {
	if r.iterator != nil {
		_ = r.iterator.Close()
	}
}
