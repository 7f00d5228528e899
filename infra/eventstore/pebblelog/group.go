package pebblelog

import (
	"fmt"
	"maps"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/eventstore"
)

// commit makes the staged group durable. After an error nothing of it may be acknowledged.
func (w *writer) commit() error {
	defer func() { w.batch = nil }()
	if len(w.entries) == 0 {
		return w.batch.Close()
	}
	before := make(map[string]head, len(w.slots))
	for name, s := range w.slots {
		if s.head == s.committed {
			continue
		}
		before[name] = s.committed
		if err := w.batch.Set(headKey(name), s.head.encode(), nil); err != nil {
			return fmt.Errorf("stage the head of stream %s: %w", name, err)
		}
	}
	w.log.writing.Store(&before)
	if err := w.batch.Commit(pebble.Sync); err != nil {
		return err
	}
	if err := w.log.files.failure(); err != nil {
		return err
	}
	return w.batch.Close()
}

// finish publishes the group and answers its callers. Refusals too were decided on what the group wrote, so they are
// not told before that is durable, and not as refusals if it failed.
func (w *writer) finish(failed error) {
	if failed != nil {
		w.log.fail(failed)
		for i := range w.waiting {
			a := &w.waiting[i]
			a.request.reply <- reply{err: appendError(a.request.stream, *w.log.failed.Load())}
		}
		return
	}
	if len(w.entries) > 0 {
		maps.DeleteFunc(w.slots, func(_ string, s *slot) bool { return s.added == nil && s.head == s.committed && s.head == noHead })
		w.log.heads.setAll(w.slots)
		w.log.tail.publish(w.next, w.entries)
	}
	for i := range w.waiting {
		w.waiting[i].request.reply <- w.waiting[i].reply
	}
}

// before returns the head that a stream had before the group that is being written.
func (l *Log) before(stream string) (head, bool) {
	heads := l.writing.Load()
	if heads == nil {
		return head{}, false
	}
	h, ok := (*heads)[stream]
	return h, ok
}

// fail makes the store read-only: what the disk holds after the last acknowledged group is not known any more.
func (l *Log) fail(cause error) {
	err := fmt.Errorf("%w: the log is read-only until it is opened again: %w", eventstore.ErrUnavailable, cause)
	if l.failed.CompareAndSwap(nil, &err) {
		l.logger.Error("event log is read-only after a failed write", "directory", l.dir, "error", cause)
	}
}
