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

// fill appends the events of the span that match to a page, until the page is full, and moves the span.
func (l *Log) fill(
	ctx context.Context, page []eventstore.Recorded, s *span, f *eventstore.Filter, limit int,
) ([]eventstore.Recorded, error) {
	leave, err := l.enter()
	if err != nil {
		return page, err
	}
	defer leave()
	low, high := s.next, s.last
	if s.backwards {
		low, high = high, low
	}
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: eventKey(low), UpperBound: eventKey(high + 1)})
	if err != nil {
		return page, readError(err)
	}
	page, err = fillFrom(ctx, it, page, s, f, limit)
	if closeErr := it.Close(); err == nil && closeErr != nil {
		err = readError(closeErr)
	}
	return page, err
}

func fillFrom(
	ctx context.Context, it *pebble.Iterator, page []eventstore.Recorded, s *span, f *eventstore.Filter, limit int,
) ([]eventstore.Recorded, error) {
	start, step := it.First, it.Next
	if s.backwards {
		start, step = it.Last, it.Prev
	}
	considered, size := 0, 0
	for valid := start(); valid; valid = step() {
		if considered%64 == 0 && ctx.Err() != nil {
			return page, readError(ctx.Err())
		}
		position := binary.BigEndian.Uint64(it.Key()[1:])
		if position != s.next {
			return page, &DamageError{Position: s.next, Cause: errMissing}
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return page, readError(err)
		}
		r, err := parseRecord(position, value)
		if err != nil {
			return page, &DamageError{Position: position, Cause: err}
		}
		if matches(f, &r) {
			page = append(page, r.recorded())
			size += len(value)
		}
		s.advance(position)
		considered++
		if len(page) >= limit || size >= pageSize || considered >= pageConsider {
			return page, nil
		}
	}
	if err := it.Error(); err != nil {
		return page, readError(err)
	}
	if !s.empty() {
		return page, &DamageError{Position: s.next, Cause: errMissing}
	}
	return page, nil
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
