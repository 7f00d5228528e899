package pebblelog

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/eventstore"
)

// groupsInFlight is how many groups may wait for their sync. With two, one is synced while the other is decided on,
// applied and handed to the same write-ahead log; more would only make them smaller.
const groupsInFlight = 2

// group is what one sync makes durable, and the answers that wait for it. Once it is in flight only its replies to the
// callers are still to be given; nothing else of it changes.
type group struct {
	requests []*request
	replies  []reply
	slots    map[string]*slot
	staged   []staged
	records  [][]byte // for the tail
	batch    *pebble.Batch
	applied  bool // there is a sync to wait for
	end      mark // of the log, with this group
}

// staged is an event's place in its stream.
type staged struct {
	slot     *slot
	revision int64
	entry    streamEntry
}

// launch applies the group to the database without waiting for its sync.
func (w *writer) launch(g *group) {
	if err := w.stageIndex(g); err != nil {
		w.log.fail(err)
	}
	if w.log.failed.Load() == nil && len(g.records) > 0 {
		w.fly(g)
		g.applied = w.commit(g)
	}
	w.landing <- g
}

// commit applies the group to the database and tells whether there is a sync to wait for.
func (w *writer) commit(g *group) bool {
	err := w.log.db.ApplyNoSyncWait(g.batch, pebble.Sync)
	if err = errors.Join(err, w.log.files.failure()); err != nil {
		w.log.fail(err)
		return false
	}
	return true
}

// stageIndex puts index entries and heads behind the events, kind by kind: neighbours in the batch are neighbours in
// the memtable, which makes them cheap to insert.
func (w *writer) stageIndex(g *group) error {
	for i := range g.staged {
		s := &g.staged[i]
		set := g.batch.SetDeferred(streamKeySize, streamEntrySize)
		putStreamKey(set.Key, s.slot.head.number, s.revision)
		s.entry.put(set.Value)
		if err := set.Finish(); err != nil {
			return fmt.Errorf("stage the index of stream %s: %w", s.slot.name, err)
		}
	}
	for name, s := range g.slots {
		if s.head == s.committed {
			continue
		}
		w.scratch = s.head.append(w.scratch[:0])
		set := g.batch.SetDeferred(1+len(name), len(w.scratch))
		set.Key[0] = headPrefix
		copy(set.Key[1:], name)
		copy(set.Value, w.scratch)
		if err := set.Finish(); err != nil {
			return fmt.Errorf("stage the head of stream %s: %w", name, err)
		}
	}
	return nil
}

// fly makes the group one of those in flight, for the writer and for readers, before the database shows any of it.
func (w *writer) fly(g *group) {
	flying := w.inFlight()
	next := make([]*group, 0, len(flying)+1)
	end := w.log.tail.mark().position
	for _, f := range flying {
		if f.end.position > end { // one that failed stays for ever: it is to be hidden
			next = append(next, f)
		}
	}
	next = append(next, g)
	w.log.flying.Store(&next)
}

// inFlight are the groups that may not be durable yet, the oldest first.
func (w *writer) inFlight() []*group {
	if flying := w.log.flying.Load(); flying != nil {
		return *flying
	}
	return nil
}

// land waits for the syncs of the groups, in their order.
func (w *writer) land() {
	defer close(w.log.stopped)
	for g := range w.landing {
		if g.applied {
			if err := g.batch.SyncWait(); err != nil {
				w.log.fail(err)
			} else if err := w.log.files.failure(); err != nil {
				w.log.fail(err)
			}
		}
		w.finish(g)
		<-w.places
	}
}

// finish publishes the group and answers its callers. Refusals too were decided on what the groups wrote, so they are
// not told before that is durable, and not as refusals if it failed.
func (w *writer) finish(g *group) {
	failed := w.log.failed.Load()
	if failed == nil && len(g.records) > 0 {
		w.log.tail.keep(g.records)
		w.log.heads.publish(g.slots, func() { w.log.tail.move(g.end) })
		w.log.tail.signal()
	}
	w.log.queue.settle()
	for i, r := range g.requests {
		if failed != nil {
			r.answer(reply{err: appendError(r.stream, *failed)})
			continue
		}
		g.replies[i].settled = true
		r.answer(g.replies[i])
	}
	w.log.queue.recycle(g.requests)
	if failed == nil {
		if err := g.batch.Close(); err != nil {
			w.log.logger.Warn("event log could not release a batch", "directory", w.log.dir, "error", err)
		}
	}
}

// before returns the head that a stream had at a watermark, if a group in flight has changed it since.
func (l *Log) before(stream string, watermark uint64) (head, bool) {
	flying := l.flying.Load()
	if flying == nil {
		return head{}, false
	}
	for _, g := range *flying {
		if g.end.position <= watermark {
			continue // durable already
		}
		if s, ok := g.slots[stream]; ok {
			return s.committed, true
		}
	}
	return head{}, false
}

// fail makes the store read-only: what the disk holds after the last acknowledged group is not known any more.
func (l *Log) fail(cause error) {
	err := fmt.Errorf("%w: the log is read-only until it is opened again: %w", eventstore.ErrUnavailable, cause)
	if l.failed.CompareAndSwap(nil, &err) {
		l.logger.Error("event log is read-only after a failed write", "directory", l.dir, "error", cause)
	}
}
