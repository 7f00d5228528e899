package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"go.opentelemetry.io/otel/metric"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/pubsub"
	"services.example/portal/infra/readstore"
)

// Decoder reads stored events; *codec.Codec is the one of the portal.
type Decoder interface {
	Decode(ctx context.Context, recorded eventstore.Recorded) (codec.Envelope, error)
}

// Config is what an Engine works with. Events, Reads, Decoder and Projections are needed.
type Config struct {
	Events      eventstore.Store
	Reads       readstore.Store
	Decoder     Decoder
	Projections []Projection

	Logger *slog.Logger     // nil: slog.Default
	Meter  metric.Meter     // nil: no metrics
	Clock  func() time.Time // tells the age of events, for nothing else; nil: time.Now

	LiveBatch      int // most events in one message of the live group; 0: 512
	CatchUpBatch   int // most events in one message of a group that catches up; 0: 4096
	CacheDocuments int // most documents that a group that catches up changes before it stores them; 0: 8192

	RecentDocuments int // most documents that the live group keeps in memory, of at most 16 MiB when stored; 0: 4096

	// LivePace is the least time from a batch of several events of the live group to the next one, because each costs a
	// commit. Where events come one by one, each is folded at once. 0: 2 ms.
	LivePace time.Duration

	Redelivery, Reconnect pubsub.Backoff // after a failed batch; after the event store failed
}

// Engine runs projections. All that are up to date share one subscription, one watermill handler and one commit a
// batch: the live group. Those that are behind catch up in groups of their own, then join.
type Engine struct {
	config    Config
	directory *Directory
	router    *message.Router
	metrics   *metrics
	live      *liveGroup

	ctx        context.Context //nolint:containedctx // the life of the engine: what it started ends with it
	cancel     context.CancelFunc
	tasks      sync.WaitGroup
	rebuilding chan struct{} // holds one token: one rebuild at a time
	routing    sync.Mutex    // adding handlers to the router

	mu     sync.Mutex
	closed bool
	served map[string]*runner // by name
	builds []*runner          // beside those that serve
	groups map[*catchUpGroup]bool
	number int // of the last group that caught up
}

// New makes an engine and checks its projections. It reads and writes nothing before Start.
func New(config Config) (*Engine, error) {
	config.Logger = cmp.Or(config.Logger, slog.Default())
	config.LiveBatch = cmp.Or(config.LiveBatch, pubsub.DefaultBatch)
	config.CatchUpBatch = cmp.Or(config.CatchUpBatch, 4096)
	config.CacheDocuments = cmp.Or(config.CacheDocuments, 8192)
	config.LivePace = cmp.Or(config.LivePace, 2*time.Millisecond)
	config.RecentDocuments = cmp.Or(config.RecentDocuments, 4096)
	if config.Clock == nil {
		config.Clock = time.Now
	}
	names := map[string]bool{}
	for i := range config.Projections {
		p := &config.Projections[i]
		if err := p.validate(); err != nil {
			return nil, err
		}
		if names[p.Name] {
			return nil, fmt.Errorf("two projections are named %s", p.Name)
		}
		names[p.Name] = true
	}
	levels := map[slog.Level]slog.Level{slog.LevelInfo: slog.LevelDebug}
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: time.Minute},
		watermill.NewSlogLoggerWithLevelMapping(config.Logger, levels))
	if err != nil {
		return nil, fmt.Errorf("making the router of projections: %w", err)
	}
	router.AddMiddleware(recoverer)
	e := &Engine{
		config: config, directory: NewDirectory(config.Reads), router: router,
		rebuilding: make(chan struct{}, 1),
		served:     map[string]*runner{}, groups: map[*catchUpGroup]bool{},
	}
	e.live = newLiveGroup(e)
	if e.metrics, err = newMetrics(config.Meter, e); err != nil {
		return nil, err
	}
	return e, nil
}

// Directory tells which collections serve; queries of the same process should share it.
func (e *Engine) Directory() *Directory { return e.directory }

