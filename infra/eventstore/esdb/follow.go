package esdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"services.example/portal/infra/eventstore"
)

// run receives until the subscription is closed or cannot go on. Whenever the stream breaks it is opened again after
// the last position.
func (s *subscription) run() {
	defer close(s.ended)
	defer s.cancel()
	a := attempts{store: s.store, link: s.store.feeds}
	f := follower{subscription: s}
	for {
		g, began, err := f.follow()
		s.mu.Lock()
		s.track.dropped()
		s.mu.Unlock()
		if s.ctx.Err() != nil {
			s.fail(errClosed)
			return
		}
		if f.received > 0 {
			a.failed, a.doubts = 0, 0
		}
		s.store.logger.Debug("event store subscription dropped", "error", err)
		if !a.after(s.ctx, g, began, &err) {
			s.fail(lost(err))
			return
		}
	}
}

// lost is the error of a subscription that cannot go on.
func lost(err error) error {
	var f *failure
	if errors.As(err, &f) {
		err = explain("the event log", f.err)
	}
	return fmt.Errorf("follow the event log: %w", err)
}

// fail ends the subscription after what was received has been delivered.
func (s *subscription) fail(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	signal(s.wake)
}

// follower is the receiving end.
type follower struct {
	*subscription
	created  monotonic
	received int // messages since the stream was opened
}

// follow opens the stream and receives until it breaks.
func (f *follower) follow() (g *generation, began time.Time, err error) {
	f.received, began = 0, time.Now()
	stream, v, err := openStream(f.ctx, f.store.feeds, f.store.options.AttemptTimeout, f.open)
	if v == nil {
		return nil, began, err
	}
	defer v.leave()
	g = v.generation
	if err != nil {
		return g, began, err
	}
	g.saw()
	for {
		message, err := receive(stream)
		if err != nil {
			return g, began, err
		}
		if f.received++; f.received%sawEvery == 0 {
			g.saw()
		}
		if err := f.handle(message); err != nil {
			return g, began, err
		}
	}
}

func (f *follower) open(ctx context.Context, g *generation) (*client.Subscription, error) {
	f.mu.Lock()
	from := f.track.through
	f.mu.Unlock()
	return g.client.SubscribeToAll(ctx, client.SubscribeToAllOptions{
		From: toAllPosition(upTo(from)), Filter: f.sieve.server(), MaxSearchWindow: searchWindow, CheckpointInterval: 1,
	})
}

func receive(stream *client.Subscription) (message *client.SubscriptionEvent, err error) {
	defer guard(&err)
	message = stream.Recv()
	if message.SubscriptionDropped != nil {
		return nil, message.SubscriptionDropped.Error
	}
	return message, nil
}

// handle takes one message in.
func (f *follower) handle(message *client.SubscriptionEvent) error {
	if message.EventAppeared != nil {
		if event := message.EventAppeared.OriginalEvent(); event != nil {
			return f.event(event)
		}
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case message.CheckPointReached != nil:
		f.track.checkpoint(fromPosition(*message.CheckPointReached))
	case message.CaughtUp != nil:
		f.track.caughtUp()
	case message.FellBehind != nil:
		f.track.live = false
	}
	f.arrived()
	return nil
}

func (f *follower) event(event *client.RecordedEvent) error {
	created := f.created.next(event.CreatedDate)
	wanted := f.sieve.passes(event)
	f.mu.Lock()
	defer f.mu.Unlock()
	isNew, claimFalse := f.track.event(fromPosition(event.Position))
	if claimFalse {
		f.store.logger.Warn("the event store sent a checkpoint beyond an event that it had yet to send")
	}
	if !isNew {
		return nil
	}
	if wanted {
		recorded := toRecorded(event)
		recorded.Created = created
		if f.events == nil {
			f.events = make([]eventstore.Recorded, 0, 16)
		}
		f.events = append(f.events, recorded)
		f.bytes += weight(&recorded)
	}
	f.arrived()
	return f.makeRoom()
}

// arrived wakes a Next that waits, if what came can change its mind.
func (f *follower) arrived() {
	first := f.since.IsZero()
	if first {
		f.since = time.Now()
	}
	if f.limit > 0 && (first || f.track.live || len(f.events) > f.limit || f.full()) {
		f.limit = 0
		signal(f.wake)
	}
}

// makeRoom waits while as much as may be kept waits to be delivered. The lock is held before and after, not meanwhile.
func (f *follower) makeRoom() error {
	for f.full() && !f.closed {
		f.mu.Unlock()
		select {
		case <-f.space:
		case <-f.ctx.Done():
		}
		f.mu.Lock()
	}
	return f.ctx.Err()
}
