// Package pubsubtest has an event log in memory for tests of what consumes a log: it counts positions from 1, and it
// can be made unavailable and back, which no real adapter can be at will.
package pubsubtest

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"services.example/portal/infra/eventstore"
)

// Log is an event log in memory.
type Log struct {
	Clock func() time.Time // nil: time.Now

	mu        sync.Mutex
	events    []eventstore.Recorded
	revisions map[string]int64
	changed   chan struct{} // closed and replaced when anything happens
	down      bool
	downs     int // how often the log went down: subscriptions from before are over
}

var _ eventstore.Store = (*Log)(nil)

// NewLog makes an empty log.
func NewLog() *Log {
	return &Log{revisions: map[string]int64{}, changed: make(chan struct{})}
}

// SetDown makes every call fail with ErrUnavailable and ends subscriptions, or makes the log available again.
func (l *Log) SetDown(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if down && !l.down {
		l.downs++
	}
	l.down = down
	l.wake()
}

func (l *Log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Append appends. An event id that the stream holds already makes the append a repetition.
func (l *Log) Append(ctx context.Context, stream string, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	if err := ctx.Err(); err != nil {
		return eventstore.Appended{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return eventstore.Appended{}, eventstore.ErrUnavailable
	}
	last, exists := l.revisions[stream]
	if !exists {
		last = eventstore.NoRevision
	}
	if expected >= eventstore.NoStream && int64(expected) != last {
		return eventstore.Appended{}, &eventstore.ConflictError{Stream: stream, Expected: expected, Actual: last}
	}
	now := time.Now
	if l.Clock != nil {
		now = l.Clock
	}
	for _, event := range events {
		last++
		n := uint64(len(l.events)) + 1
		l.events = append(l.events, eventstore.Recorded{
			Event: event, Stream: stream, Revision: last,
			Position: eventstore.Position{Commit: n, Prepare: n}, Created: now().UTC(),
		})
	}
	l.revisions[stream] = last
	l.wake()
	n := uint64(len(l.events))
	return eventstore.Appended{Revision: last, Position: eventstore.Position{Commit: n, Prepare: n}}, nil
}

// ReadStream reads a stream forwards.
func (l *Log) ReadStream(ctx context.Context, stream string, read eventstore.StreamRead) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		found := false
		for event, err := range l.ReadAll(ctx, eventstore.AllRead{}) {
			if err != nil {
				yield(event, err)
				return
			}
			if event.Stream != stream {
				continue
			}
			found = true
			if event.Revision >= read.From && !yield(event, nil) {
				return
			}
		}
		if !found {
			yield(eventstore.Recorded{}, &eventstore.NotFoundError{Stream: stream})
		}
	}
}

func (l *Log) snapshot() ([]eventstore.Recorded, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, eventstore.ErrUnavailable
	}
	return slices.Clip(l.events), nil
}

// ReadAll reads the log.
func (l *Log) ReadAll(ctx context.Context, read eventstore.AllRead) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		events, err := l.snapshot()
		if err != nil {
			yield(eventstore.Recorded{}, err)
			return
		}
		if read.Backwards {
			events = slices.Clone(events)
			slices.Reverse(events)
		}
		yielded := 0
		for _, event := range events {
			if err := ctx.Err(); err != nil {
				yield(eventstore.Recorded{}, err)
				return
			}
			outside := event.Position.Before(read.From)
			if read.Backwards {
				outside = !outside
			}
			if outside || !passes(read.Filter, event) {
				continue
			}
			if !yield(event, nil) {
				return
			}
			if yielded++; yielded == read.Limit {
				return
			}
		}
	}
}

func passes(filter eventstore.Filter, event eventstore.Recorded) bool {
	if !filter.System && strings.HasPrefix(event.Stream, "$") {
		return false
	}
	return anyPrefix(filter.Streams, event.Stream) && anyPrefix(filter.Types, event.Type)
}

func anyPrefix(prefixes []string, text string) bool {
	return len(prefixes) == 0 || slices.ContainsFunc(prefixes, func(prefix string) bool {
		return strings.HasPrefix(text, prefix)
	})
}

// Subscribe follows the log.
func (l *Log) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) (eventstore.Subscription, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, eventstore.ErrUnavailable
	}
	return &subscription{log: l, filter: filter, next: int(after.Commit), downs: l.downs}, nil
}

// EventsAfter counts.
func (l *Log) EventsAfter(_ context.Context, after eventstore.Position, limit int) (int, error) {
	events, err := l.snapshot()
	return min(len(events)-min(int(after.Commit), len(events)), limit), err
}

// Delete is not supported.
func (l *Log) Delete(context.Context, string, eventstore.Expected) (eventstore.Position, error) {
	return eventstore.Position{}, &eventstore.InvalidError{Reason: "the log in memory deletes nothing"}
}

// Tombstone is not supported.
func (l *Log) Tombstone(context.Context, string, eventstore.Expected) (eventstore.Position, error) {
	return eventstore.Position{}, &eventstore.InvalidError{Reason: "the log in memory deletes nothing"}
}

// Close ends subscriptions.
func (l *Log) Close() error {
	l.SetDown(true)
	return nil
}

type subscription struct {
	log    *Log
	filter eventstore.Filter
	next   int // index of the event to look at next
	downs  int
}

func (s *subscription) Next(ctx context.Context, limit int) (eventstore.Delivery, error) {
	for {
		s.log.mu.Lock()
		events, changed := s.log.events, s.log.changed
		over := s.log.down || s.log.downs != s.downs
		s.log.mu.Unlock()
		if over {
			return eventstore.Delivery{}, eventstore.ErrUnavailable
		}
		if s.next < len(events) {
			return s.deliver(events, limit), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return eventstore.Delivery{}, ctx.Err()
		}
	}
}

func (s *subscription) deliver(events []eventstore.Recorded, limit int) eventstore.Delivery {
	var delivery eventstore.Delivery
	for s.next < len(events) && len(delivery.Events) < limit {
		if passes(s.filter, events[s.next]) {
			delivery.Events = append(delivery.Events, events[s.next])
		}
		s.next++
	}
	delivery.Through = events[s.next-1].Position
	delivery.Live = s.next == len(events)
	return delivery
}

func (s *subscription) Close() error { return nil }
