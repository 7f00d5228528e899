package pebblelog

import (
	"sync"
	"sync/atomic"
)

// mark is a place in the log: an event's number, and how many of the events up to it are not system events.
type mark struct {
	position, users uint64
}

// tail is the end of the log: the watermark, up to which everything is durable and may be read, the last records
// before it, and a signal for those who wait for more.
type tail struct {
	end  atomic.Pointer[mark]
	more atomic.Pointer[chan struct{}]

	mu      sync.RWMutex
	records [][]byte // records[i] is that of position first+i
	first   uint64
	size    int // bytes in records

	maxCount, maxSize int
}

func newTail(end mark, maxCount, maxSize int) *tail {
	t := &tail{first: end.position + 1, maxCount: maxCount, maxSize: maxSize}
	t.end.Store(&end)
	more := make(chan struct{})
	t.more.Store(&more)
	return t
}

// mark is the watermark. A scan reads it once and stays below it.
func (t *tail) mark() mark { return *t.end.Load() }

// wait returns a channel that is closed when the watermark moves after this call.
func (t *tail) wait() <-chan struct{} { return *t.more.Load() }

// move sets the watermark to the end of a durable group, whose records are kept already.
func (t *tail) move(end mark) { t.end.Store(&end) }

// signal wakes those who wait for the watermark to move.
func (t *tail) signal() {
	more := make(chan struct{})
	close(*t.more.Swap(&more))
}

// keep adds the records of a durable group, and forgets old ones.
func (t *tail) keep(records [][]byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, record := range records {
		t.size += len(record)
	}
	t.records = append(t.records, records...)
	drop := 0
	for drop < len(t.records) && (len(t.records)-drop > t.maxCount || t.size > t.maxSize) {
		t.size -= len(t.records[drop])
		t.records[drop] = nil
		drop++
	}
	t.records = t.records[drop:]
	t.first += uint64(drop)
}

// copyTo appends the records from a position on, as many as the slice has room for. It returns none if they are no
// longer kept.
func (t *tail) copyTo(into [][]byte, from uint64) [][]byte {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if from < t.first || from-t.first >= uint64(len(t.records)) {
		return into
	}
	kept := t.records[from-t.first:]
	return append(into, kept[:min(len(kept), cap(into)-len(into))]...)
}
