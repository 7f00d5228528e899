package pebblelog

import (
	"context"
	"fmt"
	"sync"

	"services.example/portal/infra/eventstore"
)

// Subscribe implements eventstore.Store; EndPosition asks for what is appended from now on. The context bounds the
// call, not the subscription. Nothing runs for a subscription between two calls of Next.
func (l *Log) Subscribe(
	ctx context.Context, after eventstore.Position, filter eventstore.Filter,
) (eventstore.Subscription, error) {
	if err := l.check(ctx); err != nil {
		return nil, err
	}
	return &subscription{Follower: *l.Follow(after), filter: cloneFilter(filter), closed: make(chan struct{})}, nil
}

type subscription struct {
	Follower
	filter eventstore.Filter

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
	c := collector{filter: &s.filter, limit: min(limit, pageCount)}
	if len(s.filter.Streams)+len(s.filter.Types) == 0 { // else it is not known how many of them match
		c.page = make([]eventstore.Recorded, 0, min(uint64(c.limit), end-s.cursor))
	}
	before := s.cursor
	if err := s.show(ctx, end, c.see); err != nil {
		s.cursor = before // what was shown is not delivered
		return eventstore.Delivery{}, err
	}
	return eventstore.Delivery{Events: c.page, Through: at(s.cursor), Live: s.cursor == end}, nil
}
