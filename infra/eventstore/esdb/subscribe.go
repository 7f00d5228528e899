package esdb

import (
	"context"
	"fmt"

	"services.example/portal/infra/eventstore"
)

// Subscribe implements eventstore.Store. EndPosition asks for what is appended from now on. The context bounds the
// call, not the subscription.
func (s *Store) Subscribe(
	ctx context.Context, after eventstore.Position, filter eventstore.Filter,
) (eventstore.Subscription, error) {
	if err := s.check(ctx); err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	if after == eventstore.EndPosition {
		// The end is made a position, so that nothing is missed should the connection break before the first event.
		head, err := eventstore.Head(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("subscribe from the end: %w", err)
		}
		after = head
	}
	sub := newSubscription(s, after, newSieve(filter))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		sub.cancel()
		return nil, fmt.Errorf("subscribe: %w", errClosed)
	}
	s.subscriptions[sub] = struct{}{}
	go sub.run()
	return sub, nil
}

// forget is called when a subscription closes.
func (s *Store) forget(sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.subscriptions, sub)
}
