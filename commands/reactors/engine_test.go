package reactors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/lease"
	"services.example/portal/infra/pubsub"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
)

// site is the stores on which engines run.
type site struct {
	t     *testing.T
	clock *clock
	log   *pebblelog.Log
	reads *pebblestore.Store
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, clock: &clock{at: noon}}
	var err error
	s.log, err = pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Logger: slog.Default(), Clock: s.clock.Now})
	done(t, err)
	t.Cleanup(func() { done(t, s.log.Close()) })
	s.reads, err = pebblestore.Open("reads", pebblestore.Options{InMemory: true, SweepEvery: -1, Logger: slog.Default()})
	done(t, err)
	t.Cleanup(func() { done(t, s.reads.Close()) })
	return s
}

// append appends events of a type, named by numbers.
func (s *site) append(stream, kind string, numbers ...int) {
	s.t.Helper()
	for _, n := range numbers {
		event := eventstore.Event{ID: uuid.New(), Type: kind, Data: []byte(strconv.Itoa(n))}
		_, err := s.log.Append(s.t.Context(), stream, eventstore.Any, event)
		done(s.t, err)
	}
}

// numbers reads events that are nothing but a number.
type numbers struct{}

func (numbers) Decode(_ context.Context, recorded eventstore.Recorded) (codec.Envelope, error) {
	switch recorded.Type {
	case "unknown":
		return codec.Envelope{}, &codec.UnknownTypeError{Type: recorded.Type}
	case "newer":
		return codec.Envelope{}, &codec.NewerVersionError{Type: recorded.Type}
	}
	n, err := strconv.Atoi(string(recorded.Data))
	return codec.Envelope{
		Stream: recorded.Stream, Position: recorded.Position, ID: recorded.ID, Type: recorded.Type, Created: recorded.Created, Event: n,
	}, err
}

// diary is what reactors did.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) write(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

// waitFor waits until the diary says this and nothing else.
func (d *diary) waitFor(t *testing.T, want ...string) {
	t.Helper()
	until(t, fmt.Sprint("the diary says ", want), func() bool { return len(d.read()) >= len(want) })
	if diff := cmp.Diff(want, d.read()); diff != "" {
		t.Errorf("diary (-want +got):\n%s", diff)
	}
}

// writer writes every event down.
func (d *diary) writer(name string) Reactor {
	return Reactor{Name: name, Streams: []string{"a-"}, React: func(_ context.Context, e codec.Envelope) error {
		d.write(fmt.Sprint(name, " ", e.Event))
		return nil
	}}
}

// start runs an engine until what it returns is called.
func (s *site) start(config Config) (stop func()) {
	s.t.Helper()
	config.Events, config.Decoder, config.Clock = s.log, numbers{}, s.clock.Now
	if config.Reads == nil {
		config.Reads = s.reads
	}
	quick := pubsub.Backoff{Min: time.Millisecond, Max: 5 * time.Millisecond}
	config.Redelivery, config.Reconnect = quick, quick
	engine, err := New(config)
	done(s.t, err)
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				s.t.Errorf("the engine ended with %v", err)
			}
		})
	}
	s.t.Cleanup(stop)
	return stop
}

func TestAReactorSeesEveryEventOnceAndInOrder(t *testing.T) {
	s, d := newSite(t), &diary{}
	s.append("a-1", "noted", 1, 2)
	s.append("b-1", "noted", 100)
	stop := s.start(Config{Reactors: []Reactor{d.writer("x")}})
	d.waitFor(t, "x 1", "x 2")
	s.append("a-2", "noted", 3)
	s.append("a-1", "unknown", 4)
	s.append("a-1", "noted", 5)
	d.waitFor(t, "x 1", "x 2", "x 3", "x 5")
	until(t, "the checkpoint is moved", func() bool { return s.checkpoint("x") == s.head() })
	stop()
	s.append("a-1", "noted", 6)
	s.start(Config{Reactors: []Reactor{d.writer("x")}})
	d.waitFor(t, "x 1", "x 2", "x 3", "x 5", "x 6")
}

func (s *site) checkpoint(name string) eventstore.Position {
	s.t.Helper()
	at, err := s.reads.Checkpoint(s.t.Context(), "reactor/"+name)
	done(s.t, err)
	return at
}

func (s *site) head() eventstore.Position {
	s.t.Helper()
	at, err := eventstore.Head(s.t.Context(), s.log)
	done(s.t, err)
	return at
}

