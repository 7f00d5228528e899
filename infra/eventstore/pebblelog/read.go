package pebblelog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/eventstore"
)

// ReadAll implements eventstore.Store.
func (l *Log) ReadAll(ctx context.Context, read eventstore.AllRead) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		if read.Limit < 0 {
			yield(eventstore.Recorded{}, &eventstore.InvalidError{Reason: "the limit of a read is negative"})
			return
		}
		left := limitOf(read.Limit)
		s := spanOf(read, l.tail.mark().position)
		var page []eventstore.Recorded
		for first := true; first || (!s.empty() && left > 0); first = false {
			var err error
			if s.empty() {
				err = l.check(ctx)
			} else {
				c := collector{page: page[:0], filter: &read.Filter, limit: min(pageCount, left)}
				err = l.fill(ctx, &s, c.see)
				page = c.page
			}
			left -= len(page)
			if !yieldPage(ctx, page, yield) {
				return
			}
			if err != nil {
				yield(eventstore.Recorded{}, err)
				return
			}
		}
	}
}

// yieldPage hands over the events one by one; it stops when the caller does, or when the context ends.
func yieldPage(ctx context.Context, page []eventstore.Recorded, yield func(eventstore.Recorded, error) bool) bool {
	for i := range page {
		if err := ctx.Err(); err != nil {
			yield(eventstore.Recorded{}, readError(err))
			return false
		}
		if !yield(page[i], nil) {
			return false
		}
	}
	return true
}

func limitOf(limit int) int {
	if limit == 0 {
		return math.MaxInt
	}
	return limit
}

// spanOf translates a read of the whole log: forwards its place is included, backwards it is not.
func spanOf(read eventstore.AllRead, end uint64) span {
	if read.Backwards {
		return span{next: min(lastBefore(read.From), end), last: 1, backwards: true}
	}
	return span{next: lastBefore(read.From) + 1, last: end}
}

// lastBefore is the number of the last event whose position is before p.
func lastBefore(p eventstore.Position) uint64 {
	if p.Commit > 0 && p.Prepare <= p.Commit {
		return p.Commit - 1
	}
	return min(p.Commit, math.MaxUint64-1)
}

// lastThrough is the number of the last event whose position is p or before it.
func lastThrough(p eventstore.Position) uint64 {
	if p.Commit > 0 && p.Prepare < p.Commit {
		return p.Commit - 1
	}
	return min(p.Commit, math.MaxUint64-1)
}

// ReadStream implements eventstore.Store.
func (l *Log) ReadStream(
	ctx context.Context, stream string, read eventstore.StreamRead,
) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		if err := checkStreamRead(stream, read); err != nil {
			yield(eventstore.Recorded{}, err)
			return
		}
		opened, _, err := l.openStream(ctx, stream, read)
		if err != nil {
			yield(eventstore.Recorded{}, err)
			return
		}
		if opened.done() { // as for who asks whether there is anything new
			return
		}
		s := opened // which is kept on the heap
		for !s.done() {
			err := s.fill(ctx, l)
			if !yieldPage(ctx, s.page, yield) {
				return
			}
			if err != nil {
				yield(eventstore.Recorded{}, err)
				return
			}
		}
	}
}

func checkStreamRead(stream string, read eventstore.StreamRead) error {
	if err := checkStream(stream); err != nil {
		return err
	}
	if read.From < eventstore.End {
		return &eventstore.InvalidError{Reason: fmt.Sprintf("%d is not a revision", read.From)}
	}
	if read.Limit < 0 {
		return &eventstore.InvalidError{Reason: "the limit of a read is negative"}
	}
	return nil
}

// streamScan is a read of one stream in progress.
type streamScan struct {
	name       string
	number     uint64
	next, last int64 // revisions still to be read, both included
	backwards  bool
	left       int
	oldest     int64    // ticks: events created before are hidden
	entries    []uint64 // positions of the next events
	page       []eventstore.Recorded
	current    record
	see        func(r *record) (more bool) // is shown the events instead of the page, if there is one
	full       bool                        // see wants no more for now
}

