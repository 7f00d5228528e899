package esdb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdb"
	"services.example/portal/infra/eventstore/esdbserver/faults"
	"services.example/portal/infra/eventstore/pebblelog"
)

// healing is how soon after the server's return everything must work again.
const healing = 2 * time.Second

// patience is how long a test waits for what should happen at once.
const patience = 20 * time.Second

func made(stream string, n int) eventstore.Event {
	return eventstore.Event{
		ID: uuid.New(), Type: "thing.happened.v1", JSON: true, Data: fmt.Appendf(nil, `{"stream":%q,"n":%d}`, stream, n),
	}
}

// load appends from several callers until it is stopped, and keeps what was acknowledged.
type load struct {
	cancel context.CancelFunc
	group  sync.WaitGroup
	last   atomic.Int64 // when an append was last acknowledged, in nanoseconds

	mu    sync.Mutex
	acked map[string][]uuid.UUID // by stream, in order
	err   error
}

const loaders = 8

// startLoad appends to streams of each caller's own with explicit revisions, and to one of all with none.
func startLoad(t *testing.T, store eventstore.Store) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{cancel: cancel, acked: map[string][]uuid.UUID{}}
	for i := range loaders {
		stream, expected := fmt.Sprintf("own-%d", i), eventstore.NoStream
		if i%4 == 3 {
			stream, expected = "shared-1", eventstore.Any
		}
		l.group.Go(func() { l.run(ctx, store, stream, expected) })
	}
	return l
}

func (l *load) run(ctx context.Context, store eventstore.Store, stream string, expected eventstore.Expected) {
	for n := 0; ctx.Err() == nil; n++ {
		event := made(stream, n)
		// The context of an append is not cancelled, so that its outcome is known.
		appended, err := store.Append(context.WithoutCancel(ctx), stream, expected, event)
		l.mu.Lock()
		if err != nil {
			l.err = errors.Join(l.err, err)
			l.mu.Unlock()
			return
		}
		l.acked[stream] = append(l.acked[stream], event.ID)
		l.mu.Unlock()
		l.last.Store(time.Now().UnixNano())
		if expected != eventstore.Any {
			expected = eventstore.Expected(appended.Revision)
		}
	}
}

// healed waits until an append was acknowledged after a time, and tells when.
func (l *load) healed(t *testing.T, since time.Time) time.Duration {
	t.Helper()
	return awaitAfter(t, &l.last, since, "no append was acknowledged")
}

func awaitAfter(t *testing.T, last *atomic.Int64, since time.Time, complaint string) time.Duration {
	t.Helper()
	deadline := time.Now().Add(patience)
	for last.Load() <= max(since.UnixNano(), 0) {
		if time.Now().After(deadline) {
			t.Fatalf("%s in %s", complaint, patience)
		}
		pollPause()
	}
	return time.Unix(0, last.Load()).Sub(since)
}

// pollPause lets others work between two looks at something that does not announce itself.
func pollPause() { <-time.After(time.Millisecond) }

func (l *load) stop(t *testing.T) {
	t.Helper()
	l.cancel()
	l.group.Wait()
	if l.err != nil {
		t.Fatalf("append: %v", l.err)
	}
}

// check compares what is in the log with what was acknowledged: everything, once, and nothing else.
func (l *load) check(t *testing.T, store eventstore.Store) []eventstore.Recorded {
	t.Helper()
	var all []eventstore.Recorded
	got := map[string][]uuid.UUID{}
	for event, err := range store.ReadAll(t.Context(), eventstore.AllRead{}) {
		if err != nil {
			t.Fatalf("read the log: %v", err)
		}
		all = append(all, event)
		got[event.Stream] = append(got[event.Stream], event.ID)
	}
	for stream, want := range l.acked {
		if stream == "shared-1" { // its callers' acknowledgements are in no order
			sameMembers(t, stream, got[stream], want)
		} else if diff := cmp.Diff(want, got[stream]); diff != "" {
			t.Fatalf("stream %s (-acknowledged +stored):\n%s", stream, diff)
		}
	}
	return all
}

func sameMembers(t *testing.T, stream string, got, want []uuid.UUID) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("stream %s has %d events, %d were acknowledged", stream, len(got), len(want))
	}
	count := map[uuid.UUID]int{}
	for _, id := range got {
		count[id]++
	}
	for _, id := range want {
		if count[id] != 1 {
			t.Errorf("stream %s has event %s %d times, want once", stream, id, count[id])
		}
	}
}

// tail follows the log and keeps what is delivered.
type tail struct {
	cancel context.CancelFunc
	done   chan struct{}

	last atomic.Int64 // when anything was last delivered, in nanoseconds

	mu      sync.Mutex
	events  []eventstore.Recorded
	through eventstore.Position
	err     error
}

