package projections

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"services.example/portal/infra/eventstore"
)

// State is what a projection is doing.
type State string

// The states of a projection.
const (
	CatchingUp State = "catching-up" // serves, and works off what it has missed
	Building   State = "building"    // does not serve yet: another version or generation does
	Live       State = "live"        // folds every event as it comes
	Stopped    State = "stopped"     // by a bug; needs a new binary, or Restart
	Retired    State = "retired"     // another version or generation has taken over
	Standby    State = "standby"     // another process builds it
)

// runner is one collection being built: a projection in one generation. It belongs to at most one group at a time, and
// only that group, holding its lock, folds with it.
type runner struct {
	Projection
	collection string // also the name of its checkpoint
	generation int
	attributes metric.MeasurementOption

	// folded is where its documents in memory stand; committed (below) is where the stored ones do; checkpoint is where
	// the read store says that they do, since saved.
	folded, checkpoint eventstore.Position
	saved              time.Time

	scratch scratch      // for the documents of one live batch
	newSize atomic.Int64 // bytes of the stored form of a new document, lately

	mu        sync.Mutex
	state     State
	serving   bool
	committed eventstore.Position
	lastError string
	restarts  int
	unknown   uint64 // events of unknown types, skipped
	events    uint64 // folded or found not to matter
	documents uint64 // written or removed
	waiting   []waiter
}

// waiter waits until a runner has committed up to a position, or has changed its state.
type waiter struct {
	position eventstore.Position
	done     chan struct{}
}

func newRunner(p Projection, collection string, generation int, serving bool) *runner {
	r := &runner{
		scratch:    make(scratch, runtime.GOMAXPROCS(0)),
		Projection: p, collection: collection, generation: generation, serving: serving,
		attributes: metric.WithAttributeSet(attribute.NewSet(attribute.String("projection", p.Name))),
	}
	r.state = r.notLive()
	return r
}

// notLive is the state of a runner that is behind.
func (r *runner) notLive() State {
	if r.serving {
		return CatchingUp
	}
	return Building
}

func (r *runner) serve() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.serving = true
}

func (r *runner) committedThrough() eventstore.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.committed
}

// resume sets where the runner stands, as stored.
func (r *runner) resume(checkpoint eventstore.Position) {
	r.folded, r.checkpoint, r.saved = checkpoint, checkpoint, time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.committed = checkpoint
}

// commit notes that documents and checkpoint are stored up to a position, and wakes whoever waited for it.
func (r *runner) commit(position eventstore.Position, documents int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.committed = position
	r.documents += uint64(documents)
	r.restarts = 0
	kept := r.waiting[:0]
	for _, w := range r.waiting {
		if position.Before(w.position) {
			kept = append(kept, w)
		} else {
			close(w.done)
		}
	}
	clear(r.waiting[len(kept):])
	r.waiting = kept
}

// enter changes the state and wakes everybody who waits, to look again. It answers false for a runner that is
// retired, which it stays.
func (r *runner) enter(state State, lastError string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == Retired {
		return false
	}
	r.state, r.lastError = state, lastError
	for _, w := range r.waiting {
		close(w.done)
	}
	r.waiting = nil
	return true
}

// wait waits until the position is committed; it answers false when the runner cannot get there or has changed its
// state, so that its caller looks again.
func (r *runner) wait(ctx context.Context, position eventstore.Position) (reached bool, err error) {
	r.mu.Lock()
	if !r.committed.Before(position) {
		r.mu.Unlock()
		return true, nil
	}
	if r.state == Stopped || r.state == Retired {
		r.mu.Unlock()
		return false, nil
	}
	return false, r.sleep(ctx, position)
}

// reachLive waits until the runner is live. It fails when the runner stops, or with the context.
func (r *runner) reachLive(ctx context.Context) error {
	for {
		r.mu.Lock()
		switch r.state {
		case Live:
			r.mu.Unlock()
			return nil
		case Stopped, Retired:
			defer r.mu.Unlock()
			return fmt.Errorf("projection %s is %s: %s", r.collection, r.state, r.lastError)
		case CatchingUp, Building, Standby:
		}
		if err := r.sleep(ctx, eventstore.EndPosition); err != nil {
			return fmt.Errorf("waiting for projection %s: %w", r.collection, err)
		}
	}
}

// sleep waits for a commit up to the position or a change of state. It is entered with the lock held and releases it.
func (r *runner) sleep(ctx context.Context, position eventstore.Position) error {
	w := waiter{position: position, done: make(chan struct{})}
	r.waiting = append(r.waiting, w)
	r.mu.Unlock()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		r.forget(w)
		return ctx.Err()
	}
}

func (r *runner) forget(gone waiter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, w := range r.waiting {
		if w.done == gone.done {
			r.waiting = append(r.waiting[:i], r.waiting[i+1:]...)
			return
		}
	}
}
