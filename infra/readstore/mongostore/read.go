package mongostore

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"services.example/portal/infra/readstore"
)

// Get returns a document.
func (s *Store) Get(ctx context.Context, collection, id string) (readstore.Document, error) {
	found, err := s.GetMany(ctx, collection, []string{id})
	if err != nil {
		return readstore.Document{}, err
	}
	document, exists := found[id]
	if !exists {
		return readstore.Document{}, fmt.Errorf("%q of collection %s: %w", id, collection, readstore.ErrNotFound)
	}
	return document, nil
}

// View gives a document to use.
func (s *Store) View(ctx context.Context, collection, id string, use func(readstore.Document) error) error {
	document, err := s.Get(ctx, collection, id)
	if err != nil {
		return err
	}
	return use(document)
}

// GetMany returns the documents that exist.
func (s *Store) GetMany(ctx context.Context, collection string, ids []string) (map[string]readstore.Document, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	c, err := s.lookup(ctx, collection, false)
	if err != nil {
		return nil, err
	}
	records, err := s.records(ctx, c, ids)
	if err != nil {
		return nil, err
	}
	documents := make(map[string]readstore.Document, len(records))
	for id, r := range records {
		documents[id] = r.document()
	}
	return documents, nil
}

// records reads what is stored under ids, but for what was removed.
func (s *Store) records(ctx context.Context, c *collection, ids []string) (map[string]*record, error) {
	records := make(map[string]*record, len(ids))
	for some := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(ids))), readstore.MaxLimit) {
		stored, err := s.find(ctx, c.name, withIDs(some), options.Find())
		if err != nil {
			return nil, failure(ctx, "reading collection "+c.name, err)
		}
		for _, raw := range stored {
			r, err := parseRecord(raw)
			if err != nil {
				return nil, err
			}
			if r.gone.IsZero() {
				records[r.id] = r
			}
		}
	}
	return records, nil
}
