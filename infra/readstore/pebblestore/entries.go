package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/readstore"
)

// errKept is the decision to leave an entry as it is.
var errKept = errors.New("entry is kept")

// Entry returns an entry whose time has not passed.
func (s *Store) Entry(ctx context.Context, collection, id string) (readstore.Entry, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return readstore.Entry{}, err
	}
	defer leave()
	c, err := s.lookup(collection, true)
	if err != nil {
		return readstore.Entry{}, err
	}
	stored, err := s.find(c, id)
	if err != nil {
		return readstore.Entry{}, err
	}
	if !stored.alive(s.options.Now()) {
		return readstore.Entry{}, fmt.Errorf("entry of collection %s: %w", c.name, readstore.ErrNotFound)
	}
	return entry(id, stored), nil
}

func entry(id string, stored record) readstore.Entry {
	return readstore.Entry{
		ID: id, Version: stored.version(), Expires: time.UnixMilli(stored.expires()).UTC(), Body: bson.Raw(stored.body()),
	}
}

// PutEntry writes an entry, durably, if it is stored at the given version.
func (s *Store) PutEntry(ctx context.Context, collection string, e readstore.Entry) (int64, error) {
	if e.Version < 0 || e.Expires.IsZero() {
		return 0, &readstore.InvalidError{Reason: "an entry needs a version of 0 or more and a time at which it expires"}
	}
	if err := checkBody(e.Body); err != nil {
		return 0, err
	}
	wanted := entryRecord(e.Version+1, e.Expires.UnixMilli(), e.Body)
	err := s.changeEntry(ctx, collection, e.ID, func(stored record) (record, error) {
		if stored == nil && e.Version != 0 || stored != nil && stored.version() != e.Version {
			return nil, fmt.Errorf("putting an entry of collection %s: %w", collection, readstore.ErrChanged)
		}
		return wanted, nil
	})
	if err != nil {
		return 0, err
	}
	return e.Version + 1, nil
}

// RemoveEntry removes an entry, durably, if it is stored at the given version (0: any).
func (s *Store) RemoveEntry(ctx context.Context, collection, id string, version int64) error {
	return s.changeEntry(ctx, collection, id, func(stored record) (record, error) {
		if version != 0 && (stored == nil || stored.version() != version) {
			return nil, fmt.Errorf("removing an entry of collection %s: %w", collection, readstore.ErrChanged)
		}
		return nil, nil
	})
}

// changeEntry replaces an entry by what decide makes of the one that is alive (nil: none), and waits until that is
// durable, without keeping others from their changes meanwhile.
func (s *Store) changeEntry(ctx context.Context, collection, id string, decide func(stored record) (record, error)) error {
	leave, err := s.enterWrite(ctx)
	if err != nil {
		return err
	}
	defer leave()
	wait, err := s.beginEntryChange(collection, id, func(stored record) (record, error) {
		if stored != nil && !stored.alive(s.options.Now()) {
			stored = nil
		}
		return decide(stored)
	}, true)
	if err != nil {
		return err
	}
	return wait()
}

// beginEntryChange replaces an entry under its lock. What it returns waits for the disk.
func (s *Store) beginEntryChange(collection, id string, decide func(stored record) (record, error), durable bool) (wait func() error, err error) {
	c, unlock, err := s.lockEntry(collection, id)
	if err != nil {
		return nil, err
	}
	defer unlock()
	stored, err := s.find(c, id)
	if err != nil && !errors.Is(err, readstore.ErrNotFound) {
		return nil, err
	}
	wanted, err := decide(stored)
	if errors.Is(err, errKept) || err == nil && stored == nil && wanted == nil {
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, err
	}
	w := s.newWriter()
	if err := w.replaceEntry(c, id, stored, wanted); err != nil {
		w.close()
		return nil, err
	}
	return w.finish(durable)
}

// lockEntry locks an entry against other changes of it, and its collection against changes of the indexes.
func (s *Store) lockEntry(name, id string) (*collection, func(), error) {
	c, err := s.lookup(name, true)
	if err != nil {
		return nil, nil, err
	}
	c.gate.RLock()
	unlockEntry := s.entries.lock(id)
	unlock := func() {
		unlockEntry()
		c.gate.RUnlock()
	}
	current, err := s.lookup(name, true)
	if err == nil && current.number != c.number {
		err = fmt.Errorf("collection %s was dropped and declared again: %w", name, readstore.ErrUnavailable)
	}
	if err != nil {
		unlock()
		return nil, nil, err
	}
	return current, unlock, nil
}

// replaceEntry changes an entry, its indexes, and its place among those that will expire.
func (w *writer) replaceEntry(c *collection, id string, stored, wanted record) error {
	if err := w.replace(c, id, stored, wanted); err != nil {
		return err
	}
	if stored != nil && (wanted == nil || stored.expires() != wanted.expires()) {
		w.key = expiryKey(w.key[:0], c.number, stored.expires(), id)
		if err := w.batch.Delete(w.key, nil); err != nil {
			return broken("removing an entry", err)
		}
	}
	if wanted != nil {
		w.key = expiryKey(w.key[:0], c.number, wanted.expires(), id)
		if err := w.batch.Set(w.key, nil, nil); err != nil {
			return broken("writing an entry", err)
		}
	}
	return nil
}

// ListEntries lists entries whose time has not passed.
func (s *Store) ListEntries(ctx context.Context, collection string, query readstore.Query) ([]readstore.Entry, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	c, err := s.lookup(collection, true)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(c, query)
	if err != nil {
		return nil, err
	}
	now := s.options.Now()
	var found rows
	if _, err := s.scan(ctx, p, &found, func(stored record) bool { return stored.alive(now) }); err != nil {
		return nil, err
	}
	list := make([]readstore.Entry, 0, len(found.rows))
	found.each(func(id string, stored record) { list = append(list, entry(id, stored)) })
	return list, nil
}
