package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"services.example/portal/infra/eventstore"
)

var raceTests = map[string]func(t *testing.T, h Harness){
	"one stream has one winner a revision":          testOneStream,
	"one stream takes all who expect anything":      testAnyStream,
	"many streams do not disturb each other":        testManyStreams,
	"repeated appends at once are written once":     testRepeatsAtOnce,
	"reads during appends see a prefix of the log":  testReadWhileAppending,
	"reads during appends see whole appends":        testReadsWholeAppends,
	"an acknowledged event is in every later read":  testReadYourWrite,
	"positions follow the order of acknowledgement": testPositionOrder,
}

const racers = 64

// race runs the function in many goroutines and returns the first error of each.
func race(t *testing.T, run func(ctx context.Context, racer int) error) {
	t.Helper()
	var group sync.WaitGroup
	failures := make(chan error, racers)
	for racer := range racers {
		group.Go(func() {
			if err := run(t.Context(), racer); err != nil {
				failures <- fmt.Errorf("racer %d: %w", racer, err)
			}
		})
	}
	group.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	if t.Failed() {
		t.FailNow()
	}
}

func testOneStream(t *testing.T, h Harness) {
	const rounds = 20
	winners := make([]eventstore.Event, rounds)
	var mu sync.Mutex
	for round := range rounds {
		won := 0
		race(t, func(ctx context.Context, _ int) error {
			event := made(1)[0]
			appended, err := h.Store.Append(ctx, "thing-1", eventstore.Expected(round-1), event)
			var lost *eventstore.ConflictError
			if errors.As(err, &lost) {
				if lost.Actual != int64(round) {
					return fmt.Errorf("refused at revision %d in round %d", lost.Actual, round)
				}
				return nil
			}
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			won++
			winners[appended.Revision] = event
			return nil
		})
		same(t, "winners of a round", won, 1)
	}
	sameEvents(t, "events", readStream(t, h.Store, "thing-1", eventstore.StreamRead{}), winners)
}

func testAnyStream(t *testing.T, h Harness) {
	const each = 10
	all := make([]eventstore.Event, racers*each)
	race(t, func(ctx context.Context, _ int) error {
		for range each {
			event := made(1)[0]
			appended, err := h.Store.Append(ctx, "thing-1", eventstore.Any, event)
			if err != nil {
				return err
			}
			all[appended.Revision] = event
		}
		return nil
	})
	sameEvents(t, "events", readStream(t, h.Store, "thing-1", eventstore.StreamRead{}), all)
}

func testManyStreams(t *testing.T, h Harness) {
	const each = 10
	want := make([][]eventstore.Event, racers)
	race(t, func(ctx context.Context, racer int) error {
		revision := eventstore.NoStream
		for i := range each {
			events := made(1 + i%3)
			appended, err := h.Store.Append(ctx, fmt.Sprintf("thing-%d", racer), revision, events...)
			if err != nil {
				return err
			}
			revision = eventstore.Expected(appended.Revision)
			want[racer] = append(want[racer], events...)
		}
		return nil
	})
	total := 0
	for racer := range racers {
		sameEvents(t, "events", readStream(t, h.Store, fmt.Sprintf("thing-%d", racer), eventstore.StreamRead{}), want[racer])
		total += len(want[racer])
	}
	same(t, "events in the log", len(readAll(t, h.Store, eventstore.AllRead{Filter: eventstore.Filter{
		Streams: []string{"thing-"},
	}})), total)
}

func testRepeatsAtOnce(t *testing.T, h Harness) {
	for _, expected := range repeatable {
		stream := "thing-" + expected.String()
		events := made(2)
		answers := make([]eventstore.Appended, racers)
		race(t, func(ctx context.Context, racer int) (err error) {
			answers[racer], err = h.Store.Append(ctx, stream, expected, events...)
			return err
		})
		for _, answer := range answers {
			same(t, "answer", answer, answers[0])
		}
		sameEvents(t, "events", readStream(t, h.Store, stream, eventstore.StreamRead{}), events)
	}
}

// during runs a check again and again while many append, each time two events to a stream of their own.
func during(t *testing.T, h Harness, check func() error) {
	t.Helper()
	done := make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		defer close(failed)
		for {
			if err := check(); err != nil {
				failed <- err
				return
			}
			select {
			case <-done:
				return
			default:
			}
		}
	}()
	race(t, func(ctx context.Context, racer int) error {
		for i := range 10 {
			events := made(2)
			if _, err := h.Store.Append(ctx, fmt.Sprintf("pair-%d", racer), eventstore.Expected(2*i-1), events...); err != nil {
				return err
			}
		}
		return nil
	})
	close(done)
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
}

var pairs = eventstore.AllRead{Filter: eventstore.Filter{Streams: []string{"pair-"}}}

func testReadWhileAppending(t *testing.T, h Harness) {
	var previous []eventstore.Recorded
	during(t, h, func() error {
		events, err := collect(h.Store.ReadAll(t.Context(), pairs))
		if err != nil {
			return err
		}
		for i := range previous {
			if i >= len(events) || events[i].ID != previous[i].ID {
				return fmt.Errorf("event %d of an earlier read is not in a later one", i)
			}
		}
		previous = events
		return nil
	})
	same(t, "events in the end", len(readAll(t, h.Store, pairs)), racers*20)
}

func testReadsWholeAppends(t *testing.T, h Harness) {
	during(t, h, func() error {
		events, err := collect(h.Store.ReadAll(t.Context(), pairs))
		if err != nil {
			return err
		}
		if len(events)%2 != 0 {
			return fmt.Errorf("read %d events, half an append among them", len(events))
		}
		for i := 0; i < len(events); i += 2 {
			if events[i].Stream != events[i+1].Stream || events[i].Revision+1 != events[i+1].Revision {
				return fmt.Errorf("events %d and %d were appended together and are not neighbours", i, i+1)
			}
		}
		return nil
	})
}

func testReadYourWrite(t *testing.T, h Harness) {
	race(t, func(ctx context.Context, racer int) error {
		stream := fmt.Sprintf("thing-%d", racer)
		for i := range int64(10) {
			appended, err := h.Store.Append(ctx, stream, eventstore.Expected(i-1), made(1)...)
			if err != nil {
				return err
			}
			events, err := collect(h.Store.ReadStream(ctx, stream, eventstore.StreamRead{}))
			if err != nil || int64(len(events)) != i+1 {
				return fmt.Errorf("read %d events of %d (error %w)", len(events), i+1, err)
			}
			last, err := collect(h.Store.ReadAll(ctx, eventstore.AllRead{From: appended.Position, Limit: 1}))
			if err != nil || len(last) != 1 || last[0].Position != appended.Position {
				return fmt.Errorf("read %v at %v (error %w)", positions(last), appended.Position, err)
			}
		}
		return nil
	})
}

func testPositionOrder(t *testing.T, h Harness) {
	race(t, func(ctx context.Context, racer int) error {
		var before eventstore.Position
		for range 10 {
			appended, err := h.Store.Append(ctx, fmt.Sprintf("thing-%d", racer%8), eventstore.Any, made(1)...)
			if err != nil {
				return err
			}
			if !before.Before(appended.Position) {
				return fmt.Errorf("acknowledged at %v after %v", appended.Position, before)
			}
			before = appended.Position
		}
		return nil
	})
}