// openStream finds out what of the stream may be shown, and its last revision. The head is the snapshot that the whole
// read stays within.
func (l *Log) openStream(
	ctx context.Context, stream string, read eventstore.StreamRead,
) (s streamScan, last int64, err error) {
	leave, err := l.enter()
	if err != nil {
		return streamScan{}, eventstore.NoRevision, err
	}
	defer leave()
	if err := ctx.Err(); err != nil {
		return streamScan{}, eventstore.NoRevision, readError(err)
	}
	h, err := l.visibleHead(stream)
	if err != nil {
		return streamScan{}, eventstore.NoRevision, err
	}
	s = streamScan{
		name: stream, number: h.number, backwards: read.Backwards, left: limitOf(read.Limit),
		next: max(read.From, h.first()), last: h.last,
	}
	if h.rules.maxAge > 0 {
		s.oldest = ticksOf(l.options.Clock()) - secondsToTicks(h.rules.maxAge)
	}
	switch {
	case read.Backwards && read.From == eventstore.End:
		s.next, s.last = h.last, h.first()
	case read.Backwards:
		s.next, s.last = min(read.From, h.last), h.first()
	case read.From == eventstore.End:
		s.next = h.last + 1
	}
	return s, h.last, nil
}

// visibleHead is the head of a stream that can be read, with the rules that apply to it.
func (l *Log) visibleHead(stream string) (head, error) {
	h, err := l.durableHead(stream)
	if err != nil {
		return head{}, readError(err)
	}
	deleted := h.tombstone
	if owner, ok := metadataOwner(stream); ok {
		ownerHead, err := l.durableHead(owner)
		if err != nil {
			return head{}, readError(err)
		}
		deleted = deleted || ownerHead.tombstone
		h.rules = rules{maxCount: 1}
	}
	switch {
	case deleted:
		return head{}, &eventstore.DeletedError{Stream: stream}
	case h.last == eventstore.NoRevision || h.softDeleted():
		return head{}, &eventstore.NotFoundError{Stream: stream}
	}
	return h, nil
}

func (s *streamScan) done() bool {
	if s.left <= 0 {
		return true
	}
	if s.backwards {
		return s.next < s.last
	}
	return s.next > s.last
}

// fill reads the next page of the stream: its index first, then the events.
func (s *streamScan) fill(ctx context.Context, l *Log) error {
	leave, err := l.enter()
	if err != nil {
		return err
	}
	defer leave()
	s.page, s.full = s.page[:0], false
	damage := s.fillIndex(l) // told after the events in front of it
	if s.page == nil && s.see == nil {
		s.page = make([]eventstore.Recorded, 0, len(s.entries))
	}
	records := recordReader{db: l.db, backwards: s.backwards}
	err = s.fillFrom(ctx, &records)
	if closeErr := records.close(); err == nil && closeErr != nil {
		err = readError(closeErr)
	}
	if err == nil && len(s.entries) == 0 {
		err = damage
	}
	return err
}

// fillIndex reads where the next events are. It stops at an entry that is not the one expected.
func (s *streamScan) fillIndex(l *Log) error {
	low, high := s.next, s.last
	if s.backwards {
		low, high = high, low
	}
	count := min(int64(s.left), int64(pageCount), high-low+1)
	if s.entries == nil {
		s.entries = make([]uint64, 0, count)
	}
	s.entries = s.entries[:0]
	var bounds [2 * streamKeySize]byte
	putStreamKey(bounds[:streamKeySize], s.number, low)
	putStreamKey(bounds[streamKeySize:], s.number, high+1)
	it, err := l.db.NewIter(&pebble.IterOptions{
		LowerBound: bounds[:streamKeySize:streamKeySize], UpperBound: bounds[streamKeySize:],
	})
	if err != nil {
		return readError(err)
	}
	err = s.indexFrom(it, int(count))
	if closeErr := it.Close(); err == nil && closeErr != nil {
		err = readError(closeErr)
	}
	return err
}

func (s *streamScan) indexFrom(it *pebble.Iterator, count int) error {
	start, step, next, by := it.First, it.Next, s.next, int64(1)
	if s.backwards {
		start, step, by = it.Last, it.Prev, -1
	}
	for valid := start(); valid; valid = step() {
		value, err := it.ValueAndErr()
		if err != nil {
			return readError(err)
		}
		entry, ok := parseStreamEntry(value)
		if !ok || int64(binary.BigEndian.Uint64(it.Key()[9:])) != next {
			return &DamageError{Stream: s.name, Position: entry.position, Cause: errIndex}
		}
		s.entries = append(s.entries, entry.position)
		if len(s.entries) == count {
			return nil
		}
		next += by
	}
	if err := it.Error(); err != nil {
		return readError(err)
	}
	return &DamageError{Stream: s.name, Cause: errIndex}
}

