package pebblestore

import (
	"context"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/eventstore"
)

// Checkpoint returns the position of a projection.
func (s *Store) Checkpoint(ctx context.Context, projection string) (eventstore.Position, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return eventstore.Position{}, err
	}
	defer leave()
	return s.storedCheckpoint(projection)
}

func (s *Store) storedCheckpoint(projection string) (eventstore.Position, error) {
	stored, err := s.get(checkpointKey(projection))
	if errors.Is(err, pebble.ErrNotFound) {
		return eventstore.Position{}, nil
	}
	if err != nil {
		return eventstore.Position{}, broken("reading the checkpoint of "+projection, err)
	}
	at, err := parseRecord(stored)
	if err != nil {
		return eventstore.Position{}, broken("reading the checkpoint of "+projection, err)
	}
	return at.seen(), nil
}

// ForgetCheckpoint sets a projection back to the beginning.
func (s *Store) ForgetCheckpoint(ctx context.Context, projection string) error {
	leave, err := s.enterWrite(ctx)
	if err != nil {
		return err
	}
	defer leave()
	defer s.checkpoints.lock(projection)()
	s.recent.forget(projection)
	batch := s.db.NewBatch()
	defer func() { _ = batch.Close() }()
	if err := batch.Delete(checkpointKey(projection), nil); err != nil {
		return broken("forgetting the checkpoint of "+projection, err)
	}
	return s.applySync(batch)
}
