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

	heads  *headCache
	tail   *tail
	flying atomic.Pointer[[]*group] // groups that may not be durable yet, the oldest first

	queue   *queue
	closing chan struct{} // closed when Close begins
	stopped chan struct{} // closed when the writer has ended and its last group is answered
	failed  atomic.Pointer[error]
	health  *health

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

// stopTimeout bounds how long Close waits for a group that Pebble does not take because its tables cannot be written.
const stopTimeout = 5 * time.Second

var errStuck = errors.New("closed while the tables could not be written")

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
		l.files.fail(errStuck) // the write-ahead log has all that was acknowledged
		<-l.stopped
	}
	l.guard.Lock()
	l.closed = true
	l.guard.Unlock()
	if err := errors.Join(l.db.Close(), l.lock.Close()); err != nil {
		return fmt.Errorf("close the event log in %s: %w", l.dir, err)
	}
	return nil
}
