package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// pollInterval is how often a checkpoint is read that another process moves, however many wait for it.
const pollInterval = 10 * time.Millisecond

// Await waits until what serves a read model has seen everything up to a position. Within the process that builds it
// this takes no polling. A read model that nothing serves yet is waited for, too: on a slow store a projector needs a
// moment for its first collection. Errors: the context's, those of the read store, ErrNotServing for a name that this
// engine does not know.
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
	if errors.Is(err, ErrNotServing) && e.knows(name) {
		return false, pause(ctx)
	}
	if err != nil {
		return false, err
	}
	if s, _ := e.owner(); s != nil {
		if r := s.working(name, collection); r != nil {
			return r.wait(ctx, position)
		}
	}
	checkpoint, err := e.checkpoints.read(ctx, collection)
	if err != nil || !checkpoint.Before(position) {
		return err == nil, err
	}
	return false, pause(ctx)
}

func (e *Engine) knows(name string) bool {
	return slices.ContainsFunc(e.config.Projections, func(p Projection) bool { return p.Name == name })
}

// pause lasts a pollInterval. Errors: the context's.
func pause(ctx context.Context) error {
	timer := time.NewTimer(pollInterval)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// working is the runner that builds a collection which serves; nil if none does.
func (s *session) working(name, collection string) *runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.served[name]
	if r == nil || r.collection != collection {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == Stopped || r.state == Retired {
		return nil
	}
	return r
}

// sharedCheckpoints reads checkpoints for all who wait: each at most once in a pollInterval.
type sharedCheckpoints struct {
	reads readstore.Store

	mu       sync.Mutex
	readings map[string]*reading // by collection: the latest
}

// reading is one look at a checkpoint.
type reading struct {
	done chan struct{} // closed when it has ended
	at   eventstore.Position
	err  error
	when time.Time
}

// read returns a checkpoint that was read less than a pollInterval ago.
func (c *sharedCheckpoints) read(ctx context.Context, collection string) (eventstore.Position, error) {
	for {
		r, mine := c.latest(collection)
		if mine {
			r.at, r.err = c.reads.Checkpoint(ctx, collection)
			r.when = time.Now()
			close(r.done)
			return r.at, r.err
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return eventstore.Position{}, ctx.Err()
		}
		if r.err == nil {
			return r.at, nil
		}
		// It may have failed with the context of whoever was reading.
	}
}

// latest is a reading to share, or one that the caller has to make.
func (c *sharedCheckpoints) latest(collection string) (r *reading, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.readings[collection]; r != nil {
		select {
		case <-r.done:
			if r.err == nil && time.Since(r.when) < pollInterval {
				return r, false
			}
		default:
			return r, false
		}
	}
	r = &reading{done: make(chan struct{})}
	c.readings[collection] = r
	return r, true
}