// Start makes the collections ready and begins to project, in the background, until Close or the end of the context.
// It needs the read store; the event store may come later.
func (e *Engine) Start(ctx context.Context) error {
	e.ctx, e.cancel = context.WithCancel(ctx)
	if err := e.directory.declare(ctx); err != nil {
		return err
	}
	var runners []*runner
	for _, p := range e.config.Projections {
		r, err := e.open(ctx, p)
		if err != nil {
			return fmt.Errorf("opening projection %s: %w", p.Name, err)
		}
		runners = append(runners, r)
	}
	if err := e.live.start(); err != nil { //nolint:contextcheck // a handler works in the context of its message
		return err
	}
	e.tasks.Go(func() {
		if err := e.router.Run(e.ctx); err != nil {
			e.config.Logger.ErrorContext(e.ctx, "the router of projections ended", "error", err)
		}
	})
	select {
	case <-e.router.Running():
	case <-ctx.Done():
		return ctx.Err()
	}
	e.tasks.Go(func() { e.admit(e.ofThisLog(runners)) }) //nolint:contextcheck // it goes on until Close
	return nil
}

// open makes the collection of a projection ready: the one that serves if it is of the same version, otherwise one
// beside it, which takes over once it has caught up.
func (e *Engine) open(ctx context.Context, p Projection) (*runner, error) {
	entry, err := e.directory.read(ctx, p.Name)
	first := errors.Is(err, ErrNotServing)
	if err != nil && !first {
		return nil, err
	}
	r := newRunner(p, p.Collection(), 1, first)
	if entry.Version == p.Version {
		r = newRunner(p, entry.Collection, entry.Generation, true)
	}
	if err := e.declare(ctx, r); err != nil {
		return nil, err
	}
	checkpoint, err := e.config.Reads.Checkpoint(ctx, r.collection)
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoint: %w", err)
	}
	r.resume(checkpoint)
	if first {
		if err := e.directory.switchTo(ctx, p.Name, r.entry()); err != nil {
			return nil, err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.serving {
		e.served[p.Name] = r
		return r, nil
	}
	e.builds = append(e.builds, r)
	e.tasks.Go(func() { e.takeOver(r) })
	return r, nil
}

func (e *Engine) declare(ctx context.Context, r *runner) error {
	collection := readstore.Collection{Name: r.collection, Indexes: r.Indexes}
	if err := e.config.Reads.Declare(ctx, collection); err != nil {
		return fmt.Errorf("declaring the collection %s: %w", r.collection, err)
	}
	return nil
}

func (r *runner) entry() directoryEntry {
	return directoryEntry{Collection: r.collection, Version: r.Version, Generation: r.generation}
}

// takeOver waits until a new version is live and makes it serve.
func (e *Engine) takeOver(r *runner) {
	for failures := 1; e.ctx.Err() == nil; failures++ {
		err := r.reachLive(e.ctx)
		if err == nil {
			err = e.promote(e.ctx, r)
		}
		if err == nil || e.ctx.Err() != nil {
			return
		}
		e.config.Logger.WarnContext(e.ctx, "a new version of a read model cannot take over yet",
			"projection", r.collection, "error", err)
		if e.config.Redelivery.Wait(e.ctx, failures) != nil {
			return
		}
	}
}

// promote makes a runner serve its name, and retires the one that did.
func (e *Engine) promote(ctx context.Context, r *runner) error {
	if err := e.directory.switchTo(ctx, r.Name, r.entry()); err != nil {
		return err
	}
	e.adopt(ctx, r)
	return nil
}

// adopt follows a switch of the directory.
func (e *Engine) adopt(ctx context.Context, r *runner) {
	e.mu.Lock()
	before := e.served[r.Name]
	e.served[r.Name] = r
	e.builds = slices.DeleteFunc(e.builds, func(b *runner) bool { return b == r })
	e.mu.Unlock()
	r.serve()
	if before != nil {
		e.retire(before)
	}
	e.config.Logger.InfoContext(ctx, "a read model is served from another collection", "projection", r.Name,
		"collection", r.collection)
}

// retire takes a runner out of its group.
func (e *Engine) retire(r *runner) {
	r.enter(Retired, "")
	e.live.remove(r)
	e.mu.Lock()
	groups := make([]*catchUpGroup, 0, len(e.groups))
	for group := range e.groups {
		groups = append(groups, group)
	}
	e.mu.Unlock()
	for _, group := range groups {
		group.remove(r)
	}
}

// admit lets runners join the live group, those that are behind after they have caught up. It tries until it succeeds.
func (e *Engine) admit(runners []*runner) {
	for failures := 1; ; failures++ {
		behind, err := e.tryAdmit(runners)
		if err == nil {
			return
		}
		if e.ctx.Err() != nil {
			return
		}
		e.config.Logger.WarnContext(e.ctx, "projections cannot start yet", "error", err)
		if e.config.Reconnect.Wait(e.ctx, failures) != nil {
			return
		}
		runners = behind
	}
}

var errOtherLog = errors.New("its checkpoint lies beyond the end of the event log: the log was replaced or restored from " +
	"an older copy; rebuild the read model")

// ofThisLog stops runners that have seen what the log does not hold: they would skip what comes next.
func (e *Engine) ofThisLog(runners []*runner) []*runner {
	select {
	case <-e.live.started:
	case <-e.ctx.Done():
		return nil
	}
	return slices.DeleteFunc(runners, func(r *runner) bool {
		beyond := e.live.head.Before(r.folded)
		if beyond {
			e.stopped(e.ctx, r, errOtherLog)
		}
		return beyond
	})
}

// tryAdmit returns the runners that have found no group yet when it fails.
func (e *Engine) tryAdmit(runners []*runner) (left []*runner, err error) {
	runners = slices.Clone(runners)
	slices.SortStableFunc(runners, func(a, b *runner) int { return a.folded.Compare(b.folded) })
	var behind []*runner
	for i, r := range runners {
		joined, err := e.live.join(e.ctx, r)
		if err != nil {
			return append(behind, runners[i:]...), err
		}
		if !joined {
			behind = append(behind, r)
		}
	}
	for len(behind) > 0 {
		near, err := e.near(behind)
		if err != nil {
			return behind, err
		}
		if err := e.catchUp(behind[:near]); err != nil {
			return behind, err
		}
		behind = behind[near:]
	}
	return nil, nil
}

// near counts the runners, sorted by position, that may as well catch up with the first of them.
func (e *Engine) near(behind []*runner) (int, error) {
	shared := 8 * e.config.CatchUpBatch
	after := func(r *runner) (int, error) {
		n, err := e.config.Events.EventsAfter(e.ctx, r.folded, 1<<40)
		if err != nil {
			return 0, fmt.Errorf("counting the events after %s: %w", r.folded, err)
		}
		return n, nil
	}
	first, err := after(behind[0])
	if err != nil {
		return 0, err
	}
	for n := 1; n < len(behind); n++ {
		if behind[n].folded == behind[0].folded {
			continue
		}
		count, err := after(behind[n])
		if err != nil {
			return 0, err
		}
		if first-count > shared {
			return n, nil
		}
	}
	return len(behind), nil
}

// handle adds a handler to the router. The subscription that it gets starts where from says.
func (e *Engine) handle(
	name string, batch int, pace time.Duration, filter eventstore.Filter,
	from func(context.Context) (eventstore.Position, error),
	handle func(context.Context, eventstore.Delivery) error,
) (*message.Handler, error) {
	subscriber, err := pubsub.NewSubscriber(e.config.Events, pubsub.Config{
		Batch: batch, Packing: pubsub.Batches, Pace: pace,
		Filter:     func(string) eventstore.Filter { return filter },
		From:       func(ctx context.Context, _ string) (eventstore.Position, error) { return from(ctx) },
		Redelivery: e.config.Redelivery, Reconnect: e.config.Reconnect, Logger: e.config.Logger,
	})
	if err != nil {
		return nil, err
	}
	e.routing.Lock()
	defer e.routing.Unlock()
	handler := e.router.AddConsumerHandler(name, name, subscriber, func(msg *message.Message) error {
		events, through, live, err := pubsub.Unpack(msg)
		if err != nil {
			return fmt.Errorf("unpacking events for projections: %w", err)
		}
		return handle(msg.Context(), eventstore.Delivery{Events: events, Through: through, Live: live})
	})
	if e.router.IsRunning() {
		if err := e.router.RunHandlers(e.ctx); err != nil {
			return nil, fmt.Errorf("running the handler %s: %w", name, err)
		}
	}
	return handler, nil
}

// stopped notes that a bug has stopped a projection, once.
func (e *Engine) stopped(ctx context.Context, r *runner, fault error) {
	r.enter(Stopped, fault.Error())
	e.metrics.stopped(ctx, r)
	e.config.Logger.ErrorContext(ctx, "a projection stopped", "projection", r.collection,
		"position", r.committedThrough().String(), "error", fault)
}

// leave deals with a runner that its group cannot go on with: stopped by a fault, or started again from where its
// checkpoint really is.
func (e *Engine) leave(ctx context.Context, r *runner, cause error) {
	var fault *faultError
	if errors.As(cause, &fault) {
		e.stopped(ctx, r, fault)
		return
	}
	e.config.Logger.WarnContext(ctx, "a projection starts again from its stored checkpoint",
		"projection", r.collection, "error", cause)
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.tasks.Go(func() { e.restart(r) }) //nolint:contextcheck // it goes on until Close
	}
}

