package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lease"
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

	LiveBatch    int // most events in one message of the live group; 0: 512
	CatchUpBatch int // most events in one message of a group that catches up; 0: 4096
	// DeferCompactions, where nobody reads beside, is called before read models are rebuilt, and what it returns once they
	// are built; nil: nothing is.
	DeferCompactions func() (resume func())

	MostLag        int // events that are counted to tell how far a projection is behind; 0: 1,000,000
	CacheDocuments int // most documents that a group that catches up changes before it stores them; 0: 8192

	RecentDocuments int // most documents that the live group keeps in memory, of at most 16 MiB when stored; 0: 4096

	// LivePace lets events gather for a batch of the live group, because each costs a commit. Zero: 0.25 ms for each event
	// of the batch before, at most 32 ms.
	LivePace pubsub.Pace

	Redelivery, Reconnect pubsub.Backoff // after a failed batch; after the event store failed

	// Leases let several processes run the same projections on one read store: one of them owns the projections, the
	// others stand by. Nil: this process is the only one.
	Leases *lease.Leases
}

// Engine runs projections: in a session of its own, or, with Leases, in one that begins when the lease is taken and ends
// when it is lost or handed over. Without a session it stands by: it subscribes to nothing, and answers from what the
// owner stores.
type Engine struct {
	config      Config
	directory   *Directory
	metrics     *metrics
	checkpoints sharedCheckpoints

	ctx    context.Context //nolint:containedctx // the life of the engine: what it started ends with it
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	mu      sync.Mutex
	follows bool          // it never projects
	session *session      // nil: standing by
	changed chan struct{} // closed when session changes
}

// New makes an engine and checks its projections. It reads and writes nothing before Start.
func New(config Config) (*Engine, error) {
	config.Logger = cmp.Or(config.Logger, slog.Default())
	config.LiveBatch = cmp.Or(config.LiveBatch, pubsub.DefaultBatch)
	config.CatchUpBatch = cmp.Or(config.CatchUpBatch, 4096)
	config.CacheDocuments = cmp.Or(config.CacheDocuments, 8192)
	if config.DeferCompactions == nil {
		config.DeferCompactions = func() func() { return func() {} }
	}
	config.MostLag = cmp.Or(config.MostLag, 1_000_000)
	config.LivePace = cmp.Or(config.LivePace, pubsub.Pace{Each: 250 * time.Microsecond, Most: 32 * time.Millisecond})
	config.RecentDocuments = cmp.Or(config.RecentDocuments, 4096)
	if config.Clock == nil {
		config.Clock = time.Now
	}
	versions := map[string]int{}
	for i := range config.Projections {
		p := &config.Projections[i]
		if err := p.validate(); err != nil {
			return nil, err
		}
		if versions[p.Name] > 0 {
			return nil, fmt.Errorf("two projections are named %s", p.Name)
		}
		versions[p.Name] = p.Version
	}
	e := &Engine{
		config: config, directory: NewDirectory(config.Reads), changed: make(chan struct{}),
		checkpoints: sharedCheckpoints{reads: config.Reads, readings: map[string]*reading{}},
	}
	if config.Leases != nil {
		e.directory.versions = versions
	}
	var err error
	e.metrics, err = newMetrics(config.Meter, e)
	return e, err
}

// Directory tells which collections serve; queries of the same process should share it.
func (e *Engine) Directory() *Directory { return e.directory }

// Start makes the collections ready and begins to project, in the background, until Close or the end of the context. With
// Leases it only begins to wait for the lease. It needs the read store; the event store may come later.
func (e *Engine) Start(ctx context.Context) error {
	if err := e.directory.declare(ctx); err != nil {
		return err
	}
	if e.config.Leases != nil {
		return e.compete(ctx)
	}
	s, err := newSession(e, nil)
	if err != nil {
		return err
	}
	e.enter(s)
	return s.start(ctx)
}

// StandBy is Start for a process that never projects, and answers from what others store. It needs Leases.
func (e *Engine) StandBy(ctx context.Context) error {
	if e.config.Leases == nil {
		return errors.New("standing by needs leases: without them nobody else can project")
	}
	e.mu.Lock()
	e.follows = true
	e.mu.Unlock()
	return e.directory.declare(ctx)
}

var (
	errClosed  = errors.New("the projections are closed")
	errFollows = errors.New("this process never projects: give the command to one that does")
)

// owner is the session in which this process projects; nil while it stands by.
func (e *Engine) owner() (*session, <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.session, e.changed
}

// enter notes that a session has begun, or that it has ended.
func (e *Engine) enter(s *session) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.session = s
	close(e.changed)
	e.changed = make(chan struct{})
}

// Restart lets a stopped projection go on from its checkpoint, in hope of better luck: after its documents were
// repaired, say. Projections in other states are left alone. It is for the process that projects.
func (e *Engine) Restart(name string) error {
	s, _ := e.owner()
	if s == nil {
		return errClosed
	}
	return s.restartStopped(name)
}

// CaughtUp waits until every projection is live, or, where this process stands by, until the owner has stored everything
// that the log holds now. It fails if one is stopped, or with the context.
func (e *Engine) CaughtUp(ctx context.Context) error {
	for {
		s, _ := e.owner()
		if s == nil && e.config.Leases != nil {
			return e.followed(ctx)
		}
		if s == nil {
			return errClosed
		}
		err := s.caughtUp(ctx)
		if now, _ := e.owner(); err == nil || now == s {
			return err
		}
	}
}

// Rebuild builds the named read models again from the beginning of the log, all others going on meanwhile, compares
// them with what serves, and lets them serve instead. Without names it rebuilds all. Read models that are rebuilt
// together share one reading of the log. It does not return before the new generations serve; when the context ends
// they are given up and nothing has changed. Where another process projects, this one first asks it to hand over.
func (e *Engine) Rebuild(ctx context.Context, names ...string) ([]Report, error) {
	s, err := e.own(ctx)
	if err != nil {
		return nil, err
	}
	return s.rebuild(ctx, names...)
}

// Close stops projecting, stores what groups that catch up have done, and waits until nothing of it runs any more. The
// stores stay open.
func (e *Engine) Close() error {
	e.metrics.close()
	if e.cancel != nil { // with leases
		e.cancel()
		e.tasks.Wait()
		return nil
	}
	if s, _ := e.owner(); s != nil {
		return s.close()
	}
	return nil
}
