package esdb

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/metadata"

	"services.example/portal/infra/eventstore"
)

var errClosed = fmt.Errorf("%w: the store is closed", eventstore.ErrUnavailable)

// link is one connection that is replaced whenever it fails: a row of generations, one after the other. It connects
// when somebody waits for it, and only then.
type link struct {
	dial       func(leader string) (*generation, error)
	died       func() // is called when a connection was found dead, without a sign of it
	logger     *slog.Logger
	slots      chan struct{} // one for every call that may be under way
	closing    chan struct{}
	background sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	current   *generation
	attempt   chan struct{}            // closed when the search for a connection that is under way has ended; nil if there is none
	waiting   int                      // for a connection
	failures  int                      // in a row
	failure   error                    // the last
	deaths    int                      // in a row: connections that were silent, and on which no call was answered in between
	leader    string                   // where a server said that the leader is
	connected bool                     // once
	old       map[*generation]struct{} // retired, and not disposed of when it was last looked
}

func newLink(dial func(string) (*generation, error), inFlight int, logger *slog.Logger) *link {
	return &link{
		dial: dial, died: func() {}, logger: logger, slots: make(chan struct{}, inFlight), closing: make(chan struct{}),
		old: map[*generation]struct{}{},
	}
}

// get waits for a generation that takes calls.
func (l *link) get(ctx context.Context) (*generation, error) {
	for waiting := false; ; {
		g, attempt := l.now(waiting)
		if g != nil {
			return g, nil
		}
		waiting = true
		select {
		case <-attempt:
		case <-ctx.Done():
			return nil, l.unreachable(ctx.Err())
		case <-l.closing:
			return nil, errClosed
		}
	}
}

// now returns the generation, or counts the caller among those who wait, if it is not there yet, and has a connection
// sought. A generation that is silent is returned all the same: it may be slow.
func (l *link) now(waiting bool) (*generation, chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil
	}
	if l.attempt == nil && (l.current == nil || l.current.silent()) {
		l.seekLocked()
	}
	switch {
	case l.current == nil && !waiting:
		l.waiting++
	case l.current != nil && waiting:
		l.waiting--
	}
	return l.current, l.attempt
}

// unreachable is the error of a call that ended before there was a connection.
func (l *link) unreachable(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting--
	if l.failure != nil {
		return fmt.Errorf("%w: %w, while there was no connection: %w", eventstore.ErrUnavailable, err, l.failure)
	}
	return fmt.Errorf("%w: %w, while there was no connection", eventstore.ErrUnavailable, err)
}

// replace makes room for the next generation.
func (l *link) replace(g *generation, leader string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current == g {
		l.current = nil
		if g.good.Load() != 0 {
			l.deaths = 0
		}
	}
	maps.DeleteFunc(l.old, func(g *generation, _ struct{}) bool { return isClosed(g.disposed) })
	l.old[g] = struct{}{}
	if l.leader = leader; g.good.Load() != 0 {
		l.failures = 0
	} else {
		l.failures++ // it connects and then does not answer
	}
}

// check has the server asked whether it is still there.
func (l *link) check() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil {
		l.current.check()
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// close ends calls and waits for what runs in the background.
func (l *link) close() {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.closed = true
	g := l.current
	close(l.closing)
	l.mu.Unlock()
	if g != nil {
		g.retire("")
	}
	l.background.Wait()
	l.await()
}

// closeTime bounds how long Close waits for those who still read.
const closeTime = 2 * drainTime

// await waits until the connections of all generations are closed.
func (l *link) await() {
	timeout := time.NewTimer(closeTime)
	defer timeout.Stop()
	l.mu.Lock()
	old := l.old
	l.mu.Unlock()
	for g := range old {
		select {
		case <-g.disposed:
		case <-timeout.C:
			return
		}
	}
}

// mostBackOff bounds every pause, so that nobody waits long for a server that is back.
const mostBackOff = 250 * time.Millisecond

// backOff is how long to pause before the next attempt after so many that failed, in a row.
func backOff(failures int) time.Duration {
	length := min(5*time.Millisecond<<min(failures, 10), mostBackOff)
	return length/2 + rand.N(length/2) //nolint:gosec // it spreads load and keeps no secret
}

// wantsLeader is sent with every call. The client means to send it, and does not.
var wantsLeader = metadata.Pairs("requires-leader", "true")

// call uses the client once, and ends when the context does.
//
// The client runs in the caller's goroutine, because one of its own costs a tenth of an append. It obeys the context
// except where it asks its own goroutine for the connection, and that one has it ready as long as visits are let in.
func call[T any](
	ctx context.Context, l *link, use func(context.Context, *generation) (T, error),
) (value T, used *generation, err error) {
	v, free, err := l.visit(ctx)
	if err != nil {
		return value, nil, err
	}
	defer free()
	defer v.leave()
	value, err = guarded(v, use)
	return value, v.generation, err
}

// visit waits for a generation and for a slot, which is to be freed when a call ends, or a stream is open.
func (l *link) visit(ctx context.Context) (v *visit, free func(), err error) {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	case <-l.closing:
		return nil, nil, errClosed
	}
	for v == nil {
		g, err := l.get(ctx)
		if err != nil {
			l.free()
			return nil, nil, err
		}
		v = g.enter(ctx)
	}
	return v, l.free, nil
}

func (l *link) free() { <-l.slots }

// guarded asks for the leader: the client means to do so, and does not.
func guarded[T any](v *visit, use func(context.Context, *generation) (T, error)) (value T, err error) {
	defer guard(&err)
	return use(metadata.NewOutgoingContext(v, wantsLeader), v.generation)
}

// openStream uses the client to open a stream, which is part of the visit and bounded by nothing but its context.
func openStream[T any](
	ctx context.Context, l *link, within time.Duration, open func(context.Context, *generation) (T, error),
) (stream T, v *visit, err error) {
	v, free, err := l.visit(ctx)
	if err != nil {
		return stream, nil, err
	}
	defer free()
	var late atomic.Bool
	timer := time.AfterFunc(within, func() {
		late.Store(true)
		v.cancel()
	})
	defer timer.Stop()
	if stream, err = guarded(v, open); err != nil && late.Load() {
		err = errStalled
	}
	return stream, v, err
}
