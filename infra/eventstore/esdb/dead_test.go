package esdb_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdb"
)

// A server that goes silent: no connection is closed, nothing comes through, and those that were made before its return
// stay dead. Appends, and the subscription on its other connection, go on soon after the return.
func TestSilentOutagesHeal(t *testing.T) {
	t.Parallel()
	for _, length := range []time.Duration{0, 300 * time.Millisecond, 1200 * time.Millisecond, 4 * time.Second} {
		t.Run(length.String(), func(t *testing.T) {
			t.Parallel()
			n := startNode(t, nil)
			w := startWire(t, n.address[len("unix://"):], 0)
			store := open(t, esdb.Options{Connection: w.connection()})
			f := startTail(t, store, eventstore.Filter{})
			l := startLoad(t, store)
			for range 2 {
				l.healed(t, time.Now())
				f.delivered(t, time.Now())
				w.die()
				<-time.After(length)
				back := time.Now()
				w.revive()
				appended := l.healed(t, back.Add(20*time.Millisecond)) // what had passed when the line went dead
				delivered := f.delivered(t, back.Add(20*time.Millisecond))
				if appended > healing || delivered > healing {
					t.Errorf("after %s of silence, appends went on after %s, the subscription after %s", length, appended, delivered)
				}
				t.Logf("after %s of silence, appends went on after %s, the subscription after %s", length, appended, delivered)
			}
			l.stop(t)
			f.check(t, l.check(t, store))
		})
	}
}

// Nobody calls; only a subscription waits. It hears of what is appended after the server's return.
func TestAQuietSubscriptionNoticesASilentOutage(t *testing.T) {
	t.Parallel()
	for _, length := range []time.Duration{0, 800 * time.Millisecond, 3 * time.Second} {
		t.Run(length.String(), func(t *testing.T) {
			t.Parallel()
			n := startNode(t, nil)
			w := startWire(t, n.address[len("unix://"):], 0)
			direct := open(t, esdb.Options{Connection: n.connection()})
			store := open(t, esdb.Options{Connection: w.connection()})
			f := startTail(t, store, eventstore.Filter{})
			appendOne(t, direct, 0)
			f.delivered(t, time.Time{})
			w.die()
			<-time.After(length)
			back := time.Now()
			w.revive()
			appendOne(t, direct, 1)
			if took := f.delivered(t, back); took > healing {
				t.Errorf("after %s of silence, the subscription went on after %s", length, took)
			} else {
				t.Logf("after %s of silence, the subscription went on after %s", length, took)
			}
		})
	}
}

func appendOne(t *testing.T, store eventstore.Store, revision int64) {
	t.Helper()
	if _, err := store.Append(t.Context(), "thing-1", eventstore.Expected(revision-1), made("thing-1", int(revision))); err != nil {
		t.Fatal(err)
	}
}

// A server that stands still, and with it all its connections, loses none of them.
func TestAServerThatStoodStillKeepsItsConnections(t *testing.T) {
	t.Parallel()
	n := startNode(t, nil)
	w := startWire(t, n.address[len("unix://"):], 0)
	store := open(t, esdb.Options{Connection: w.connection()})
	f := startTail(t, store, eventstore.Filter{})
	l := startLoad(t, store)
	l.healed(t, time.Now())
	thaw := w.freeze()
	<-time.After(2 * time.Second)
	back := time.Now()
	thaw()
	if took := l.healed(t, back); took > healing/2 {
		t.Errorf("the first append was acknowledged %s after the server went on", took)
	}
	l.stop(t)
	f.check(t, l.check(t, store))
}

// An event that takes longer than an attempt may last, on a line that is slow and alive, in both directions: nothing is
// repeated, and no other connection is made.
func TestASlowLineIsNotTakenForADeadOne(t *testing.T) {
	t.Parallel()
	const rate = 320 << 10
	n := startNode(t, nil)
	w := startWire(t, n.address[len("unix://"):], rate)
	store := open(t, esdb.Options{Connection: w.connection(), AttemptTimeout: time.Second})
	want := made("thing-1", 0)
	want.Data = bytes.Repeat([]byte("0123456789abcdef"), eventstore.MaxAppendSize/16)
	began := time.Now()
	if _, err := store.Append(t.Context(), "thing-1", eventstore.NoStream, want); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 2*time.Second {
		t.Fatalf("the append took only %s: this line is not slow", took)
	}
	events, err := collect(t, store, "thing-1")
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events, error %v", len(events), err)
	}
	if diff := cmp.Diff(want, events[0].Event); diff != "" {
		t.Errorf("(-appended +read):\n%s", diff)
	}
	if made := w.accepted.Load(); made != 1 {
		t.Errorf("%d connections were made", made)
	}
}
