package pebblelog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/eventstore"
)

// Log is an event store in a directory. It is safe for concurrent use.
type Log struct {
	dir     string
	options Options
	logger  *slog.Logger
	files   *guardedFS
	lock    *pebble.Lock
	db      *pebble.DB

	heads   *headCache
	tail    *tail
	writing atomic.Pointer[map[string]head] // heads of the streams in the group being written, from before it

	requests chan *request
	closing  chan struct{} // closed when Close begins
	stopped  chan struct{} // closed when the writer has ended
	failed   atomic.Pointer[error]
	flushing atomic.Pointer[error] // why tables cannot be written at present

	flushError atomic.Pointer[error] // how the last flush ended, for background

	guard  sync.RWMutex // held for reading while the database is used
	closed bool
	once   sync.Once
	err    error // of Close
}

var _ eventstore.Store = (*Log)(nil)

// enter begins a use of the database, which Close waits for.
func (l *Log) enter() (leave func(), err error) {
	select {
	case <-l.closing:
		return nil, errClosed
	default:
	}
	l.guard.RLock()
	if l.closed {
		l.guard.RUnlock()
		return nil, errClosed
	}
	return l.guard.RUnlock, nil
}

// check tells whether a call may go on.
func (l *Log) check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return readError(err)
	}
	select {
	case <-l.closing:
		return errClosed
	default:
		return nil
	}
}

// stopTimeout bounds how long Close waits for a write that the disk does not take.
const stopTimeout = 30 * time.Second

var errStuck = errors.New("a write to the disk does not end")

// Close implements eventstore.Store. What was acknowledged stays; appends that still wait answer ErrUnavailable.
func (l *Log) Close() error {
	l.once.Do(func() { l.err = l.close() })
	return l.err
}

func (l *Log) close() error {
	close(l.closing)
	l.files.release()
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-l.stopped:
	case <-timeout.C:
		return fmt.Errorf("close the event log in %s: %w", l.dir, errStuck)
	}
	l.guard.Lock()
	l.closed = true
	l.guard.Unlock()
	if err := errors.Join(l.db.Close(), l.lock.Close()); err != nil {
		return fmt.Errorf("close the event log in %s: %w", l.dir, err)
	}
	return nil
}
