package projections

import (
	"context"
	"fmt"
	"time"

	"services.example/portal/infra/eventstore"
)

// pollInterval is how often a checkpoint is read that another process moves.
const pollInterval = 10 * time.Millisecond

// Await waits until what serves a read model has seen everything up to a position. Within the process that builds it
// this takes no polling. Errors: the context's, ErrNotServing, those of the read store.
func (e *Engine) Await(ctx context.Context, name string, position eventstore.Position) error {
	for {
		reached, err := e.await(ctx, name, position)
		if err != nil {
			return fmt.Errorf("waiting for %s to reach %s: %w", name, position, err)
		}
		if reached {
			return nil
		}
	}
}

func (e *Engine) await(ctx context.Context, name string, position eventstore.Position) (reached bool, err error) {
	collection, err := e.directory.Serving(ctx, name)
	if err != nil {
		return false, err
	}
	e.mu.Lock()
	r := e.served[name]
	e.mu.Unlock()
	if r != nil && r.collection == collection {
		r.mu.Lock()
		here := r.state != Stopped && r.state != Retired
		r.mu.Unlock()
		if here {
			return r.wait(ctx, position)
		}
	}
	checkpoint, err := e.config.Reads.Checkpoint(ctx, collection)
	if err != nil || !checkpoint.Before(position) {
		return err == nil, err
	}
	timer := time.NewTimer(pollInterval)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}
