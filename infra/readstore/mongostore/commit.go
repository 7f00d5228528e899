package mongostore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"golang.org/x/sync/errgroup"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// Commit writes the documents, each only if it has seen less, and then moves the checkpoints. A removed document leaves a
// mark with its position for a day, against writers that are late. If a checkpoint stands elsewhere already, nothing is
// written. If the outcome is unknown the error is ErrUnavailable, and repeating the batch is harmless. Every batch is
// durable on a majority, whatever its Sync.
func (s *Store) Commit(ctx context.Context, batch readstore.Batch) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	sets, leave, err := s.sets(ctx, batch.Writes)
	if err != nil {
		return err
	}
	defer leave()
	prepare, preparing := errgroup.WithContext(ctx)
	prepare.Go(func() error { return s.expectCheckpoints(preparing, batch.Advances) })
	for _, set := range sets {
		prepare.Go(func() error { return s.prepare(preparing, set) })
	}
	if err := prepare.Wait(); err != nil {
		return err
	}
	write, writing := errgroup.WithContext(ctx)
	for _, set := range sets {
		write.Go(func() error { return s.write(writing, set) })
	}
	if err := write.Wait(); err != nil {
		return err
	}
	for _, step := range batch.Advances {
		if err := s.advance(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// set is what a batch writes to one collection.
type set struct {
	collection *collection
	writes     map[string][]readstore.Write // by id, in the order of the batch
	outcomes   []*outcome
}

// outcome is what the writes of one document come to.
type outcome struct {
	id     string
	seen   eventstore.Position // what is stored and has seen this or more stays
	stored bool                // there was something, be it a mark of removal
	wanted bson.Raw
}

// sets sorts the writes by collection, and keeps the collections' indexes from changing until leave is called.
func (s *Store) sets(ctx context.Context, writes []readstore.Write) (sets []*set, leave func(), err error) {
	byName := map[string]*set{}
	for _, write := range writes {
		if write.Body != nil {
			if _, err := checkBody(write.Body); err != nil {
				return nil, nil, fmt.Errorf("document of collection %s: %w", write.Collection, err)
			}
		}
		if byName[write.Collection] == nil {
			byName[write.Collection] = &set{writes: map[string][]readstore.Write{}}
		}
		of := byName[write.Collection].writes
		of[write.ID] = append(of[write.ID], write)
	}
	var left []func()
	leave = func() {
		for _, one := range left {
			one()
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		c, out, err := s.enter(ctx, name, false)
		if err != nil {
			leave()
			return nil, nil, err
		}
		left = append(left, out)
		byName[name].collection = c
		sets = append(sets, byName[name])
	}
	return sets, leave, nil
}

// prepare finds out what is to be done: documents that have seen as much are left alone.
func (s *Store) prepare(ctx context.Context, of *set) error {
	ids := slices.Sorted(maps.Keys(of.writes))
	stored, err := s.seen(ctx, of.collection.name, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		at, exists := stored[id]
		o, err := resolve(of.collection, at, exists, of.writes[id], s.options.Now())
		if err != nil {
			return fmt.Errorf("document of collection %s: %w", of.collection.name, err)
		}
		if o != nil {
			of.outcomes = append(of.outcomes, o)
		}
	}
	return nil
}

// seen reads what is stored has seen, by id: documents and marks of removal.
func (s *Store) seen(ctx context.Context, name string, ids []string) (map[string]eventstore.Position, error) {
	latest := s.db.Collection(name, options.Collection().SetReadConcern(readconcern.Local()))
	seen := make(map[string]eventstore.Position, len(ids))
	for some := range slices.Chunk(ids, readstore.MaxLimit) {
		cursor, err := latest.Find(ctx, withIDs(some), options.Find().SetProjection(bson.D{{Key: fieldSeen, Value: 1}}))
		if err != nil {
			return nil, failure(ctx, "reading collection "+name, err)
		}
		var stored []bson.Raw
		if err := cursor.All(ctx, &stored); err != nil {
			return nil, failure(ctx, "reading collection "+name, err)
		}
		for _, raw := range stored {
			r, err := parseRecord(raw)
			if err != nil {
				return nil, err
			}
			seen[r.id] = r.seen
		}
	}
	return seen, nil
}

func withIDs(ids []string) bson.D {
	if len(ids) == 1 {
		return byID(ids[0])
	}
	return bson.D{{Key: fieldID, Value: bson.D{{Key: "$in", Value: ids}}}}
}

// nothing is the body of a document that was removed: in no index is there a place for it.
var nothing = bson.Raw{5, 0, 0, 0, 0}

// resolve applies the writes of one document in their order to what is stored; nil if that stays as it is.
func resolve(
	c *collection, seen eventstore.Position, stored bool, writes []readstore.Write, now time.Time,
) (*outcome, error) {
	var last *readstore.Write
	for i := range writes {
		write := &writes[i]
		if last == nil && !stored || write.Seen.Compare(seen) > 0 {
			last, seen = write, write.Seen
		}
	}
	if last == nil {
		return nil, nil
	}
	r := record{id: last.ID, seen: seen, body: last.Body}
	if r.body == nil {
		r.gone, r.body = now, nothing
	}
	wanted, err := r.encode(c.indexes)
	return &outcome{id: last.ID, seen: seen, stored: stored, wanted: wanted}, err
}

// write brings about the outcomes. What another writer has brought further meanwhile stays.
func (s *Store) write(ctx context.Context, of *set) error {
	var inserted []*outcome
	var inserts, replacements []mongo.WriteModel
	for _, o := range of.outcomes {
		if o.stored {
			replacements = append(replacements, o.replacement())
			continue
		}
		inserted = append(inserted, o)
		inserts = append(inserts, mongo.NewInsertOneModel().SetDocument(o.wanted))
	}
	taken, err := s.all(ctx, of.collection.name, inserts, bulkInserts)
	if err != nil {
		return err
	}
	for _, i := range taken {
		replacements = append(replacements, inserted[i].replacement())
	}
	_, err = s.all(ctx, of.collection.name, replacements, s.updates())
	return err
}

// all sends writes that must each take effect or find the id taken.
func (s *Store) all(ctx context.Context, name string, models []mongo.WriteModel, atOnce int) (taken []int, err error) {
	doing := "writing collection " + name
	done, taken, err := s.bulk(ctx, name, models, atOnce)
	if err != nil {
		return nil, failure(ctx, doing, err)
	}
	if missing := len(models) - done - len(taken); missing != 0 {
		return nil, fmt.Errorf("%s: %w: %d of %d writes are not accounted for", doing, readstore.ErrUnavailable, missing, len(models))
	}
	return taken, nil
}

// replacement puts the document, or the mark of its removal, in the place of one that has seen less, or of none. Where one
// has seen more, it runs into that one's id.
func (o *outcome) replacement() mongo.WriteModel {
	return mongo.NewReplaceOneModel().SetFilter(o.guard()).SetReplacement(o.wanted).SetUpsert(true)
}

// guard finds the document if it has seen less.
func (o *outcome) guard() bson.D {
	const commit, prepare = fieldSeen + "." + fieldCommit, fieldSeen + "." + fieldPrepare
	return append(byID(o.id), bson.E{Key: "$or", Value: bson.A{
		bson.D{{Key: commit, Value: bson.D{{Key: "$lt", Value: int64(o.seen.Commit)}}}},
		bson.D{{Key: commit, Value: int64(o.seen.Commit)}, {Key: prepare, Value: bson.D{{Key: "$lt", Value: int64(o.seen.Prepare)}}}},
	}})
}
