package projections_test

import (
	"context"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/lease"
	"services.example/portal/infra/pubsub"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// shortTTL is the time to live of the lease in these tests: a fifteenth of the usual.
const shortTTL = 200 * time.Millisecond

// process is an engine as one of several processes: between its stores and itself stands a gate.
type process struct {
	*projections.Engine
	leases *lease.Leases
	gate   *gate
}

// gate lets calls through, holds them up on their way there or back while the process is frozen, and refuses them once
// it was killed.
type gate struct {
	asks atomic.Pointer[func(collection string)] // called before a document is read

	mu     sync.Mutex
	frozen chan struct{} // closed when the process is thawed; nil: it is not frozen
	killed bool
}

func (g *gate) pass() error {
	for {
		g.mu.Lock()
		frozen, killed := g.frozen, g.killed
		g.mu.Unlock()
		switch {
		case killed:
			return errGone
		case frozen == nil:
			return nil
		}
		<-frozen
	}
}

var errGone = readstore.ErrUnavailable

func (g *gate) kill() {
	g.thaw()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.killed = true
}

func (g *gate) freeze() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.frozen == nil {
		g.frozen = make(chan struct{})
	}
}

func (g *gate) thaw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.frozen != nil {
		close(g.frozen)
		g.frozen = nil
	}
}

// through makes a call: it may be held up on its way there and on its way back.
func through[T any](g *gate, call func() (T, error)) (T, error) {
	if err := g.pass(); err != nil {
		var none T
		return none, err
	}
	value, err := call()
	if gone := g.pass(); gone != nil {
		return value, gone
	}
	return value, err
}

type gatedReads struct {
	readstore.Store
	*gate
}

func (r gatedReads) Declare(ctx context.Context, collections ...readstore.Collection) error {
	_, err := through(r.gate, func() (any, error) { return nil, r.Store.Declare(ctx, collections...) })
	return err
}

func (r gatedReads) Collections(ctx context.Context) ([]string, error) {
	return through(r.gate, func() ([]string, error) { return r.Store.Collections(ctx) })
}

func (r gatedReads) Drop(ctx context.Context, collection string) error {
	_, err := through(r.gate, func() (any, error) { return nil, r.Store.Drop(ctx, collection) })
	return err
}

func (r gatedReads) Get(ctx context.Context, collection, id string) (readstore.Document, error) {
	if asks := r.asks.Load(); asks != nil {
		(*asks)(collection)
	}
	return through(r.gate, func() (readstore.Document, error) { return r.Store.Get(ctx, collection, id) })
}

func (r gatedReads) View(ctx context.Context, collection, id string, use func(readstore.Document) error) error {
	_, err := through(r.gate, func() (any, error) { return nil, r.Store.View(ctx, collection, id, use) })
	return err
}

func (r gatedReads) GetMany(ctx context.Context, collection string, ids []string) (map[string]readstore.Document, error) {
	return through(r.gate, func() (map[string]readstore.Document, error) { return r.Store.GetMany(ctx, collection, ids) })
}

func (r gatedReads) List(ctx context.Context, collection string, query readstore.Query) (readstore.Page, error) {
	return through(r.gate, func() (readstore.Page, error) { return r.Store.List(ctx, collection, query) })
}

func (r gatedReads) Commit(ctx context.Context, batch readstore.Batch) error {
	_, err := through(r.gate, func() (any, error) { return nil, r.Store.Commit(ctx, batch) })
	return err
}

func (r gatedReads) Checkpoint(ctx context.Context, projection string) (eventstore.Position, error) {
	return through(r.gate, func() (eventstore.Position, error) { return r.Store.Checkpoint(ctx, projection) })
}

func (r gatedReads) ForgetCheckpoint(ctx context.Context, projection string) error {
	_, err := through(r.gate, func() (any, error) { return nil, r.Store.ForgetCheckpoint(ctx, projection) })
	return err
}

func (r gatedReads) Entry(ctx context.Context, collection, id string) (readstore.Entry, error) {
	return through(r.gate, func() (readstore.Entry, error) { return r.Store.Entry(ctx, collection, id) })
}

func (r gatedReads) PutEntry(ctx context.Context, collection string, e readstore.Entry) (int64, error) {
	return through(r.gate, func() (int64, error) { return r.Store.PutEntry(ctx, collection, e) })
}

type gatedEvents struct {
	eventstore.Store
	*gate
}

func (e gatedEvents) ReadAll(ctx context.Context, read eventstore.AllRead) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		if err := e.pass(); err != nil {
			yield(eventstore.Recorded{}, err)
			return
		}
		e.Store.ReadAll(ctx, read)(yield)
	}
}

func (e gatedEvents) EventsAfter(ctx context.Context, after eventstore.Position, limit int) (int, error) {
	return through(e.gate, func() (int, error) { return e.Store.EventsAfter(ctx, after, limit) })
}

func (e gatedEvents) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) (eventstore.Subscription, error) {
	return through(e.gate, func() (eventstore.Subscription, error) {
		subscription, err := e.Store.Subscribe(ctx, after, filter)
		return gatedSubscription{subscription, e.gate}, err
	})
}

type gatedSubscription struct {
	eventstore.Subscription
	*gate
}

func (s gatedSubscription) Next(ctx context.Context, limit int) (eventstore.Delivery, error) {
	return through(s.gate, func() (eventstore.Delivery, error) { return s.Subscription.Next(ctx, limit) })
}

// cluster is what several processes share.
type cluster struct {
	log   *pebblelog.Log
	reads *faultyReads
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	log, err := pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	_, reads := stores(t)
	return &cluster{log: log, reads: reads}
}

// start starts a process. In the end it is thawed and closed.
func (c *cluster) start(t *testing.T, name string, with projections.Decoder, models ...projections.Projection) *process {
	t.Helper()
	p := &process{gate: &gate{}}
	reads := gatedReads{c.reads, p.gate}
	quick := pubsub.Backoff{Min: time.Millisecond, Max: 20 * time.Millisecond}
	quiet := slog.New(slog.DiscardHandler)
	p.leases = lease.New(lease.Options{Store: reads, Holder: name, TTL: shortTTL, Logger: quiet})
	engine, err := projections.New(projections.Config{
		Events: gatedEvents{c.log, p.gate}, Reads: reads, Decoder: with, Projections: models, Leases: p.leases,
		Logger: quiet, Redelivery: quick, Reconnect: quick, LiveBatch: 16, CatchUpBatch: 64, CacheDocuments: 50,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Engine = engine
	if err := engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(t) })
	return p
}

// stop ends a process in order, however it is.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.gate.thaw()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// die ends a process as a power cut would: nothing that it does reaches the stores any more.
func (p *process) die(t *testing.T) {
	t.Helper()
	p.gate.kill()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// owns tells whether a process projects.
func (p *process) owns(t *testing.T) bool {
	t.Helper()
	statuses, err := p.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return statuses[0].State != projections.Standby
}

func (p *process) as(c *cluster) fixture { return fixture{Engine: p.Engine, reads: c.reads} }
