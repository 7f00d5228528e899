package pebblestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/readstore"
)

// Get returns a document.
func (s *Store) Get(ctx context.Context, collection, id string) (readstore.Document, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return readstore.Document{}, err
	}
	defer leave()
	c, err := s.lookup(collection, false)
	if err != nil {
		return readstore.Document{}, err
	}
	stored, err := s.find(c, id)
	if err != nil {
		return readstore.Document{}, err
	}
	return document(id, stored), nil
}

// document makes a document of a record, whose memory it takes over.
func document(id string, stored record) readstore.Document {
	return readstore.Document{ID: id, Seen: stored.seen(), Body: bson.Raw(stored.body())}
}

// find returns a copy of a record. Errors: ErrNotFound.
func (s *Store) find(c *collection, id string) (record, error) {
	var scratch [64]byte
	value, closer, err := s.db.Get(recordKey(scratch[:0], c.number, id))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, fmt.Errorf("%q of collection %s: %w", id, c.name, readstore.ErrNotFound)
	}
	if err != nil {
		return nil, broken("reading collection "+c.name, err)
	}
	return copyRecord(value, closer, c)
}

func copyRecord(value []byte, closer io.Closer, c *collection) (record, error) {
	stored, err := parseRecord(slices.Clone(value))
	if err := errors.Join(err, closer.Close()); err != nil {
		return nil, broken("reading collection "+c.name, err)
	}
	return stored, nil
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
