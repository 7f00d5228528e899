package esdb_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdb"
	"services.example/portal/infra/eventstore/esdbserver/faults"
)

// prompt is how soon after its context's end every call must return.
const prompt = 100 * time.Millisecond

// calls are all that a store can be asked.
var calls = map[string]func(context.Context, eventstore.Store) error{
	"append": func(ctx context.Context, store eventstore.Store) error {
		_, err := store.Append(ctx, "thing-1", eventstore.Any, made("thing-1", 0))
		return err
	},
	"delete": func(ctx context.Context, store eventstore.Store) error {
		_, err := store.Delete(ctx, "thing-2", eventstore.Any)
		return err
	},
	"tombstone": func(ctx context.Context, store eventstore.Store) error {
		_, err := store.Tombstone(ctx, "thing-3", eventstore.Any)
		return err
	},
	"read stream": func(ctx context.Context, store eventstore.Store) error {
		for _, err := range store.ReadStream(ctx, "thing-1", eventstore.StreamRead{}) {
			if err != nil {
				return err
			}
		}
		return nil
	},
	"read all": func(ctx context.Context, store eventstore.Store) error {
		for _, err := range store.ReadAll(ctx, eventstore.AllRead{}) {
			if err != nil {
				return err
			}
		}
		return nil
	},
	"count": func(ctx context.Context, store eventstore.Store) error {
		_, err := store.EventsAfter(ctx, eventstore.Position{}, 10)
		return err
	},
	"subscribe and wait": func(ctx context.Context, store eventstore.Store) error {
		subscription, err := store.Subscribe(ctx, eventstore.Position{}, eventstore.Filter{})
		if err != nil {
			return err
		}
		_, err = subscription.Next(ctx, 10)
		return errors.Join(err, subscription.Close())
	},
	"subscribe from the end": func(ctx context.Context, store eventstore.Store) error {
		subscription, err := store.Subscribe(ctx, eventstore.EndPosition, eventstore.Filter{})
		if err != nil {
			return err
		}
		_, err = subscription.Next(ctx, 10)
		return errors.Join(err, subscription.Close())
	},
}

// stuck makes every call wait for longer than any test.
func stuck() *faults.Plan {
	var steps []faults.Step
	for _, op := range []faults.Op{faults.Append, faults.Delete, faults.Tombstone, faults.Read, faults.Subscribe} {
		steps = append(steps, faults.Step{Op: op, Fault: faults.Fault{Kind: faults.Delay, For: time.Minute}})
	}
	return faults.Script(steps...)
}

func TestEveryCallEndsWithItsContext(t *testing.T) {
	deaf := faults.Script(faults.Step{Op: faults.Features, Fault: faults.Fault{Kind: faults.Delay, For: time.Minute}})
	for state, start := range map[string]func(t *testing.T) *node{
		"there is no server":      func(t *testing.T) *node { t.Helper(); n := startNode(t, nil); n.stop(t); return n },
		"the server hangs":        func(t *testing.T) *node { t.Helper(); return startNode(t, stuck()) },
		"connecting never ends":   func(t *testing.T) *node { t.Helper(); return startNode(t, deaf) },
		"the server went away":    func(t *testing.T) *node { t.Helper(); return goneNode(t) },
		"every call is too early": func(t *testing.T) *node { t.Helper(); return startNode(t, notReady()) },
	} {
		t.Run(state, func(t *testing.T) {
			n := start(t)
			store := open(t, esdb.Options{Connection: n.connection()})
			for name, run := range calls {
				t.Run(name, func(t *testing.T) { endsInTime(t, store, run) })
			}
		})
	}
}

// goneNode has served a store before it was stopped.
func goneNode(t *testing.T) *node {
	t.Helper()
	n := startNode(t, nil)
	store := open(t, esdb.Options{Connection: n.connection()})
	if err := calls["append"](t.Context(), store); err != nil {
		t.Fatalf("append: %v", err)
	}
	n.stop(t)
	return n
}

// notReady lets clients connect and nothing else.
func notReady() *faults.Plan {
	var steps []faults.Step
	for _, op := range []faults.Op{faults.Append, faults.Delete, faults.Tombstone, faults.Read, faults.Subscribe} {
		steps = append(steps, faults.Step{Op: op, Fault: faults.Fault{Kind: faults.UnavailableBefore}})
	}
	return faults.Script(steps...)
}

// endsInTime runs the call many times at once, with contexts that end by deadline and by cancellation.
func endsInTime(t *testing.T, store eventstore.Store, run func(context.Context, eventstore.Store) error) {
	t.Helper()
	const length = 150 * time.Millisecond
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), length)
			want := context.DeadlineExceeded
			if i%2 == 0 {
				ctx, cancel = context.WithCancel(t.Context())
				want = context.Canceled
				time.AfterFunc(length, cancel)
			}
			defer cancel()
			began := time.Now()
			err := run(ctx, store)
			if late := time.Since(began) - length; late > prompt {
				t.Errorf("returned %s after the end of its context", late)
			}
			if !errors.Is(err, want) {
				t.Errorf("got error %v, want %v", err, want)
			}
		})
	}
	group.Wait()
}

func TestAnUnknownOutcomeIsSaid(t *testing.T) {
	hang := faults.Fault{Kind: faults.Delay, For: time.Minute}
	for name, row := range map[string]struct {
		plan    *faults.Plan
		unknown bool
	}{
		"no answer": {faults.Script(faults.Step{Op: faults.Append, Fault: hang}), true},
		"unavailable after it was done": {
			faults.Script(faults.Step{Op: faults.Append, Fault: faults.Fault{Kind: faults.UnavailableAfter}}), true,
		},
		"refused because another leads": {
			faults.Script(faults.Step{Op: faults.Append, Fault: faults.Fault{Kind: faults.NotLeader}}), false,
		},
		"no connection": {faults.Script(faults.Step{Op: faults.Features, Fault: hang}), false},
	} {
		t.Run(name, func(t *testing.T) {
			store := open(t, esdb.Options{Connection: startNode(t, row.plan).connection(), ConnectTimeout: time.Second})
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			// Revision 5 of a stream that is not there: an append that is done would be refused, and so be settled.
			_, err := store.Append(ctx, "thing-1", eventstore.Any, made("thing-1", 0))
			if name == "unavailable after it was done" {
				if err != nil {
					t.Errorf("got error %v, but what was done can be seen in the stream", err)
				}
				return
			}
			var unknown *esdb.UnknownOutcomeError
			if errors.As(err, &unknown) != row.unknown {
				t.Errorf("got error %v, unknown outcome: want %v", err, row.unknown)
			}
			if !errors.Is(err, eventstore.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got error %v, want that the store is unavailable and the context ended", err)
			}
		})
	}
}
