package esdb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"services.example/portal/infra/eventstore"
)

// How long Next lets events gather, counted from the first that is there.
const (
	// gatherTime is for a batch while the subscription catches up.
	gatherTime = 20 * time.Millisecond
	// arrivalTime is for events that are known to be in the log and on their way.
	arrivalTime = 250 * time.Millisecond
	// holdTime is for the last event before the end of the log: when the server says that it was the last, it can be
	// delivered as such.
	holdTime = time.Second
)

// subscription is the consumer's end: what was received and not yet asked for.
type subscription struct {
	store  *Store
	sieve  sieve
	ctx    context.Context //nolint:containedctx // its life, which is not that of a call
	cancel context.CancelFunc
	ended  chan struct{} // closed when nothing runs for it any more
	wake   chan struct{} // there may be something to deliver
	space  chan struct{} // something was delivered

	mu       sync.Mutex
	track    track
	events   []eventstore.Recorded
	bytes    int
	since    time.Time           // when the first thing that waits for delivery came
	reported eventstore.Position // Through of the last delivery
	limit    int                 // of the Next that waits; 0: none does
	err      error               // why it is over
	closed   bool                // by its owner or the store
}

func newSubscription(s *Store, after eventstore.Position, sieve sieve) *subscription {
	sub := &subscription{
		store: s, sieve: sieve, reported: after,
		ended: make(chan struct{}), wake: make(chan struct{}, 1), space: make(chan struct{}, 1),
		track: track{seen: after, through: after, before: after},
	}
	sub.ctx, sub.cancel = context.WithCancel(s.ctx)
	return sub
}

// Next implements eventstore.Subscription.
func (s *subscription) Next(ctx context.Context, limit int) (eventstore.Delivery, error) {
	if limit < 1 {
		return eventstore.Delivery{}, &eventstore.InvalidError{Reason: "a delivery of no events was asked for"}
	}
	var timer *time.Timer
	for {
		if err := ctx.Err(); err != nil {
			return eventstore.Delivery{}, fmt.Errorf("wait for events: %w", err)
		}
		delivery, ready, wait, err := s.take(limit)
		if ready || err != nil {
			return delivery, err
		}
		var due <-chan time.Time
		if wait > 0 {
			if timer == nil {
				timer = time.NewTimer(wait)
				defer timer.Stop()
			} else {
				timer.Reset(wait)
			}
			due = timer.C
		}
		select {
		case <-s.wake:
		case <-due:
		case <-ctx.Done():
		}
	}
}

// take delivers if there is enough to deliver. Otherwise it tells how long to wait for more, 0 without end.
func (s *subscription) take(limit int) (d eventstore.Delivery, ready bool, wait time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = 0
	if s.closed {
		return d, false, 0, s.err
	}
	n, wait := s.due(limit)
	if s.err != nil {
		n = min(len(s.events), limit) // what was received before the failure
		if n == 0 {
			return d, false, 0, s.err
		}
	}
	if n < 0 {
		s.limit = limit
		return d, false, wait, nil
	}
	return s.deliver(n), true, 0, nil
}

// due tells how many events to deliver, or to wait if that is negative.
func (s *subscription) due(limit int) (n int, wait time.Duration) {
	n = len(s.events)
	if n == 0 && !s.reported.Before(s.track.through) {
		return -1, 0
	}
	if n > limit || s.track.live && n == limit {
		return limit, 0
	}
	waited := time.Since(s.since)
	if s.behind() && waited < arrivalTime && !s.full() {
		return -1, arrivalTime - waited
	}
	if s.track.live {
		return n, 0
	}
	switch {
	case waited >= holdTime:
		return n, 0
	case n > 1 && (waited >= gatherTime || s.full()):
		return n - 1, 0
	case n == 0 && s.reported.Before(s.track.before) && waited >= gatherTime:
		return 0, 0
	case waited < gatherTime:
		return -1, gatherTime - waited
	default:
		return -1, holdTime - waited
	}
}

// behind tells whether more is in the log, and on its way, than has come.
func (s *subscription) behind() bool {
	return s.sieve.server() == nil && s.track.through.Before(*s.store.acked.Load())
}

func (s *subscription) full() bool {
	return len(s.events) >= bufferedEvents || s.bytes >= bufferedBytes
}

// deliver hands over the first n events.
func (s *subscription) deliver(n int) eventstore.Delivery {
	rest := s.events[n:]
	d := eventstore.Delivery{Events: s.events[:n:n]}
	for i := range d.Events {
		s.bytes -= weight(&d.Events[i])
	}
	switch {
	case len(rest) > 0:
		if s.events = rest; len(rest) <= n { // so that what comes has room, and what was delivered can go
			s.events = append(make([]eventstore.Recorded, 0, 2*n), rest...)
		}
		d.Through = later(s.reported, s.lastPosition(d.Events))
	case s.track.live || n > 0 || time.Since(s.since) >= holdTime:
		s.events = nil
		d.Through = s.track.through
		d.Live = s.track.live && !s.behind()
	default: // progress only, and not to its end: that is for the delivery that says it is the end
		d.Through = s.track.before
	}
	s.reported = d.Through
	if s.since = time.Now(); len(s.events) == 0 && !s.reported.Before(s.track.through) {
		s.since = time.Time{}
	}
	signal(s.space)
	return d
}

func (s *subscription) lastPosition(events []eventstore.Recorded) eventstore.Position {
	if len(events) == 0 {
		return s.reported
	}
	return events[len(events)-1].Position
}

// Close implements eventstore.Subscription. A Next that waits returns.
func (s *subscription) Close() error {
	s.end(fmt.Errorf("%w: the subscription is closed", eventstore.ErrUnavailable))
	<-s.ended
	s.store.forget(s)
	return nil
}

// end stops the subscription without waiting.
func (s *subscription) end(err error) {
	s.mu.Lock()
	if !s.closed {
		s.closed, s.err, s.events = true, err, nil
	}
	s.mu.Unlock()
	s.cancel()
	signal(s.wake)
	signal(s.space)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func weight(event *eventstore.Recorded) int { return len(event.Data) + len(event.Metadata) + 128 }

func later(p, q eventstore.Position) eventstore.Position {
	if p.Before(q) {
		return q
	}
	return p
}
