package mongostore

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
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

// InOrder returns documents in the order of their ids.
func (s *Store) InOrder(ctx context.Context, collection string, ids readstore.IDs) ([]readstore.Document, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	c, err := s.lookup(ctx, collection, false)
	if err != nil {
		return nil, err
	}
	if err := ids.Validate(); err != nil {
		return nil, err
	}
	var span bson.D
	if ids.After != "" {
		span = append(span, bson.E{Key: "$gt", Value: ids.After})
	}
	if ids.Before != "" {
		span = append(span, bson.E{Key: "$lt", Value: ids.Before})
	}
	filter := bson.D{{Key: fieldGone, Value: bson.D{{Key: "$exists", Value: false}}}}
	if span != nil {
		filter = append(filter, bson.E{Key: fieldID, Value: span})
	}
	page := options.Find().SetSort(bson.D{{Key: fieldID, Value: 1}}).SetLimit(int64(ids.Limit))
	stored, err := s.find(ctx, c.name, filter, page)
	if err != nil {
		return nil, failure(ctx, "reading collection "+c.name, err)
	}
	documents := make([]readstore.Document, 0, len(stored))
	for _, raw := range stored {
		r, err := parseRecord(raw)
		if err != nil {
			return nil, err
		}
		documents = append(documents, r.document())
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