func TestAReactorThatCannotGoOnTriesAgainAndHoldsUpNobody(t *testing.T) {
	s, d := newSite(t), &diary{}
	stuck := d.writer("stuck")
	failures := 0
	stuck.React = func(_ context.Context, e codec.Envelope) error {
		if e.Event == 2 && failures < 5 {
			failures++
			if failures%2 == 0 {
				panic("a mistake")
			}
			return errors.New("not now")
		}
		d.write(fmt.Sprint("stuck ", e.Event))
		return nil
	}
	other := &diary{}
	task := &diary{}
	tries := 0
	s.append("a-1", "noted", 1, 2, 3)
	s.start(Config{Reactors: []Reactor{stuck, other.writer("other")}, Tasks: []Task{{
		Name: "task", Run: func(ctx context.Context, may func() bool) error {
			if tries++; tries == 1 {
				panic("another")
			}
			task.write(fmt.Sprint("may ", may()))
			<-ctx.Done()
			return ctx.Err()
		},
	}}})
	other.waitFor(t, "other 1", "other 2", "other 3")
	task.waitFor(t, "may true")
	d.waitFor(t, "stuck 1", "stuck 2", "stuck 3")
}

func TestAnEventOfANewerVersionIsNotPassedBy(t *testing.T) {
	s, d := newSite(t), &diary{}
	s.append("a-1", "noted", 1)
	s.append("a-1", "newer", 2)
	s.append("a-1", "noted", 3)
	stop := s.start(Config{Reactors: []Reactor{d.writer("x")}})
	d.waitFor(t, "x 1")
	until(t, "the checkpoint is moved", func() bool { return !s.checkpoint("x").IsZero() })
	stop()
	if at := s.checkpoint("x"); !at.Before(s.head()) {
		t.Errorf("the checkpoint is at %s", at)
	}
	if diff := cmp.Diff([]string{"x 1"}, d.read()); diff != "" {
		t.Errorf("diary (-want +got):\n%s", diff)
	}
}

func TestWhereAReactorWithoutACheckpointBegins(t *testing.T) {
	for _, test := range []struct {
		name   string
		leaves []string
		ran    time.Duration // before now; 0: never
		want   []string
	}{
		{"nobody notices what it does", nil, 0, []string{"x 1", "x 2", "x 3", "x 4"}},
		{"it never ran", []string{"left-"}, 0, []string{"x 4"}},
		{"it ran, and its checkpoint is lost", []string{"left-"}, 2 * time.Hour, []string{"x 2", "x 3", "x 4"}},
		{"it ran long ago", []string{"left-"}, 100 * time.Hour, []string{"x 4"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, d := newSite(t), &diary{}
			happens := map[time.Duration]func(){
				99 * time.Hour:   func() { s.append("a-1", "noted", 1) },
				48 * time.Hour:   func() { s.append("a-1", "noted", 2) },
				3 * time.Hour:    func() { s.append("a-1", "noted", 3) },
				30 * time.Minute: func() { s.append("a-1", "noted", 4) },
			}
			if test.ran > 0 {
				happens[test.ran] = func() { s.append("left-1", "noted", 9) }
			}
			for ago := 101 * time.Hour; ago > 0; ago -= 30 * time.Minute {
				if event := happens[ago]; event != nil {
					event()
				}
				s.clock.pass(30 * time.Minute)
			}
			x := d.writer("x")
			x.Leaves = test.leaves
			stop := s.start(Config{Reactors: []Reactor{x}})
			d.waitFor(t, test.want...)
			until(t, "the checkpoint is moved", func() bool { return !s.checkpoint("x").IsZero() })
			stop()
			s.clock.pass(200 * time.Hour) // it has a checkpoint: nothing is too old now
			s.append("a-1", "noted", 5)
			s.clock.pass(200 * time.Hour)
			s.start(Config{Reactors: []Reactor{x}})
			d.waitFor(t, append(test.want, "x 5")...)
		})
	}
}

func TestAReactorThatIsNewLeavesHistoryAlone(t *testing.T) {
	s, d := newSite(t), &diary{}
	for n := range 30 { // within the last hour
		s.append("a-1", "noted", n*100)
		s.append("a-2", "passed by", slices.Repeat([]int{-1}, 99)...)
		s.append("a-1", "noted", slices.Repeat([]int{n}, 99)...)
	}
	x := d.writer("x")
	x.Leaves, x.Types = []string{"left-"}, []string{"noted"}
	s.start(Config{Reactors: []Reactor{x}})
	until(t, "it has caught up", func() bool { return s.checkpoint("x") == s.head() })
	lines := d.read()
	if len(lines) != mostFirst || lines[0] != "x 2000" {
		t.Errorf("it reacted to %d events, from %s on", len(lines), lines[0])
	}
}

