package pebblelog

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/eventstore"
)

// health tells whether Pebble can write its tables. It tries again by itself; meanwhile appends are refused, since
// they would fill the memory and then wait.
type health struct {
	mu      sync.Mutex
	err     error         // nil: well
	ill     chan struct{} // closed while err is set
	flushed error         // how the last flush ended
}

func newHealth() *health { return &health{ill: make(chan struct{})} }

// current returns the trouble there is, and a channel that is closed when there is some.
func (h *health) current() (<-chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ill, h.err
}

// ended notes the end of a flush and tells whether it cured the trouble.
func (h *health) ended(err error) (cured bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.flushed = err
	if err != nil || h.err == nil {
		return false
	}
	h.err, h.ill = nil, make(chan struct{})
	return true
}

// failed notes an error of Pebble's background work and tells whether it is new trouble: that of a flush. Pebble ends
// the flush of an empty table with an error too, but does not report that one here.
func (h *health) failed(cause error) (fresh bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil || h.flushed == nil || !errors.Is(cause, h.flushed) {
		return false
	}
	h.err = fmt.Errorf("%w: the log cannot write its tables: %w", eventstore.ErrUnavailable, cause)
	close(h.ill)
	return true
}

func (l *Log) flushEnded(info pebble.FlushInfo) {
	if l.health.ended(info.Err) {
		l.logger.Info("event log can write its tables again", "directory", l.dir)
	}
}

func (l *Log) background(cause error) {
	if l.health.failed(cause) {
		l.logger.Error("event log cannot write its tables", "directory", l.dir, "error", cause)
		return
	}
	l.logger.Debug("event log database will try again", "directory", l.dir, "error", cause)
}
