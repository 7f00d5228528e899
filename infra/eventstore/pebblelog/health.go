package pebblelog

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/eventstore"
)

// health tells whether Pebble can write its tables. It tries again by itself; meanwhile appends are refused: they
// would fill the memory and then wait, as the group does that Pebble makes wait (stalls) already.
type health struct {
	mu       sync.Mutex
	err      error       // nil: well
	tell     func(error) // told of trouble, and with nil of its end, in the order in which they come
	flushed  error       // how the last flush ended
	flushing bool        // a flush has failed, and none has succeeded since
	stalled  bool        // a group waits for room
}

func newHealth(tell func(error)) *health { return &health{tell: tell} }

// current returns the trouble there is.
func (h *health) current() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// flushEnded notes the end of a flush and tells whether it cured the trouble.
func (h *health) flushEnded(err error) (cured bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.flushed = err
	if err == nil {
		h.flushing = false
	}
	return h.cure()
}

// stall notes that a group waits, or does not any more, and tells whether that is the cure.
func (h *health) stall(begin bool) (cured bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stalled = begin
	return h.cure()
}

func (h *health) cure() bool {
	if h.err == nil || h.flushing || h.stalled {
		return false
	}
	h.err = nil
	h.tell(nil)
	return true
}

// failed notes an error of Pebble's background work and tells whether it is new trouble: a flush failed, or something
// that a group waits for. Pebble ends the flush of an empty table with an error too, but does not report that one here.
func (h *health) failed(cause error) (fresh bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.flushed != nil && errors.Is(cause, h.flushed) {
		h.flushing = true
	}
	if h.err != nil || !h.flushing && !h.stalled {
		return false
	}
	h.err = fmt.Errorf("%w: the log cannot write its tables: %w", eventstore.ErrUnavailable, cause)
	h.tell(h.err)
	return true
}

func (l *Log) listener() *pebble.EventListener {
	cured := func(cured bool) {
		if cured {
			l.logger.Info("event log can write its tables again", "directory", l.dir)
		}
	}
	return &pebble.EventListener{
		FlushEnd:        func(info pebble.FlushInfo) { cured(l.health.flushEnded(info.Err)) },
		WriteStallBegin: func(pebble.WriteStallBeginInfo) { cured(l.health.stall(true)) },
		WriteStallEnd:   func() { cured(l.health.stall(false)) },
		BackgroundError: l.background,
	}
}

func (l *Log) background(cause error) {
	if l.health.failed(cause) {
		l.logger.Error("event log cannot write its tables", "directory", l.dir, "error", cause)
		return
	}
	l.logger.Debug("event log database will try again", "directory", l.dir, "error", cause)
}