// Restart lets a stopped projection go on from its checkpoint, in hope of better luck: after its documents were
// repaired, say. Projections in other states are left alone.
func (e *Engine) Restart(name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return errClosed
	}
	for _, r := range append(slices.Clone(e.builds), e.served[name]) {
		if r == nil || r.Name != name {
			continue
		}
		r.mu.Lock()
		stopped := r.state == Stopped
		r.mu.Unlock()
		if stopped {
			r.enter(r.notLive(), "")
			e.tasks.Go(func() { e.restart(r) })
		}
	}
	return nil
}

func (e *Engine) restart(r *runner) {
	r.mu.Lock()
	r.restarts++
	failures := r.restarts
	r.mu.Unlock()
	r.enter(r.notLive(), "")
	for ; ; failures++ {
		if e.config.Redelivery.Wait(e.ctx, failures) != nil {
			return
		}
		checkpoint, err := e.config.Reads.Checkpoint(e.ctx, r.collection)
		if err == nil {
			r.resume(checkpoint)
			e.admit([]*runner{r})
			return
		}
		e.config.Logger.WarnContext(e.ctx, "reading a checkpoint failed", "projection", r.collection, "error", err)
	}
}

var errClosed = errors.New("the projections are closed")

// CaughtUp waits until every projection is live. It fails if one is stopped, or with the context.
func (e *Engine) CaughtUp(ctx context.Context) error {
	for _, r := range e.runners() {
		if err := r.reachLive(ctx); err != nil {
			return err
		}
	}
	return nil
}

// runners lists what the engine runs: those that serve in the order of the configuration, then what is being built.
func (e *Engine) runners() []*runner {
	e.mu.Lock()
	defer e.mu.Unlock()
	var runners []*runner
	for _, p := range e.config.Projections {
		if r := e.served[p.Name]; r != nil {
			runners = append(runners, r)
		}
	}
	return append(runners, e.builds...)
}

// Close stops projecting, stores what groups that catch up have done, and waits until nothing of it runs any more. The
// stores stay open.
func (e *Engine) Close() error {
	if e.cancel == nil {
		return nil
	}
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	err := e.router.Close()
	e.cancel()
	e.tasks.Wait()
	e.metrics.close()
	for group := range e.groups {
		group.finish()
	}
	if err != nil {
		return fmt.Errorf("closing the projections: %w", err)
	}
	return nil
}
