package lease

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"services.example/portal/infra/readstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// office is several processes that want to do the same work, in a bubble of its own time.
type office struct {
	t     *testing.T
	store *memory
	log   chan string // who began to work, in order
}

func newOffice(t *testing.T) *office {
	t.Helper()
	return &office{t: t, store: newMemory(), log: make(chan string, 100)}
}

// worker is a process. Nothing that it does between freeze and thaw reaches the store before thaw.
type worker struct {
	*Leases
	t      *testing.T
	kill   context.CancelFunc
	frozen atomic.Pointer[chan struct{}]
	held   atomic.Pointer[Held]
	ended  chan error
}

func (o *office) hire(name string, can func(string) bool, needs ...string) *worker {
	o.t.Helper()
	w := &worker{t: o.t, ended: make(chan error, 1)}
	way := &link{memory: o.store}
	var ctx context.Context
	ctx, w.kill = context.WithCancel(o.t.Context())
	way.before = func(bool) (cut, lost bool) {
		if frozen := w.frozen.Load(); frozen != nil {
			<-*frozen
		}
		return false, false
	}
	w.Leases = New(Options{Store: way, Holder: name, Logger: slog.New(slog.DiscardHandler)})
	go func() {
		w.ended <- w.RunAble(ctx, "projections", can, func(ctx context.Context, held *Held) error {
			w.held.Store(held)
			defer w.held.Store(nil)
			held.Need(needs...)
			o.log <- name
			<-ctx.Done()
			return nil
		})
	}()
	return w
}

func (w *worker) freeze() (thaw func()) {
	thawed := make(chan struct{})
	w.frozen.Store(&thawed)
	return func() {
		w.frozen.Store(nil)
		close(thawed)
	}
}

// end lets the process end in order.
func (w *worker) end() {
	w.kill()
	if err := <-w.ended; err != nil && !errors.Is(err, context.Canceled) {
		w.t.Errorf("%s ended with %v", w.ID(), err)
	}
}

// next waits for who begins to work next, and says how long that took.
func (o *office) next() (string, time.Duration) {
	o.t.Helper()
	from := time.Now()
	select {
	case name := <-o.log:
		return name, time.Since(from)
	case <-time.After(time.Minute):
		o.t.Fatal("nobody works")
		return "", 0
	}
}

func (o *office) want(name string, within time.Duration) {
	o.t.Helper()
	got, took := o.next()
	if got != name || took > within {
		o.t.Errorf("%s began after %s, want %s within %s", got, took, name, within)
	}
}

func TestALeaseIsTakenAtOnceAfterAnOrderlyStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		first := o.hire("first", nil)
		o.want("first", 0)
		second := o.hire("second", nil)
		time.Sleep(time.Minute) // of the bubble
		if token := first.held.Load().Token(); token != 1 {
			t.Errorf("after a minute the token is %d, want 1", token)
		}
		first.end()
		o.want("second", DefaultTTL/5)
		if token := second.held.Load().Token(); token != 2 {
			t.Errorf("the second token is %d, want 2", token)
		}
		second.end()
	})
}

func TestALeaseIsTakenWithin5SecondsFromOneThatIsFrozen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		first := o.hire("first", nil)
		o.want("first", 0)
		second := o.hire("second", nil)
		time.Sleep(10 * time.Second)
		thaw := first.freeze()
		stale := first.held.Load()
		o.want("second", 5*time.Second)
		if stale.Valid() {
			t.Error("the first still believes that it holds the lease")
		}
		err := o.store.Commit(t.Context(), readstore.Batch{Advances: []readstore.Advance{stale.Fence()}})
		var fenced *readstore.CheckpointError
		if !errors.As(err, &fenced) || fenced.Projection != FenceName("projections") {
			t.Errorf("a commit of the first answered %v, want that it is fenced", err)
		}
		thaw()
		time.Sleep(time.Minute)
		synctest.Wait()
		if second.held.Load() == nil || first.held.Load() != nil {
			t.Error("waking up, the first took the lease from the second")
		}
		second.end()
		o.want("first", DefaultTTL/5)
		first.end()
	})
}

func TestALeaseIsHandedOverToOneThatIsAbleToDoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		older := o.hire("older", func(string) bool { return false }, "application.submitted.v2")
		o.want("older", 0)
		old := o.hire("as old", func(string) bool { return false })
		time.Sleep(time.Minute)
		if len(o.log) > 0 {
			t.Fatal("one that is able to do no more took the lease")
		}
		newer := o.hire("newer", func(need string) bool { return need == "application.submitted.v2" })
		o.want("newer", 2*DefaultTTL)
		time.Sleep(time.Minute)
		if holder, err := newer.Holder(t.Context(), "projections"); err != nil || holder != newer.ID() {
			t.Errorf("the holder is %q, error %v; want %q", holder, err, newer.ID())
		}
		for _, w := range []*worker{older, old, newer} {
			w.end()
		}
	})
}

func TestALeaseIsHandedOverToOneThatClaimsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		workers := []*worker{o.hire("first", nil)}
		o.want("first", 0)
		for _, name := range []string{"second", "third"} {
			workers = append(workers, o.hire(name, nil))
		}
		time.Sleep(time.Minute)
		if err := workers[2].Claim(t.Context(), "projections"); err != nil {
			t.Fatal(err)
		}
		o.want("third", DefaultTTL)
		time.Sleep(time.Minute)
		if len(o.log) > 0 {
			t.Error("the lease moved on")
		}
		for _, w := range workers {
			w.end()
		}
	})
}

// Somebody removed the leases and left the checkpoints: tokens go on from the fence.
func TestTokensGoOnFromTheFence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.store.checkpoints[FenceName("projections")] = fenceOf(57)
		w := o.hire("first", nil)
		o.want("first", 0)
		if diff := cmp.Diff(int64(58), w.held.Load().Token()); diff != "" {
			t.Errorf("token (-want +got):\n%s", diff)
		}
		w.end()
	})
}

func TestRunReturnsWhatWorkReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemory()
		leases := New(Options{Store: store, Logger: slog.New(slog.DiscardHandler)})
		done := errors.New("done")
		err := leases.Run(t.Context(), "notices", func(context.Context, *Held) error { return done })
		if !errors.Is(err, done) {
			t.Errorf("Run answered %v", err)
		}
		if holder, err := leases.Holder(t.Context(), "notices"); err != nil || holder != "" {
			t.Errorf("the lease is left with %q, error %v", holder, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err = leases.Run(ctx, "notices", func(ctx context.Context, _ *Held) error { return ctx.Err() })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Run under a context that has ended answered %v", err)
		}
	})
}
