package mongostore

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"services.example/portal/infra/readstore"
)

func (s *Store) now() bson.DateTime { return bson.NewDateTimeFromTime(s.options.Now()) }

// alive is the condition that an entry's time has not passed.
func (s *Store) alive() bson.E {
	return bson.E{Key: fieldExpires, Value: bson.D{{Key: "$gt", Value: s.now()}}}
}

func (s *Store) expired() bson.E {
	return bson.E{Key: fieldExpires, Value: bson.D{{Key: "$lte", Value: s.now()}}}
}

// Entry returns an entry whose time has not passed.
func (s *Store) Entry(ctx context.Context, collection, id string) (readstore.Entry, error) {
	if err := s.begin(ctx); err != nil {
		return readstore.Entry{}, err
	}
	c, err := s.lookup(ctx, collection, true)
	if err != nil {
		return readstore.Entry{}, err
	}
	doing := "reading an entry of collection " + c.name
	raw, err := s.db.Collection(c.name).FindOne(ctx, byID(id)).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return readstore.Entry{}, fmt.Errorf("%s: %w", doing, readstore.ErrNotFound)
	}
	if err != nil {
		return readstore.Entry{}, failure(ctx, doing, err)
	}
	r, err := parseRecord(raw)
	if err != nil {
		return readstore.Entry{}, err
	}
	if r.expires.UnixMilli() <= s.options.Now().UnixMilli() {
		return readstore.Entry{}, fmt.Errorf("%s: %w", doing, readstore.ErrNotFound)
	}
	return r.entry(), nil
}

// PutEntry writes an entry, durably on a majority, if it is stored at the given version.
func (s *Store) PutEntry(ctx context.Context, collection string, e readstore.Entry) (int64, error) {
	if e.Version < 0 || e.Expires.IsZero() {
		return 0, &readstore.InvalidError{Reason: "an entry needs a version of 0 or more and a time at which it expires"}
	}
	c, leave, err := s.enterEntries(ctx, collection)
	if err != nil {
		return 0, err
	}
	defer leave()
	r := record{id: e.ID, version: e.Version + 1, expires: e.Expires, body: e.Body}
	wanted, err := r.encode(c.indexes)
	if err != nil {
		return 0, err
	}
	doing := "putting an entry of collection " + collection
	filter, first := append(byID(e.ID), s.stands(e.Version)...), false
	if e.Version == 0 { // in the place of none, or of one whose time has passed; a living one has taken the id
		filter, first = append(byID(e.ID), s.expired()), true
	}
	result, err := s.db.Collection(c.name).ReplaceOne(ctx, filter, wanted, options.Replace().SetUpsert(first))
	switch {
	case err != nil && !mongo.IsDuplicateKeyError(err):
		return 0, failure(ctx, doing, err)
	case err != nil || result.MatchedCount+result.UpsertedCount == 0:
		return 0, fmt.Errorf("%s: %w", doing, readstore.ErrChanged)
	default:
		return e.Version + 1, nil
	}
}

// stands is the condition that an entry lives and is at a version.
func (s *Store) stands(version int64) bson.D {
	return bson.D{{Key: fieldVersion, Value: version}, s.alive()}
}

func (s *Store) enterEntries(ctx context.Context, name string) (*collection, func(), error) {
	if err := s.begin(ctx); err != nil {
		return nil, nil, err
	}
	return s.enter(ctx, name, true)
}

// RemoveEntry removes an entry, durably on a majority, if it is stored at the given version (0: any).
func (s *Store) RemoveEntry(ctx context.Context, collection, id string, version int64) error {
	c, leave, err := s.enterEntries(ctx, collection)
	if err != nil {
		return err
	}
	defer leave()
	doing := "removing an entry of collection " + collection
	filter := byID(id)
	if version != 0 {
		filter = append(filter, s.stands(version)...)
	}
	result, err := s.db.Collection(c.name).DeleteOne(ctx, filter)
	if err != nil {
		return failure(ctx, doing, err)
	}
	if version != 0 && result.DeletedCount == 0 {
		return fmt.Errorf("%s: %w", doing, readstore.ErrChanged)
	}
	return nil
}
