package pebblestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/readstore"
)

// Get returns a document.
func (s *Store) Get(ctx context.Context, collection, id string) (readstore.Document, error) {
	var found readstore.Document
	err := s.view(ctx, collection, id, func(stored record) error {
		found = document(id, slices.Clone(stored))
		return nil
	})
	return found, err
}

// View gives a document to use, as it lies in the engine's memory.
func (s *Store) View(ctx context.Context, collection, id string, use func(readstore.Document) error) error {
	return s.view(ctx, collection, id, func(stored record) error { return use(document(id, stored)) })
}

func (s *Store) view(ctx context.Context, collection, id string, use func(record) error) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	c, err := s.lookup(collection, false)
	if err != nil {
		return err
	}
	return s.look(c, id, use)
}

// InOrder returns documents in the order of their ids, all as they were at one moment.
func (s *Store) InOrder(ctx context.Context, collection string, ids readstore.IDs) ([]readstore.Document, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	c, err := s.lookup(collection, false)
	if err != nil {
		return nil, err
	}
	if err := ids.Validate(); err != nil {
		return nil, err
	}
	from, to := numberedSpan(tableRecord, c.number)
	if ids.After != "" {
		from = append(recordKey(nil, c.number, ids.After), 0)
	}
	if ids.Before != "" {
		to = recordKey(nil, c.number, ids.Before)
	}
	if bytes.Compare(from, to) >= 0 {
		return nil, nil
	}
	iterator, err := s.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return nil, broken("reading documents", err)
	}
	defer func() { _ = iterator.Close() }()
	var found rows
	for valid := iterator.First(); valid && len(found.rows) < ids.Limit; valid = iterator.Next() {
		value, err := iterator.ValueAndErr()
		if err != nil {
			return nil, broken("reading documents", err)
		}
		stored, err := parseRecord(value)
		if err != nil {
			return nil, broken("reading documents", err)
		}
		found.add(iterator.Key()[numberedPrefix:], stored, ids.Limit)
	}
	if err := iterator.Error(); err != nil {
		return nil, broken("reading documents", err)
	}
	return found.documents(), nil
}

// document makes a document of a record, whose memory it takes over.
func document(id string, stored record) readstore.Document {
	return readstore.Document{ID: id, Seen: stored.seen(), Body: bson.Raw(stored.body())}
}

// look gives a record to use, which is valid until use returns. Errors: ErrNotFound, use's own.
func (s *Store) look(c *collection, id string, use func(record) error) error {
	var scratch [64]byte
	value, closer, err := s.db.Get(recordKey(scratch[:0], c.number, id))
	if errors.Is(err, pebble.ErrNotFound) {
		return fmt.Errorf("%q of collection %s: %w", id, c.name, readstore.ErrNotFound)
	}
	if err != nil {
		return broken("reading collection "+c.name, err)
	}
	stored, err := parseRecord(value)
	if err != nil {
		err = broken("reading collection "+c.name, err)
	} else {
		err = use(stored)
	}
	if closed := closer.Close(); err == nil && closed != nil {
		err = broken("reading collection "+c.name, closed)
	}
	return err
}

// find returns a copy of a record. Errors: ErrNotFound.
func (s *Store) find(c *collection, id string) (found record, err error) {
	err = s.look(c, id, func(stored record) error {
		found = slices.Clone(stored)
		return nil
	})
	return found, err
}

// GetMany returns the documents that exist, all as they were at one moment.
func (s *Store) GetMany(ctx context.Context, collection string, ids []string) (map[string]readstore.Document, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	c, err := s.lookup(collection, false)
	if err != nil {
		return nil, err
	}
	r := &reader{store: s}
	defer r.close()
	if err := r.open(); err != nil { // the moment; what was made only later is not there at this one
		return nil, err
	}
	documents := make(map[string]readstore.Document, len(ids))
	sorted := slices.Clone(ids)
	slices.Sort(sorted)
	for _, id := range sorted {
		if c.made.never(id) {
			continue
		}
		stored, err := r.find(c.number, id)
		if err != nil {
			return nil, err
		}
		if stored != nil {
			documents[id] = document(id, slices.Clone(stored))
		}
	}
	return documents, nil
}
