package mongostore

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// storedCheckpoint is how far a projection has come. One that never advanced, or was set back, has none.
type storedCheckpoint struct {
	Projection string `bson:"_id"`
	Commit     int64  `bson:"commit"`
	Prepare    int64  `bson:"prepare"`
}

// Checkpoint returns the position of a projection.
func (s *Store) Checkpoint(ctx context.Context, projection string) (eventstore.Position, error) {
	if err := s.begin(ctx); err != nil {
		return eventstore.Position{}, err
	}
	return s.checkpoint(ctx, projection)
}

func (s *Store) checkpoint(ctx context.Context, projection string) (eventstore.Position, error) {
	var stored storedCheckpoint
	err := s.db.Collection(checkpointsName).FindOne(ctx, byID(projection)).Decode(&stored)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return eventstore.Position{}, failure(ctx, "reading the checkpoint of "+projection, err)
	}
	return eventstore.Position{Commit: uint64(stored.Commit), Prepare: uint64(stored.Prepare)}, nil
}

// expectCheckpoints finds out whether the projections stand where a batch expects them, before anything is written.
func (s *Store) expectCheckpoints(ctx context.Context, advances []readstore.Advance) error {
	reached := make(map[string]eventstore.Position, len(advances))
	for _, step := range advances {
		at, known := reached[step.Projection]
		if !known {
			var err error
			if at, err = s.checkpoint(ctx, step.Projection); err != nil {
				return err
			}
		}
		if at != step.From {
			return &readstore.CheckpointError{Projection: step.Projection, Stored: at}
		}
		reached[step.Projection] = step.To
	}
	return nil
}

// advance moves a checkpoint if it still stands where it is expected. Errors: CheckpointError if it does not,
// ErrUnavailable if nobody knows.
func (s *Store) advance(ctx context.Context, step readstore.Advance) error {
	for _, at := range []eventstore.Position{step.From, step.To} {
		if err := checkPosition(at); err != nil {
			return err
		}
	}
	filter := append(byID(step.Projection),
		bson.E{Key: fieldCommit, Value: int64(step.From.Commit)}, bson.E{Key: fieldPrepare, Value: int64(step.From.Prepare)})
	wanted := storedCheckpoint{Projection: step.Projection, Commit: int64(step.To.Commit), Prepare: int64(step.To.Prepare)}
	first := step.From == eventstore.Position{} // there may be none yet
	result, err := s.db.Collection(checkpointsName).ReplaceOne(ctx, filter, wanted, options.Replace().SetUpsert(first))
	switch {
	case err != nil && !mongo.IsDuplicateKeyError(err):
		return failure(ctx, "moving the checkpoint of "+step.Projection, err)
	case err == nil && result.MatchedCount+result.UpsertedCount > 0:
		return nil
	}
	stored, err := s.checkpoint(ctx, step.Projection)
	if err != nil {
		return err
	}
	return &readstore.CheckpointError{Projection: step.Projection, Stored: stored}
}

// ForgetCheckpoint sets a projection back to the beginning.
func (s *Store) ForgetCheckpoint(ctx context.Context, projection string) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	_, err := s.db.Collection(checkpointsName).DeleteOne(ctx, byID(projection))
	return failure(ctx, "forgetting the checkpoint of "+projection, err)
}
