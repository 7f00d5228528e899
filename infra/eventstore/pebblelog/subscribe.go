package pebblelog

import (
	"context"
	"fmt"
	"sync"

	"services.example/portal/infra/eventstore"
)

// Subscribe implements eventstore.Store; EndPosition asks for what is appended from now on. The context bounds the call, not the subscription. Nothing runs for a
// subscription between two calls of Next.
func (l *Log) Subscribe(
	ctx context.Context, after eventstore.Position, filter eventstore.Filter,
) (eventstore.Subscription, error) {
	if err := l.check(ctx); err != nil {
		return nil, err
	}
	cursor := lastThrough(after)
	if after == eventstore.EndPosition {
		cursor = l.tail.mark().position
	}
	return &subscription{log: l, filter: cloneFilter(filter), cursor: cursor, closed: make(chan struct{})}, nil
}

type subscription struct {
	log     *Log
	filter  eventstore.Filter
	cursor  uint64 // number of the last event delivered or filtered out
	records [][]byte

	once   sync.Once
	closed chan struct{}
}

// Next implements eventstore.Subscription.
func (s *subscription) Next(ctx context.Context, limit int) (eventstore.Delivery, error) {
	if limit < 1 {
		return eventstore.Delivery{}, &eventstore.InvalidError{Reason: "a delivery of no events was asked for"}
	}
	for {
		more := s.log.tail.wait() // before the watermark is read, so that no move of it is missed
		if err := s.check(ctx); err != nil {
			return eventstore.Delivery{}, err
		}
		// The watermark is read once: the cursor never moves over events that were not looked at.
		end := s.log.tail.mark().position
		if s.cursor < end {
			return s.deliver(ctx, end, limit)
		}
		select {
		case <-more:
		case <-ctx.Done():
		case <-s.closed:
		case <-s.log.closing:
		}
	}
}

// Close implements eventstore.Subscription. A Next that waits returns.
func (s *subscription) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (s *subscription) check(ctx context.Context) error {
	select {
	case <-s.closed:
		return fmt.Errorf("%w: the subscription is closed", eventstore.ErrUnavailable)
	default:
		return s.log.check(ctx)
	}
}

func (s *subscription) deliver(ctx context.Context, end uint64, limit int) (eventstore.Delivery, error) {
	stretch := span{next: s.cursor + 1, last: end}
	events, err := s.fromTail(&stretch, limit)
	if err == nil && stretch.next == s.cursor+1 { // too far back: from the database
		events, err = s.log.fill(ctx, nil, &stretch, &s.filter, min(limit, pageCount))
	}
	if err != nil {
		return eventstore.Delivery{}, err
	}
	s.cursor = stretch.next - 1
	return eventstore.Delivery{Events: events, Through: at(s.cursor), Live: s.cursor == end}, nil
}

// fromTail takes what the log still has in memory.
func (s *subscription) fromTail(stretch *span, limit int) ([]eventstore.Recorded, error) {
	if s.records == nil {
		s.records = make([][]byte, 0, pageCount)
	}
	s.records = s.log.tail.copyTo(s.records[:0], stretch.next)
	defer clear(s.records)
	var events []eventstore.Recorded
	for _, value := range s.records {
		if stretch.empty() || len(events) >= limit {
			break
		}
		r, err := parseRecord(stretch.next, value)
		if err != nil {
			return nil, &DamageError{Position: stretch.next, Cause: err}
		}
		if matches(&s.filter, &r) {
			events = append(events, r.recorded())
		}
		stretch.advance(stretch.next)
	}
	return events, nil
}
