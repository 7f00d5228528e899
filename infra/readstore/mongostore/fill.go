package mongostore

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// fill gives their places in added indexes to the documents that have none yet, until there are no such documents.
func (s *Store) fill(ctx context.Context, c *collection, added []*index) error {
	for {
		filled, err := s.fillSome(ctx, c, added)
		if err != nil || filled == 0 {
			return err
		}
	}
}

// fillSome fills the places of some documents and tells how many it found that lacked them.
func (s *Store) fillSome(ctx context.Context, c *collection, indexes []*index) (int, error) {
	if len(indexes) == 0 {
		return 0, nil
	}
	doing := "filling indexes of collection " + c.name
	missing := bson.A{}
	for _, ix := range indexes { // a null in a filter finds what is missing, by the index
		missing = append(missing, bson.D{{Key: ix.path(), Value: nil}})
	}
	some := options.Find().SetLimit(int64(s.options.FillBatch)).SetBatchSize(int32(s.options.FillBatch))
	stored, err := s.find(ctx, c.name, bson.D{{Key: "$or", Value: missing}}, some)
	if err != nil {
		return 0, failure(ctx, doing, err)
	}
	var updates []mongo.WriteModel
	for _, raw := range stored {
		r, err := parseRecord(raw)
		if err != nil {
			return 0, err
		}
		update, err := r.completion(c, raw)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", doing, err)
		}
		updates = append(updates, update)
	}
	if _, _, err := s.bulk(ctx, c.name, updates, s.updates()); err != nil {
		return 0, failure(ctx, doing, err)
	}
	return len(stored), nil
}

// completion is the replacement of a stored document by itself with all its places, if nobody has changed it meanwhile.
func (r *record) completion(c *collection, stored bson.Raw) (mongo.WriteModel, error) {
	wanted := *r
	wanted.several = nil
	completed, err := wanted.encode(c.indexes)
	if err != nil {
		return nil, err
	}
	filter := byID(r.id)
	for _, same := range []string{fieldSeen, fieldVersion, fieldExpires} {
		if value, err := stored.LookupErr(same); err == nil {
			filter = append(filter, bson.E{Key: same, Value: value})
		}
	}
	return mongo.NewReplaceOneModel().SetFilter(filter).SetReplacement(completed), nil
}
