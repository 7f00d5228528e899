package mongostore

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const duplicateKey = 11000

const (
	bulkInserts = 1000 // in one command
	bulkUpdates = 1000
)

// updates is how many guarded replacements go to the server in one command. FerretDB 1 stops a bulk at the first taken id,
// and stands still at about a hundred updates: it gets them one by one.
func (s *Store) updates() int {
	if s.oneByOne.Load() {
		return 1
	}
	return bulkUpdates
}

// meet asks the server what it is.
func (s *Store) meet(ctx context.Context) error {
	var info struct {
		FerretDB string `bson:"ferretdbVersion"`
	}
	if err := s.db.RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&info); err != nil {
		return failure(ctx, "asking MongoDB for its version", err)
	}
	s.oneByOne.Store(info.FerretDB != "")
	return nil
}

// bulk sends writes in no order, atOnce in a command. It returns how many inserts, matches and upserts took effect, and
// which of the writes found their id taken.
func (s *Store) bulk(ctx context.Context, name string, models []mongo.WriteModel, atOnce int) (done int, taken []int, err error) {
	for start := 0; start < len(models); start += atOnce {
		some := models[start:min(start+atOnce, len(models))]
		result, err := s.db.Collection(name).BulkWrite(ctx, some, options.BulkWrite().SetOrdered(false))
		duplicates, err := takenIDs(err)
		if err != nil {
			return 0, nil, err
		}
		for _, i := range duplicates {
			taken = append(taken, start+i)
		}
		if result != nil {
			done += int(result.InsertedCount + result.MatchedCount + result.UpsertedCount)
		}
	}
	return done, taken, nil
}

// takenIDs tells which writes of a bulk failed only because their id was taken; any other failure is returned.
func takenIDs(err error) ([]int, error) {
	var failed mongo.BulkWriteException
	if !errors.As(err, &failed) || failed.WriteConcernError != nil {
		return nil, err
	}
	var taken []int
	for _, one := range failed.WriteErrors {
		if one.Code != duplicateKey {
			return nil, err
		}
		taken = append(taken, one.Index)
	}
	return taken, nil
}

// find reads documents of a collection as they are stored.
func (s *Store) find(ctx context.Context, name string, filter bson.D, o *options.FindOptionsBuilder) ([]bson.Raw, error) {
	cursor, err := s.db.Collection(name).Find(ctx, filter, o)
	if err != nil {
		return nil, err
	}
	var stored []bson.Raw
	err = cursor.All(ctx, &stored)
	return stored, err
}
