package reactors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lease"
	"services.example/portal/infra/pubsub"
	"services.example/portal/infra/readstore"
)

// DefaultLease is the lease of reactors, which run where projections do.
const DefaultLease = "reactors"

// Decoder reads stored events; *codec.Codec is the one of the portal.
type Decoder interface {
	Decode(ctx context.Context, recorded eventstore.Recorded) (codec.Envelope, error)
}

// Config is what an Engine works with. Events, Reads and Decoder are needed.
type Config struct {
	Events   eventstore.Store
	Reads    readstore.Store // keeps the checkpoints
	Decoder  Decoder
	Reactors []Reactor
	Tasks    []Task

	Logger *slog.Logger     // nil: slog.Default
	Meter  metric.Meter     // nil: no metrics
	Clock  func() time.Time // nil: time.Now

	Redelivery, Reconnect pubsub.Backoff // after a failed reaction or task; after the event store failed

	// Leases let one of several processes run the reactors. Nil: this process is the only one.
	Leases *lease.Leases
	Lease  string // names the lease of this engine; empty: DefaultLease
}

// Engine runs reactors and tasks, each on its own, so that one that is stuck does not hold up the others.
type Engine struct {
	config  Config
	metrics *metrics
}

// New makes an engine and checks its reactors. It reads and writes nothing before Run.
func New(config Config) (*Engine, error) {
	config.Logger = cmp.Or(config.Logger, slog.Default())
	if config.Clock == nil {
		config.Clock = time.Now
	}
	config.Lease = cmp.Or(config.Lease, DefaultLease)
	config.Redelivery.Max = cmp.Or(config.Redelivery.Max, time.Minute)
	names := map[string]bool{}
	for i := range config.Reactors {
		r := &config.Reactors[i]
		if err := r.validate(); err != nil {
			return nil, err
		}
		if names[r.Name] {
			return nil, fmt.Errorf("%w: %s", errNamedTwice, r.Name)
		}
		names[r.Name] = true
	}
	for _, task := range config.Tasks {
		if names[task.Name] || task.Run == nil {
			return nil, fmt.Errorf("%w, or does nothing: %s", errNamedTwice, task.Name)
		}
		names[task.Name] = true
	}
	e := &Engine{config: config}
	var err error
	e.metrics, err = newMetrics(config.Meter, config.Clock)
	return e, err
}

// Run runs everything until the context ends; with leases, while this process has the reactors' lease. It returns when
// nothing of it runs any more. Its error is the context's, unless the lease cannot be declared.
func (e *Engine) Run(ctx context.Context) error {
	defer e.metrics.close()
	if e.config.Leases == nil {
		return e.work(ctx, nil)
	}
	if err := e.config.Leases.Declare(ctx); err != nil {
		return err
	}
	return e.config.Leases.RunAble(ctx, e.config.Lease, e.reads, e.work)
}

// reads tells whether this binary is able to do what another was not: to read an event.
func (e *Engine) reads(stored string) bool {
	reader, ok := e.config.Decoder.(interface{ Reads(stored string) bool })
	return ok && reader.Reads(stored)
}

// work runs everything until the context ends. Held is nil without leases.
func (e *Engine) work(ctx context.Context, held *lease.Held) error {
	o := &owner{held: held}
	var running sync.WaitGroup
	for i := range e.config.Reactors {
		f := newFollowing(e, &e.config.Reactors[i], o)
		running.Go(func() { e.persist(ctx, f.reactor.Name, f.run) })
	}
	for _, task := range e.config.Tasks {
		running.Go(func() {
			e.persist(ctx, task.Name, func(ctx context.Context) error { return task.Run(ctx, o.may) })
		})
	}
	running.Wait()
	return ctx.Err()
}

// persist starts something again whenever it ends before the context, with growing pauses while it ends at once.
func (e *Engine) persist(ctx context.Context, name string, run func(context.Context) error) {
	for failures := 1; ctx.Err() == nil; failures++ {
		began := e.config.Clock()
		err := safely(ctx, run)
		if ctx.Err() != nil {
			return
		}
		if e.config.Clock().Sub(began) > settled {
			failures = 1
		}
		e.metrics.failed(ctx, name)
		e.config.Logger.ErrorContext(ctx, "a reactor ended and starts again", "reactor", name, "failures", failures, "error", err)
		if e.config.Redelivery.Wait(ctx, failures) != nil {
			return
		}
	}
}

// settled is after what time without a fault the pauses begin short again.
const settled = time.Minute

// safely turns a panic into an error: a fault in one reactor must not end the process, and with it all the others. What the
// panic says is left out unless it is a fault of the run time: it may hold personal data.
func safely(ctx context.Context, run func(context.Context) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w with a %T", errPanicked, cause)
			if fault, ok := cause.(runtime.Error); ok {
				err = fmt.Errorf("%w: %w", errPanicked, fault)
			}
		}
	}()
	return run(ctx)
}

var errPanicked = errors.New("panicked")

// owner is the right to act.
type owner struct {
	held *lease.Held // nil: nobody else can have it

	mu    sync.Mutex
	needs []string // events that this binary is too old for
}

// may tells, at this moment, whether this process may act.
func (o *owner) may() bool { return o.held == nil || o.held.Valid() }

// fence is the condition under which a checkpoint may be moved.
func (o *owner) fence() []readstore.Advance {
	if o.held == nil {
		return nil
	}
	return []readstore.Advance{o.held.Fence()}
}

// need says that only a newer binary can go on.
func (o *owner) need(stored string) {
	if o.held == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.needs = append(o.needs, stored)
	o.held.Need(o.needs...)
}
