package pebblelog_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// copier is a visitor that copies what it is shown, with a pause after so many events.
type copier struct {
	each   int // events of a page
	most   int // events at all; 0: no limit
	failed error

	seen   []eventstore.Recorded
	pauses int
}

func (c *copier) See(v *pebblelog.View) (more bool) {
	c.seen = append(c.seen, recordedOf(v))
	return len(c.seen)%c.each != 0
}

func (c *copier) Pause() (done bool, err error) {
	c.pauses++
	return c.most > 0 && len(c.seen) >= c.most, c.failed
}

func recordedOf(v *pebblelog.View) eventstore.Recorded {
	return eventstore.Recorded{
		Event: eventstore.Event{
			ID: v.ID, Type: string(v.Type), JSON: v.JSON, Data: slices.Clone(v.Data), Metadata: slices.Clone(v.Metadata),
		},
		Stream: string(v.Stream), Revision: v.Revision, Position: v.Position,
		Created: time.Unix(0, v.Created*100).UTC(),
	}
}

func fillForViews(t *testing.T, log *pebblelog.Log) {
	t.Helper()
	for i := range 30 {
		stream := []string{"a", "b", "$system"}[i%3]
		event := eventstore.Event{
			ID: uuid.New(), Type: "noted.v1", JSON: i%2 == 0, Data: []byte(strconv.Itoa(i)), Metadata: []byte("m"),
		}
		if _, err := log.Append(t.Context(), stream, eventstore.Any, event); err != nil {
			t.Fatal(err)
		}
	}
}

