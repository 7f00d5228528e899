package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"golang.org/x/sync/errgroup"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lease"
	"services.example/portal/infra/pubsub"
	"services.example/portal/infra/readstore"
)

// session is the time for which an engine owns its projections: without leases, all of its life. All that are up to date
// share one subscription, one watermill handler and one commit a batch: the live group. Those that are behind catch up in
// groups of their own, then join.
type session struct {
	config    Config
	directory *Directory
	router    *message.Router
	metrics   *metrics
	live      *liveGroup
	held      *lease.Held // nil without leases

	ctx        context.Context //nolint:containedctx // the life of the session: what it started ends with it
	cancel     context.CancelFunc
	tasks      sync.WaitGroup
	rebuilding chan struct{} // holds one token: one rebuild at a time
	routing    sync.Mutex    // adding handlers to the router

	mu     sync.Mutex
	closed bool
	served map[string]*runner // by name
	builds []*runner          // beside those that serve
	groups map[*catchUpGroup]bool
	number int      // of the last group that caught up
	needs  []string // what this binary is too old for

	drifted chan struct{} // closed when the directory is not as this session left it
}

func newSession(e *Engine, held *lease.Held) (*session, error) {
	levels := map[slog.Level]slog.Level{slog.LevelInfo: slog.LevelDebug}
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: time.Minute},
		watermill.NewSlogLoggerWithLevelMapping(e.config.Logger, levels))
	if err != nil {
		return nil, fmt.Errorf("making the router of projections: %w", err)
	}
	router.AddMiddleware(recoverer)
	s := &session{
		config: e.config, directory: e.directory, metrics: e.metrics, router: router, held: held,
		rebuilding: make(chan struct{}, 1), drifted: make(chan struct{}),
		served: map[string]*runner{}, groups: map[*catchUpGroup]bool{},
	}
	s.live = newLiveGroup(s)
	return s, nil
}

// start makes the collections ready and begins to project, in the background, until close or the end of the context.
func (s *session) start(ctx context.Context) error {
	s.ctx, s.cancel = context.WithCancel(ctx)
	if s.held != nil { // what is under way is brought to its end while the lease still lasts
		s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	}
	runners, err := s.openAll(ctx)
	if err != nil {
		return err
	}
	if s.held != nil {
		s.tasks.Go(func() { s.sweep(s.ctx) })
		s.tasks.Go(func() { s.watch(s.ctx) })
	}
	if err := s.live.start(); err != nil { //nolint:contextcheck // a handler works in the context of its message
		return err
	}
	s.tasks.Go(func() {
		if err := s.router.Run(s.ctx); err != nil {
			s.config.Logger.ErrorContext(s.ctx, "the router of projections ended", "error", err)
		}
	})
	select {
	case <-s.router.Running():
	case <-ctx.Done():
		return ctx.Err()
	}
	s.tasks.Go(func() { s.admit(s.ofThisLog(runners)) }) //nolint:contextcheck // it goes on until Close
	return nil
}

// openAll opens all projections: at once where the read store is far away and others wait for their new owner.
func (s *session) openAll(ctx context.Context) ([]*runner, error) {
	runners := make([]*runner, len(s.config.Projections))
	opening, ctx := errgroup.WithContext(ctx)
	if s.held == nil {
		opening.SetLimit(1)
	}
	for i, p := range s.config.Projections {
		opening.Go(func() (err error) {
			if runners[i], err = s.open(ctx, p); err != nil {
				return fmt.Errorf("opening projection %s: %w", p.Name, err)
			}
			return nil
		})
	}
	if err := opening.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(runners, func(r *runner) bool { return r == nil }), nil
}

// open makes the collection of a projection ready: the one that serves if it is of the same version, otherwise one
// beside it, which takes over once it has caught up; none if a newer binary has made the one that serves.
func (s *session) open(ctx context.Context, p Projection) (*runner, error) {
	entry, err := s.directory.read(ctx, p.Name)
	first := errors.Is(err, ErrNotServing)
	if err != nil && !first {
		return nil, err
	}
	if s.held != nil && entry.Version > p.Version {
		return nil, s.leaveToNewer(ctx, p, entry)
	}
	r := newRunner(p, p.Collection(), 1, first)
	if entry.Version == p.Version {
		r = newRunner(p, entry.Collection, entry.Generation, true)
	}
	if err := s.declare(ctx, r); err != nil {
		return nil, err
	}
	checkpoint, err := s.config.Reads.Checkpoint(ctx, r.collection)
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoint: %w", err)
	}
	r.resume(checkpoint)
	if first {
		if err := s.directory.switchTo(ctx, p.Name, r.entry(), s.fence()...); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.serving {
		s.served[p.Name] = r
		return r, nil
	}
	s.builds = append(s.builds, r)
	s.tasks.Go(func() { s.takeOver(r) })
	return r, nil
}

