package esdb

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"services.example/portal/infra/eventstore"
)

// Store is an event store on EventStoreDB. It is safe for concurrent use.
type Store struct {
	options Options
	logger  *slog.Logger
	ctx     context.Context //nolint:containedctx // its life: subscriptions end with it
	cancel  context.CancelFunc
	writes  *link // appends, and reads of single streams
	feeds   *link // reads of the log, and subscriptions

	acked atomic.Pointer[eventstore.Position] // the highest position that an append was answered with

	mu            sync.Mutex
	closed        bool
	subscriptions map[*subscription]struct{}
}

var _ eventstore.Store = (*Store)(nil)

// Open prepares an event store. It does not wait for the server: calls do, as long as their contexts let them. Its
// errors are about the options and the files that they name.
func Open(options Options) (*Store, error) {
	options = options.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	d, err := newDialer(ctx, options)
	if err != nil {
		cancel()
		return nil, err
	}
	s := &Store{
		options: d.options, logger: options.Logger, ctx: ctx, cancel: cancel,
		writes:        newLink(d.dial, options.InFlight, options.Logger.With("connection", "writes")),
		feeds:         newLink(d.dial, options.InFlight, options.Logger.With("connection", "feeds")),
		subscriptions: map[*subscription]struct{}{},
	}
	s.writes.died, s.feeds.died = s.feeds.check, s.writes.check
	s.acked.Store(&eventstore.Position{})
	return s, nil
}

// Close implements eventstore.Store. Appends that are under way have a second to end.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	open := s.subscriptions
	s.subscriptions = nil
	s.mu.Unlock()
	s.cancel()
	for sub := range open {
		sub.end(errClosed)
		<-sub.ended
	}
	s.writes.close()
	s.feeds.close()
	return nil
}

// check is the first thing that a call does.
func (s *Store) check(ctx context.Context) error {
	if s.ctx.Err() != nil {
		return errClosed
	}
	return ctx.Err()
}

// acknowledged notes how far the log is known to reach.
func (s *Store) acknowledged(p eventstore.Position) {
	for {
		last := s.acked.Load()
		if !last.Before(p) || s.acked.CompareAndSwap(last, &p) {
			return
		}
	}
}

// doubt gives up a connection that did not answer, and has the other one looked at: mostly both go the same way.
func (s *Store) doubt(l *link, g *generation) {
	g.abandon()
	l.died()
}

func wrap(what, stream string, err error) error {
	return fmt.Errorf("%s %s: %w", what, stream, err)
}