func startTail(t *testing.T, store eventstore.Store, filter eventstore.Filter) *tail {
	t.Helper()
	subscription, err := store.Subscribe(t.Context(), eventstore.Position{}, filter)
	if err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	f := &tail{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(f.done)
		for {
			delivery, err := subscription.Next(ctx, 100)
			f.mu.Lock()
			if err == nil && !f.through.Before(delivery.Through) {
				err = fmt.Errorf("delivered through %v after %v", delivery.Through, f.through)
			}
			f.events, f.through, f.err = append(f.events, delivery.Events...), delivery.Through, err
			f.mu.Unlock()
			if err != nil {
				return
			}
			if len(delivery.Events) > 0 {
				f.last.Store(time.Now().UnixNano())
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-f.done
		if err := subscription.Close(); err != nil {
			t.Errorf("close the subscription: %v", err)
		}
	})
	return f
}

// delivered waits until an event was delivered after a time, and tells when.
func (f *tail) delivered(t *testing.T, since time.Time) time.Duration {
	t.Helper()
	return awaitAfter(t, &f.last, since, "no event was delivered")
}

// check waits for the last event and compares all that was delivered with the log.
func (f *tail) check(t *testing.T, all []eventstore.Recorded) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		f.mu.Lock()
		events, err := f.events, f.err
		f.mu.Unlock()
		if err != nil {
			t.Fatalf("next: %v", err)
		}
		if len(events) >= len(all) {
			if diff := cmp.Diff(all, events); diff != "" {
				t.Fatalf("delivered (-log +delivered):\n%s", diff)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d events of %d were delivered", len(events), len(all))
		}
		pollPause()
	}
}

func TestOutagesHeal(t *testing.T) {
	t.Parallel()
	lengths := []time.Duration{0, 200 * time.Millisecond, 1200 * time.Millisecond, 3 * time.Second}
	if os.Getenv("ESDB_LONG_OUTAGE") != "" {
		lengths = append(lengths, time.Minute)
	}
	for _, length := range lengths {
		t.Run(length.String(), func(t *testing.T) {
			t.Parallel()
			n := startNode(t, nil)
			store := open(t, esdb.Options{Connection: n.connection()})
			f := startTail(t, store, eventstore.Filter{})
			l := startLoad(t, store)
			l.healed(t, time.Now())

			n.stop(t)
			<-time.After(length)
			back := time.Now()
			n.start(t)

			if took := l.healed(t, back); took > healing {
				t.Errorf("the first append was acknowledged %s after the server's return", took)
			} else {
				t.Logf("an outage of %s healed in %s", length, took)
			}
			l.stop(t)
			f.check(t, l.check(t, store))
		})
	}
}

func TestRestartsLoseAndRepeatNothing(t *testing.T) {
	n := startNodeWith(t, nil, forgetful)
	store := open(t, esdb.Options{Connection: n.connection()})
	f := startTail(t, store, eventstore.Filter{})
	filtered := startTail(t, store, eventstore.Filter{Streams: []string{"shared-"}})
	l := startLoad(t, store)
	for range 8 {
		l.healed(t, time.Now())
		n.restart(t)
		l.healed(t, time.Now())
		n.cut()
	}
	l.stop(t)
	all := l.check(t, store)
	f.check(t, all)
	var shared []eventstore.Recorded
	for _, event := range all {
		if event.Stream == "shared-1" {
			shared = append(shared, event)
		}
	}
	filtered.check(t, shared)
}

// forgetful is a log that remembers no ids of recent appends, as a server does not that was restarted.
var forgetful = pebblelog.Options{IDs: 1}

func TestAppendsWithoutARevisionAreWrittenOnce(t *testing.T) {
	plan := faults.Seeded(1, faults.Rates{
		One: 3, Ops: []faults.Op{faults.Append},
		Kinds: []faults.Kind{faults.UnavailableBefore, faults.UnavailableAfter, faults.Cut},
	})
	n := startNodeWith(t, plan, forgetful)
	store := open(t, esdb.Options{Connection: n.connection()})
	acked := make([][]uuid.UUID, 4)
	var group sync.WaitGroup
	for i := range acked {
		group.Go(func() {
			expected := eventstore.Any
			for j := range 20 {
				event := made("shared-1", j)
				if j > 0 && i%2 == 0 {
					expected = eventstore.StreamExists
				}
				if _, err := store.Append(t.Context(), "shared-1", expected, event); err != nil {
					t.Errorf("append: %v", err)
					return
				}
				acked[i] = append(acked[i], event.ID)
			}
		})
	}
	group.Wait()
	var want, got []uuid.UUID
	for _, ids := range acked {
		want = append(want, ids...)
	}
	for event, err := range store.ReadStream(t.Context(), "shared-1", eventstore.StreamRead{}) {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		got = append(got, event.ID)
	}
	if sameMembers(t, "shared-1", got, want); t.Failed() {
		t.Log(plan)
	}
}

func TestAServerThatIsNotThereYetIsWaitedFor(t *testing.T) {
	n := startNode(t, nil)
	n.stop(t)
	store := open(t, esdb.Options{Connection: n.connection()})
	f := startTail(t, store, eventstore.Filter{})
	l := startLoad(t, store)
	<-time.After(1200 * time.Millisecond) // the client alone would be dead by now
	back := time.Now()
	n.start(t)
	if took := l.healed(t, back); took > healing {
		t.Errorf("the first append was acknowledged %s after the server came", took)
	}
	l.stop(t)
	f.check(t, l.check(t, store))
}
