package pebblelog

import (
	"bytes"
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
				page, err = l.fill(ctx, page[:0], &s, &read.Filter, min(pageCount, left))
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
		s, err := l.openStream(ctx, stream, read)
		if err != nil {
			yield(eventstore.Recorded{}, err)
			return
		}
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
	oldest     int64 // ticks: events created before are hidden
	page       []eventstore.Recorded
}

// openStream finds out what of the stream may be shown. The head is the snapshot that the whole read stays within.
func (l *Log) openStream(ctx context.Context, stream string, read eventstore.StreamRead) (streamScan, error) {
	leave, err := l.enter()
	if err != nil {
		return streamScan{}, err
	}
	defer leave()
	if err := ctx.Err(); err != nil {
		return streamScan{}, readError(err)
	}
	h, err := l.visibleHead(stream)
	if err != nil {
		return streamScan{}, err
	}
	s := streamScan{
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
	return s, nil
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

// fill reads the next page of the stream.
func (s *streamScan) fill(ctx context.Context, l *Log) error {
	leave, err := l.enter()
	if err != nil {
		return err
	}
	defer leave()
	s.page = s.page[:0]
	low, high := s.next, s.last
	if s.backwards {
		low, high = high, low
	}
	if s.page == nil {
		s.page = make([]eventstore.Recorded, 0, min(high-low+1, int64(s.left), 64))
	}
	it, err := l.db.NewIter(&pebble.IterOptions{
		LowerBound: streamKey(s.number, low), UpperBound: streamKey(s.number, high+1),
	})
	if err != nil {
		return readError(err)
	}
	events, err := l.db.NewIter(&pebble.IterOptions{LowerBound: []byte{eventPrefix}, UpperBound: []byte{eventPrefix + 1}})
	if err != nil {
		return readError(errors.Join(err, it.Close()))
	}
	err = s.fillFrom(ctx, it, events)
	if closeErr := errors.Join(events.Close(), it.Close()); err == nil && closeErr != nil {
		err = readError(closeErr)
	}
	return err
}

func (s *streamScan) fillFrom(ctx context.Context, it, events *pebble.Iterator) error {
	start, step := it.First, it.Next
	if s.backwards {
		start, step = it.Last, it.Prev
	}
	size := 0
	for valid := start(); valid; valid = step() {
		if err := ctx.Err(); err != nil {
			return readError(err)
		}
		revision := int64(binary.BigEndian.Uint64(it.Key()[9:]))
		value, err := it.ValueAndErr()
		if err != nil {
			return readError(err)
		}
		entry, ok := parseStreamEntry(value)
		if !ok || revision != s.next {
			return &DamageError{Stream: s.name, Position: entry.position, Cause: errIndex}
		}
		hidden, n, err := s.take(events, entry, revision)
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
		if s.done() || len(s.page) >= pageCount || size >= pageSize {
			return nil
		}
	}
	if err := it.Error(); err != nil {
		return readError(err)
	}
	return &DamageError{Stream: s.name, Cause: errIndex}
}

// take adds one event to the page unless it is too old to be shown.
func (s *streamScan) take(events *pebble.Iterator, entry streamEntry, revision int64) (hidden bool, size int, err error) {
	var key [eventKeySize]byte
	putEventKey(key[:], entry.position)
	if !events.SeekGE(key[:]) || !bytes.Equal(events.Key(), key[:]) {
		if err := events.Error(); err != nil {
			return false, 0, readError(err)
		}
		return false, 0, &DamageError{Stream: s.name, Position: entry.position, Cause: errMissing}
	}
	value, err := events.ValueAndErr()
	if err != nil {
		return false, 0, readError(err)
	}
	r, err := parseRecord(entry.position, value)
	switch {
	case err != nil:
		return false, 0, &DamageError{Stream: s.name, Position: entry.position, Cause: err}
	case r.revision != revision || string(r.stream) != s.name:
		return false, 0, &DamageError{Stream: s.name, Position: entry.position, Cause: errIndex}
	case r.created < s.oldest:
		return true, 0, nil
	}
	s.page = append(s.page, r.recorded())
	s.left--
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