func (s *session) declare(ctx context.Context, r *runner) error {
	collection := readstore.Collection{Name: r.collection, Indexes: r.Indexes}
	if err := s.config.Reads.Declare(ctx, collection); err != nil {
		return fmt.Errorf("declaring the collection %s: %w", r.collection, err)
	}
	return nil
}

func (r *runner) entry() directoryEntry {
	return directoryEntry{Collection: r.collection, Version: r.Version, Generation: r.generation}
}

// handle adds a handler to the router. The subscription that it gets starts where from says.
func (s *session) handle(
	name string, batch int, pace pubsub.Pace, filter eventstore.Filter,
	from func(context.Context) (eventstore.Position, error),
	handle func(context.Context, eventstore.Delivery) error,
) (*message.Handler, error) {
	subscriber, err := pubsub.NewSubscriber(s.config.Events, pubsub.Config{
		Batch: batch, Packing: pubsub.Batches, Pace: pace,
		Filter:     func(string) eventstore.Filter { return filter },
		From:       func(ctx context.Context, _ string) (eventstore.Position, error) { return from(ctx) },
		Redelivery: s.config.Redelivery, Reconnect: s.config.Reconnect, Logger: s.config.Logger,
	})
	if err != nil {
		return nil, err
	}
	s.routing.Lock()
	defer s.routing.Unlock()
	handler := s.router.AddConsumerHandler(name, name, subscriber, func(msg *message.Message) error {
		events, through, live, err := pubsub.Unpack(msg)
		if err != nil {
			return fmt.Errorf("unpacking events for projections: %w", err)
		}
		return handle(msg.Context(), eventstore.Delivery{Events: events, Through: through, Live: live})
	})
	if s.router.IsRunning() {
		if err := s.router.RunHandlers(s.ctx); err != nil {
			return nil, fmt.Errorf("running the handler %s: %w", name, err)
		}
	}
	return handler, nil
}

// leave deals with a runner that its group cannot go on with: stopped by a fault, or started again from where its
// checkpoint really is.
func (s *session) leave(ctx context.Context, r *runner, cause error) {
	next := s.restart
	var fault *faultError
	if errors.As(cause, &fault) {
		next = func(r *runner) { s.stop(r, fault) }
	} else {
		s.config.Logger.WarnContext(ctx, "a projection starts again from its stored checkpoint",
			"projection", r.collection, "error", cause)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.tasks.Go(func() { next(r) })
	}
}

func (s *session) restartStopped(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	for _, r := range append(slices.Clone(s.builds), s.served[name]) {
		if r == nil || r.Name != name {
			continue
		}
		r.mu.Lock()
		stopped := r.state == Stopped
		r.mu.Unlock()
		if stopped {
			r.enter(r.notLive(), "")
			s.tasks.Go(func() { s.restart(r) })
		}
	}
	return nil
}

func (s *session) restart(r *runner) {
	r.mu.Lock()
	r.restarts++
	failures := r.restarts
	r.mu.Unlock()
	r.enter(r.notLive(), "")
	for ; ; failures++ {
		if s.config.Redelivery.Wait(s.ctx, failures) != nil {
			return
		}
		checkpoint, err := s.config.Reads.Checkpoint(s.ctx, r.collection)
		if err == nil {
			r.resume(checkpoint)
			s.admit([]*runner{r})
			return
		}
		s.config.Logger.WarnContext(s.ctx, "reading a checkpoint failed", "projection", r.collection, "error", err)
	}
}

// runners lists what the engine runs: those that serve in the order of the configuration, then what is being built.
func (s *session) runners() []*runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	var runners []*runner
	for _, p := range s.config.Projections {
		if r := s.served[p.Name]; r != nil {
			runners = append(runners, r)
		}
	}
	return append(runners, s.builds...)
}

// caughtUp waits until every projection is live. It fails if one is stopped, or with the context.
func (s *session) caughtUp(ctx context.Context) error {
	for _, r := range s.runners() {
		if err := r.reachLive(ctx); err != nil {
			return err
		}
	}
	return nil
}

// close stops projecting, stores what groups that catch up have done, and waits until nothing of it runs any more.
func (s *session) close() error {
	if s.cancel == nil {
		return nil
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	err := s.router.Close()
	s.cancel()
	s.tasks.Wait()
	s.live.finish()
	for group := range s.groups {
		group.finish()
	}
	if err != nil {
		return fmt.Errorf("closing the projections: %w", err)
	}
	return nil
}
