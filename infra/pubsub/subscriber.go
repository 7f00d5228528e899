package pubsub

import (
	"context"
	"fmt"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"

	"services.example/portal/infra/eventstore"
)

// Subscriber follows the log as a watermill message.Subscriber. It delivers in order: the next message is withheld
// until Ack. After Nack it waits, then sends a fresh copy, as often as it takes. When the store fails it subscribes
// again from after the last message that was acknowledged.
type Subscriber struct {
	store  eventstore.Store
	config Config

	mu      sync.Mutex
	closed  bool
	closing chan struct{}
	running sync.WaitGroup
}

var _ message.Subscriber = (*Subscriber)(nil)

// NewSubscriber makes a Subscriber over a store, which it never closes.
func NewSubscriber(store eventstore.Store, config Config) (*Subscriber, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("configuring a subscriber: %w", err)
	}
	return &Subscriber{store: store, config: config, closing: make(chan struct{})}, nil
}

// Subscribe delivers the events of a topic until the context ends or the Subscriber is closed; then the channel is
// closed. It fails only on a closed Subscriber: a store that is unavailable is tried again until it answers.
func (s *Subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("subscribing to %s: %w", topic, errClosed)
	}
	ctx, cancel := context.WithCancel(ctx)
	out := make(chan *message.Message)
	s.running.Add(2)
	go func() {
		defer s.running.Done()
		defer cancel()
		select {
		case <-s.closing:
		case <-ctx.Done():
		}
	}()
	go func() {
		defer s.running.Done()
		defer close(out)
		defer cancel()
		follower := follower{config: s.config, store: s.store, topic: topic, out: out}
		follower.run(ctx)
	}()
	return out, nil
}

// Close ends all subscriptions and waits until they have ended. It may be called again.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	s.mu.Unlock()
	s.running.Wait()
	return nil
}