// fillFrom reads the events of the index entries until the page is full.
func (s *streamScan) fillFrom(ctx context.Context, records *recordReader) error {
	size := 0
	for i, position := range s.entries {
		if err := ctx.Err(); err != nil {
			return readError(err)
		}
		following := uint64(0)
		if i+1 < len(s.entries) {
			following = s.entries[i+1]
		}
		hidden, n, err := s.take(records, position, following)
		if err != nil {
			return err
		}
		size += n
		if s.backwards {
			s.next--
		} else {
			s.next++
		}
		if hidden && s.backwards {
			s.left = 0 // the rest is older still
		}
		if s.done() || s.full || size >= pageSize {
			return nil
		}
	}
	return nil
}

// take adds one event to the page unless it is too old to be shown.
func (s *streamScan) take(records *recordReader, position, following uint64) (hidden bool, size int, err error) {
	value, err := records.read(position, following)
	if err != nil {
		if errors.Is(err, pebble.ErrNotFound) {
			return false, 0, &DamageError{Stream: s.name, Position: position, Cause: errMissing}
		}
		return false, 0, readError(err)
	}
	r := &s.current
	*r, err = parseRecord(position, value)
	switch {
	case err != nil:
		return false, 0, &DamageError{Stream: s.name, Position: position, Cause: err}
	case r.revision != s.next || string(r.stream) != s.name:
		return false, 0, &DamageError{Stream: s.name, Position: position, Cause: errIndex}
	case r.created < s.oldest:
		return true, 0, nil
	}
	s.left--
	if s.see != nil {
		s.full = !s.see(r)
		return false, len(value), nil
	}
	s.page = append(s.page, r.recorded())
	return false, len(value), nil
}

// event reads one event by its number.
func (l *Log) event(position uint64) (eventstore.Recorded, error) {
	value, closer, err := l.db.Get(eventKey(position))
	if err != nil {
		return eventstore.Recorded{}, fmt.Errorf("read event %d: %w", position, err)
	}
	r, err := parseRecord(position, value)
	var event eventstore.Recorded
	if err == nil {
		event = r.recorded()
	}
	if closeErr := closer.Close(); err == nil && closeErr != nil {
		err = closeErr
	}
	if err != nil {
		return eventstore.Recorded{}, fmt.Errorf("read event %d: %w", position, err)
	}
	return event, nil
}

// entry reads the index of a stream.
func (l *Log) entry(number uint64, revision int64) (streamEntry, error) {
	value, closer, err := l.db.Get(streamKey(number, revision))
	if err != nil {
		return streamEntry{}, fmt.Errorf("read the index of stream number %d at revision %d: %w", number, revision, err)
	}
	entry, ok := parseStreamEntry(value)
	if err := closer.Close(); err != nil {
		return streamEntry{}, err
	}
	if !ok {
		return streamEntry{}, fmt.Errorf("read the index of stream number %d at revision %d: %w", number, revision, errIndex)
	}
	return entry, nil
}

// EventsAfter implements eventstore.Store. It costs one read, however many events there are.
func (l *Log) EventsAfter(ctx context.Context, after eventstore.Position, limit int) (int, error) {
	leave, err := l.enter()
	if err != nil {
		return 0, err
	}
	defer leave()
	if err := ctx.Err(); err != nil {
		return 0, readError(err)
	}
	end, from := l.tail.mark(), lastThrough(after)
	if from >= end.position || limit <= 0 {
		return 0, nil
	}
	var before uint64
	if from > 0 {
		if before, err = l.usersThrough(from); err != nil {
			return 0, err
		}
	}
	return int(min(end.users-before, uint64(limit))), nil
}

func (l *Log) usersThrough(position uint64) (uint64, error) {
	value, closer, err := l.db.Get(eventKey(position))
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, &DamageError{Position: position, Cause: errMissing}
	}
	if err != nil {
		return 0, readError(err)
	}
	users, err := peekUsers(value)
	if closeErr := closer.Close(); err == nil && closeErr != nil {
		err = closeErr
	}
	if err != nil {
		return 0, &DamageError{Position: position, Cause: err}
	}
	return users, nil
}

// End is the position of the last event, system events included; the zero Position if there is none.
func (l *Log) End() eventstore.Position { return at(l.tail.mark().position) }