// gate is a process's way to the read store, on which it can be frozen.
type gate struct {
	readstore.Store

	mu   sync.Mutex
	shut chan struct{} // nil: open
}

func (g *gate) freeze() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = make(chan struct{})
}

func (g *gate) thaw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.shut)
	g.shut = nil
}

func (g *gate) pass() {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut != nil {
		<-shut
	}
}

func (g *gate) Entry(ctx context.Context, collection, id string) (readstore.Entry, error) {
	g.pass()
	return g.Store.Entry(ctx, collection, id)
}

func (g *gate) PutEntry(ctx context.Context, collection string, e readstore.Entry) (int64, error) {
	g.pass()
	return g.Store.PutEntry(ctx, collection, e)
}

func (g *gate) Commit(ctx context.Context, batch readstore.Batch) error {
	g.pass()
	return g.Store.Commit(ctx, batch)
}

func (g *gate) leases(name string) *lease.Leases {
	return lease.New(lease.Options{Store: g, Holder: name, TTL: 150 * time.Millisecond, Logger: slog.Default()})
}

func TestOneOfSeveralProcessesReacts(t *testing.T) {
	s, d := newSite(t), &diary{}
	first, second := &gate{Store: s.reads}, &gate{Store: s.reads}
	stop := s.start(Config{Reads: first, Leases: first.leases("first"), Reactors: []Reactor{d.writer("x")}})
	s.append("a-1", "noted", 1)
	d.waitFor(t, "x 1")
	s.start(Config{Reads: second, Leases: second.leases("second"), Reactors: []Reactor{d.writer("x")}})
	s.append("a-1", "noted", 2)
	d.waitFor(t, "x 1", "x 2")
	stop()
	s.append("a-1", "noted", 3)
	d.waitFor(t, "x 1", "x 2", "x 3")
}

// A process that is frozen in the middle of a reaction finds, when it goes on, that another has done its work: it does
// nothing more.
func TestAFrozenProcessDoesNothingMore(t *testing.T) {
	s, d := newSite(t), &diary{}
	first, second := &gate{Store: s.reads}, &gate{Store: s.reads}
	frozen, goOn := make(chan struct{}), make(chan struct{})
	x := d.writer("first")
	x.Name = "x"
	var may []bool
	asked := make(chan struct{})
	x.React = func(_ context.Context, e codec.Envelope) error {
		if e.Event == 1 {
			first.freeze()
			close(frozen)
			<-goOn
		}
		d.write(fmt.Sprint("first ", e.Event))
		return nil
	}
	s.append("a-1", "noted", 1, 2)
	s.start(Config{Reads: first, Leases: first.leases("first"), Reactors: []Reactor{x}, Tasks: []Task{{
		Name: "task", Run: func(ctx context.Context, right func() bool) error {
			<-goOn
			may = append(may, right())
			close(asked)
			<-ctx.Done()
			return ctx.Err()
		},
	}}})
	<-frozen
	y := d.writer("second")
	y.Name = "x"
	y.React = func(_ context.Context, e codec.Envelope) error {
		d.write(fmt.Sprint("second ", e.Event))
		return nil
	}
	s.start(Config{Reads: second, Leases: second.leases("second"), Reactors: []Reactor{y}})
	d.waitFor(t, "second 1", "second 2")
	close(goOn)
	<-asked
	first.thaw()
	until(t, "the frozen reaction ends", func() bool { return slices.Contains(d.read(), "first 1") })
	s.append("a-1", "noted", 3)
	d.waitFor(t, "second 1", "second 2", "first 1", "second 3")
	if diff := cmp.Diff([]bool{false}, may); diff != "" {
		t.Errorf("the frozen process may act (-want +got):\n%s", diff)
	}
}

func TestReactorsThatCannotBeRun(t *testing.T) {
	t.Parallel()
	react := func(context.Context, codec.Envelope) error { return nil }
	good := Reactor{Name: "x", Streams: []string{"a-"}, React: react}
	for name, config := range map[string]Config{
		"a bad name":         {Reactors: []Reactor{{Name: "X", Streams: []string{"a-"}, React: react}}},
		"no streams":         {Reactors: []Reactor{{Name: "x", React: react}}},
		"no reaction":        {Reactors: []Reactor{{Name: "x", Streams: []string{"a-"}}}},
		"the same name":      {Reactors: []Reactor{good, good}},
		"a task of its name": {Reactors: []Reactor{good}, Tasks: []Task{{Name: "x", Run: func(context.Context, func() bool) error { return nil }}}},
		"a task of nothing":  {Tasks: []Task{{Name: "t"}}},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