func collectAll(t *testing.T, read func(func(eventstore.Recorded, error) bool)) []eventstore.Recorded {
	t.Helper()
	var events []eventstore.Recorded
	for event, err := range read {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

func TestVisitsShowWhatReadsYield(t *testing.T) {
	log := open(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	fillForViews(t, log)
	for name, read := range map[string]eventstore.AllRead{
		"forwards":            {},
		"forwards from 10":    {From: eventstore.Position{Commit: 10, Prepare: 10}},
		"backwards":           {From: eventstore.EndPosition, Backwards: true},
		"backwards before 10": {From: eventstore.Position{Commit: 10, Prepare: 10}, Backwards: true},
		"nothing":             {From: eventstore.EndPosition},
	} {
		read.Filter.System = true
		visitor := &copier{each: 7}
		if err := log.VisitAll(t.Context(), read, visitor); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(collectAll(t, log.ReadAll(t.Context(), read)), visitor.seen); diff != "" {
			t.Errorf("%s (-read +visit):\n%s", name, diff)
		}
	}
	for name, read := range map[string]eventstore.StreamRead{
		"forwards":        {},
		"forwards from 4": {From: 4},
		"so many":         {From: 1, Limit: 3},
		"backwards":       {From: eventstore.End, Backwards: true},
		"nothing":         {From: eventstore.End},
	} {
		visitor := &copier{each: 3}
		last, err := log.VisitStream(t.Context(), "a", read, visitor)
		if err != nil || last != 9 {
			t.Fatalf("last revision %d, %v", last, err)
		}
		if diff := cmp.Diff(collectAll(t, log.ReadStream(t.Context(), "a", read)), visitor.seen); diff != "" {
			t.Errorf("stream %s (-read +visit):\n%s", name, diff)
		}
	}
}

func TestAVisitorEndsTheVisit(t *testing.T) {
	log := open(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	fillForViews(t, log)
	satisfied := &copier{each: 4, most: 8}
	if err := log.VisitAll(t.Context(), eventstore.AllRead{}, satisfied); err != nil {
		t.Fatal(err)
	}
	if len(satisfied.seen) != 8 || satisfied.pauses != 2 {
		t.Errorf("%d events in %d pages, want 8 in 2", len(satisfied.seen), satisfied.pauses)
	}
	failing := &copier{each: 4, failed: errors.New("no more room")}
	if err := log.VisitAll(t.Context(), eventstore.AllRead{}, failing); !errors.Is(err, failing.failed) {
		t.Errorf("error %v, want the visitor's", err)
	}
	if _, err := log.VisitStream(t.Context(), "a", eventstore.StreamRead{}, failing); !errors.Is(err, failing.failed) {
		t.Errorf("error %v, want the visitor's", err)
	}
}

func TestVisitsFailAsReadsDo(t *testing.T) {
	log := open(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	visitor := &copier{each: 1}
	_, err := log.VisitStream(t.Context(), "absent", eventstore.StreamRead{}, visitor)
	if !errors.As(err, new(*eventstore.NotFoundError)) {
		t.Errorf("an absent stream: %v", err)
	}
	_, err = log.VisitStream(t.Context(), "", eventstore.StreamRead{}, visitor)
	if !errors.As(err, new(*eventstore.InvalidError)) {
		t.Errorf("no stream: %v", err)
	}
	fillForViews(t, log)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := log.VisitAll(ended, eventstore.AllRead{}, visitor); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: %v", err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := log.VisitAll(t.Context(), eventstore.AllRead{}, visitor); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("a closed log: %v", err)
	}
	if len(visitor.seen) > 0 {
		t.Errorf("%d events were shown", len(visitor.seen))
	}
}

func TestAFollowerGoesThroughTheLogAndWaits(t *testing.T) {
	for name, options := range map[string]pebblelog.Options{
		"from memory": {Logger: quiet}, "from the database": {Logger: quiet, TailCount: 1},
	} {
		t.Run(name, func(t *testing.T) {
			log := open(t, t.TempDir(), options)
			fillForViews(t, log)
			follower := log.Follow(eventstore.Position{Commit: 5, Prepare: 5})
			var seen []uint64
			see := func(v *pebblelog.View) bool {
				seen = append(seen, v.Position.Commit)
				return len(seen)%10 != 0
			}
			var left []uint64
			for len(left) == 0 || left[len(left)-1] > 0 {
				n, err := follower.Show(t.Context(), see)
				if err != nil {
					t.Fatal(err)
				}
				left = append(left, n)
			}
			if diff := cmp.Diff([]uint64{15, 5, 0}, left); diff != "" {
				t.Errorf("left after each page (-want +got):\n%s", diff)
			}
			waited := make(chan error, 1)
			go func() { waited <- follower.Wait(t.Context()) }()
			if _, err := log.Append(t.Context(), "a", eventstore.Any, benchEvent()); err != nil {
				t.Fatal(err)
			}
			if err := <-waited; err != nil {
				t.Fatal(err)
			}
			if _, err := follower.Show(t.Context(), see); err != nil {
				t.Fatal(err)
			}
			var want []uint64
			for position := uint64(6); position <= 31; position++ {
				want = append(want, position)
			}
			if diff := cmp.Diff(want, seen); diff != "" {
				t.Errorf("positions (-want +got):\n%s", diff)
			}
			if through := follower.Through(); through != log.End() {
				t.Errorf("through %s, want %s", through, log.End())
			}
		})
	}
}

func TestAFollowersWaitEndsWithItsContextAndWithTheLog(t *testing.T) {
	log := open(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	follower := log.Follow(eventstore.EndPosition)
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error, 1)
	go func() { waited <- follower.Wait(ctx) }()
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: %v", err)
	}
	go func() { waited <- follower.Wait(t.Context()) }()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("a closed log: %v", err)
	}
	if _, err := follower.Show(t.Context(), func(*pebblelog.View) bool { return true }); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("show: %v", err)
	}
}

func TestStartedAppendsAreDecidedOnInTheirOrder(t *testing.T) {
	log := open(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	expected := eventstore.NoStream
	var waits []func() (eventstore.Appended, error)
	for i := range 200 {
		waits = append(waits, log.Start(t.Context(), "a", expected, benchEvent()))
		expected = eventstore.Expected(i)
	}
	waits = append(waits, log.Start(t.Context(), "a", 7, benchEvent()), log.Start(t.Context(), "", 7, benchEvent()))
	for i, wait := range waits[:200] {
		appended, err := wait()
		if err != nil || appended.Revision != int64(i) {
			t.Fatalf("append %d: revision %d, %v", i, appended.Revision, err)
		}
	}
	if _, err := waits[200](); !errors.As(err, new(*eventstore.ConflictError)) {
		t.Errorf("an append with another expectation: %v", err)
	}
	if _, err := waits[201](); !errors.As(err, new(*eventstore.InvalidError)) {
		t.Errorf("an append to no stream: %v", err)
	}
}
