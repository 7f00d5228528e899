package live_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a log with a hub over it. An event concerns the topic that its stream's name begins with.
type world struct {
	*live.Hub
	t   *testing.T
	log *pebblelog.Log
	end func()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	log, err := pebblelog.Open(t.TempDir(), pebblelog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	hub := live.New(live.Config{Events: log, Topics: func(_ context.Context, event eventstore.Recorded) []string {
		topic, _, _ := strings.Cut(event.Stream, "-")
		return []string{topic}
	}})
	var running sync.WaitGroup
	running.Go(func() { hub.Run(ctx) })
	end := func() { cancel(); running.Wait() }
	t.Cleanup(end)
	return &world{Hub: hub, t: t, log: log, end: end}
}

func (w *world) happens(stream string) eventstore.Position {
	w.t.Helper()
	at, err := w.log.Append(w.t.Context(), stream, eventstore.Any, eventstore.Event{ID: uuid.New(), Type: "happened.v1", JSON: true, Data: []byte("{}")})
	if err != nil {
		w.t.Fatal(err)
	}
	return at.Position
}

func (w *world) listen(topics ...string) *live.Stream {
	w.t.Helper()
	s, err := w.Open(w.t.Context(), "owner of "+topics[0], topics...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.Close)
	return s
}

// hears takes notices until there are n, and returns their streams.
func hears(t *testing.T, s *live.Stream, n int) []string {
	t.Helper()
	var streams []string
	for len(streams) < n {
		select {
		case <-s.News():
		case <-time.After(10 * time.Second):
			t.Fatalf("heard only %v", streams)
		}
		notices, lost, err := s.Take()
		if err != nil || lost {
			t.Fatalf("lost %v, %v", lost, err)
		}
		for _, notice := range notices {
			streams = append(streams, notice.Stream)
		}
	}
	return streams
}

func TestWhoListensHearsWhatConcernsThemInOrder(t *testing.T) {
	w := newWorld(t)
	w.happens("dana-before")
	dana, aibek, both := w.listen("dana"), w.listen("aibek"), w.listen("dana", "aibek")
	w.happens("dana-1")
	w.happens("aibek-1")
	w.happens("nobody-1")
	w.happens("dana-2")
	for name, test := range map[string]struct {
		stream *live.Stream
		want   []string
	}{
		"dana":  {dana, []string{"dana-1", "dana-2"}},
		"aibek": {aibek, []string{"aibek-1"}},
		"both":  {both, []string{"dana-1", "aibek-1", "dana-2"}},
	} {
		if diff := cmp.Diff(test.want, hears(t, test.stream, len(test.want))); diff != "" {
			t.Errorf("%s hears (-want +got):\n%s", name, diff)
		}
	}
}

func TestListeningBeginsAtAKnownPlace(t *testing.T) {
	w := newWorld(t)
	before := w.happens("dana-before")
	s := w.listen("dana")
	if s.From() != before {
		t.Errorf("begins after %s, want %s", s.From(), before)
	}
	last := w.happens("dana-1")
	hears(t, s, 1)
	if again := w.listen("dana"); again.From() != last {
		t.Errorf("the next one begins after %s, want %s", again.From(), last)
	}
}

// TestNothingIsMissedWhileListenersComeAndGo: whatever is recorded after a stream's beginning is heard by it, also when
// it is the only one, and the one before has just gone.
func TestNothingIsMissedWhileListenersComeAndGo(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if _, err := w.log.Append(ctx, fmt.Sprintf("dana-%d", i), eventstore.Any,
				eventstore.Event{ID: uuid.New(), Type: "happened.v1", JSON: true, Data: []byte("{}")}); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	for range 50 {
		s := w.listen("dana")
		heard := map[eventstore.Position]bool{}
		var last eventstore.Position
		for len(heard) < 20 {
			<-s.News()
			notices, lost, err := s.Take()
			if err != nil {
				t.Fatal(err)
			}
			if lost {
				break
			}
			for _, n := range notices {
				heard[n.Position], last = true, n.Position
			}
		}
		for event, err := range w.log.ReadAll(t.Context(), eventstore.AllRead{From: s.From()}) {
			if err != nil {
				t.Fatal(err)
			}
			if last.Before(event.Position) {
				break
			}
			if s.From().Before(event.Position) && !heard[event.Position] {
				t.Fatalf("missed the event at %s", event.Position)
			}
		}
		s.Close()
	}
	stop()
	writing.Wait()
}

func TestWhoDoesNotListenIsToldThatNoticesWereLost(t *testing.T) {
	w := newWorld(t)
	s, other := w.listen("dana"), w.listen("dana")
	for i := range 300 {
		w.happens(fmt.Sprintf("dana-%d", i))
		if i%100 == 99 {
			hears(t, other, 100)
		}
	}
	if _, lost, err := s.Take(); !lost || err != nil {
		t.Errorf("lost %v, %v", lost, err)
	}
	if _, lost, _ := s.Take(); lost {
		t.Error("told twice")
	}
	w.happens("dana-more")
	hears(t, other, 1)
	notices, lost, err := s.Take()
	if err != nil || lost || len(notices) != 1 || notices[0].Stream != "dana-more" {
		t.Errorf("then hears %v, lost %v, %v", notices, lost, err)
	}
}

func TestOneOwnerHasABound(t *testing.T) {
	w := newWorld(t)
	for range 64 {
		w.listen("dana")
	}
	if _, err := w.Open(t.Context(), "owner of dana", "aibek"); !errors.Is(err, live.ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	w.listen("aibek")
}

func TestTheEndOfTheHubEndsEverything(t *testing.T) {
	w := newWorld(t)
	s := w.listen("dana")
	w.end()
	<-s.News()
	if _, _, err := s.Take(); !errors.Is(err, live.ErrClosed) {
		t.Errorf("a stream of it: %v", err)
	}
	if _, err := w.Open(t.Context(), "owner of dana", "aibek"); !errors.Is(err, live.ErrClosed) {
		t.Errorf("a new one: %v", err)
	}
	if n := w.Listening(); n != 0 {
		t.Errorf("%d listen", n)
	}
}

func TestWhoWaitsToListenCanGiveUp(t *testing.T) {
	hub := live.New(live.Config{}) // nobody runs it
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hub.Open(ctx, "owner", "dana"); !errors.Is(err, context.Canceled) {
		t.Errorf("answer: %v", err)
	}
	if n := hub.Listening(); n != 0 {
		t.Errorf("%d listen", n)
	}
}
