package pebblelog

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/eventstore"
)

// A read holds a Pebble iterator only while it fills a page, never while its caller works on the events: so a slow
// caller neither delays Close nor keeps old files from being removed.
const (
	pageCount    = 512
	pageSize     = 1 << 20 // bytes of records
	pageConsider = 16384   // records looked at for one page, so that a filter that lets nothing pass still makes progress
)

// span is a stretch of the log still to be read, both ends included; it is empty when next is beyond last.
type span struct {
	next, last uint64
	backwards  bool
}

func (s *span) empty() bool {
	if s.backwards {
		return s.next < s.last || s.next == 0
	}
	return s.next > s.last
}

func (s *span) advance(position uint64) {
	if s.backwards {
		s.next = position - 1
	} else {
		s.next = position + 1
	}
}

// fill shows the records of the span to see, in order, and moves the span over them, until see wants no more for now or
// enough was looked at. What see is shown is valid until it returns.
func (l *Log) fill(ctx context.Context, s *span, see func(r *record, size int) (more bool)) error {
	leave, err := l.enter()
	if err != nil {
		return err
	}
	defer leave()
	low, high := s.next, s.last
	if s.backwards {
		low, high = high, low
	}
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: eventKey(low), UpperBound: eventKey(high + 1)})
	if err != nil {
		return readError(err)
	}
	err = fillFrom(ctx, it, s, see)
	if closeErr := it.Close(); err == nil && closeErr != nil {
		err = readError(closeErr)
	}
	return err
}

func fillFrom(ctx context.Context, it *pebble.Iterator, s *span, see func(r *record, size int) (more bool)) error {
	start, step := it.First, it.Next
	if s.backwards {
		start, step = it.Last, it.Prev
	}
	considered := 0
	var r record
	for valid := start(); valid; valid = step() {
		if considered%64 == 0 && ctx.Err() != nil {
			return readError(ctx.Err())
		}
		position := binary.BigEndian.Uint64(it.Key()[1:])
		if position != s.next {
			return &DamageError{Position: s.next, Cause: errMissing}
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return readError(err)
		}
		if r, err = parseRecord(position, value); err != nil {
			return &DamageError{Position: position, Cause: err}
		}
		more := see(&r, len(value))
		s.advance(position)
		considered++
		if !more || considered >= pageConsider {
			return nil
		}
	}
	if err := it.Error(); err != nil {
		return readError(err)
	}
	if !s.empty() {
		return &DamageError{Position: s.next, Cause: errMissing}
	}
	return nil
}

// collector copies the events that match into a page, until the page is full.
type collector struct {
	page   []eventstore.Recorded
	filter *eventstore.Filter
	limit  int
	size   int // bytes of records
}

func (c *collector) see(r *record, size int) (more bool) {
	if matches(c.filter, r) {
		c.page = append(c.page, r.recorded())
		c.size += size
	}
	return len(c.page) < c.limit && c.size < pageSize
}

func readError(err error) error {
	if isContext(err) {
		return fmt.Errorf("read the event log: %w", err)
	}
	return fmt.Errorf("read the event log: %w: %w", eventstore.ErrUnavailable, err)
}

// parseEntry reads the record that an iterator over events is at.
func parseEntry(it *pebble.Iterator) (record, error) {
	if len(it.Key()) != eventKeySize {
		return record{}, &DamageError{Cause: errKey}
	}
	position := binary.BigEndian.Uint64(it.Key()[1:])
	value, err := it.ValueAndErr()
	if err != nil {
		return record{}, readError(err)
	}
	r, err := parseRecord(position, value)
	if err != nil {
		return record{}, &DamageError{Position: position, Cause: err}
	}
	return r, nil
}
