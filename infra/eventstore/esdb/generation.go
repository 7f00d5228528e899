package esdb

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// drainTime is how long the visits to a retired generation may go on before their contexts end.
const drainTime = time.Second

// generation is one client with one connection to one server. It does not outlive the first sign that the connection
// is no good.
//
// What the client must be kept from: looking for another connection by itself, whereby it loses the one it has; and
// being closed while it is used, whereby it panics. Its goroutine does the first when it is asked for a connection
// after it was told of a failure; so those who enter are counted until they have their connection, and a failure is not
// told before there are none and no more can come. That takes the hooks in watch.go, which see an answer before the
// client does. The second is a matter of counting visits.
type generation struct {
	client *client.Client
	logger *slog.Logger
	// retiring is called once, when the generation takes no more visits. The leader is host:port if the server named it.
	retiring func(leader string)
	forget   func() // is called when its address is not needed any more

	// suspected is called when the server owes an answer for longer than answerTime.
	suspected  func()
	answerTime time.Duration
	transport  credentials.TransportCredentials
	line       atomic.Pointer[line]                     // under the connection; nil before there is one
	direct     atomic.Pointer[grpc.ClientConnInterface] // the connection itself; nil before there is one

	good        atomic.Int64              // when a server's answer was last seen, in nanoseconds since 1970; 0: never
	silentSince atomic.Pointer[time.Time] // nil: it is not suspected; pulse.go
	life        context.Context           //nolint:containedctx // ends when it is retired
	end         context.CancelFunc
	watching    sync.WaitGroup // what runs of pulse.go

	mu       sync.Mutex
	attended bool // pulse.go watches
	doubted  bool // and is to ask at once
	visits   map[*visit]struct{}
	takers   int // visits that may not have their connection yet
	retired  bool
	taken    chan struct{} // closed when it is retired and has no takers
	idle     chan struct{} // closed when it is retired and has no visits
	inert    chan struct{} // closed when it is retired and the client ignores what it is told of failures
	disposed chan struct{} // closed when the client is closed
}

func newGeneration(logger *slog.Logger) *generation {
	g := &generation{
		logger: logger, retiring: func(string) {}, visits: map[*visit]struct{}{},
		suspected: func() {}, answerTime: answerTime,
		taken: make(chan struct{}), idle: make(chan struct{}), inert: make(chan struct{}), disposed: make(chan struct{}),
	}
	g.life, g.end = context.WithCancel(context.Background())
	return g
}

// visit is a use of a generation, and the context of that use.
type visit struct {
	context.Context //nolint:containedctx // it is one
	cancel          context.CancelFunc
	generation      *generation
	taken           bool // it has its connection
	poison          bool // it is to fail as if there were no server
}

type visitKey struct{}

// Value implements context.Context.
func (v *visit) Value(key any) any {
	if key == (visitKey{}) {
		return v
	}
	return v.Context.Value(key)
}

// visitOf finds the visit that a call of gRPC belongs to; nil if it belongs to none.
func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// enter begins a visit; nil if the generation takes none any more.
func (g *generation) enter(ctx context.Context) *visit {
	v := &visit{generation: g}
	v.Context, v.cancel = context.WithCancel(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.retired {
		v.cancel()
		return nil
	}
	g.visits[v] = struct{}{}
	g.takers++
	g.attend()
	return v
}

// took notes that the visit has its connection.
func (v *visit) took() {
	v.generation.mu.Lock()
	defer v.generation.mu.Unlock()
	v.tookLocked()
}

func (v *visit) tookLocked() {
	if v.taken {
		return
	}
	v.taken = true
	g := v.generation
	if g.takers--; g.retired && g.takers == 0 {
		close(g.taken)
	}
}

// leave ends the visit.
func (v *visit) leave() {
	v.cancel()
	g := v.generation
	g.mu.Lock()
	defer g.mu.Unlock()
	v.tookLocked()
	delete(g.visits, v)
	if g.retired && len(g.visits) == 0 {
		close(g.idle)
	}
}

// retire lets no more visits in, and returns when the client ignores what it is told. Visits may go on for a while.
func (g *generation) retire(leader string) {
	if !g.shut() {
		<-g.inert
		return
	}
	g.retiring(leader)
	g.finish(drainTime)
}

// abandon lets no more visits in and ends those that go on: the server does not answer.
func (g *generation) abandon() {
	if g.shut() {
		g.retiring("")
		go g.finish(0)
	}
}

func (g *generation) finish(drain time.Duration) {
	<-g.taken
	g.poison()
	close(g.inert)
	go g.dispose(drain)
}

func (g *generation) shut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.retired {
		return false
	}
	g.retired = true
	g.end()
	if g.takers == 0 {
		close(g.taken)
	}
	if len(g.visits) == 0 {
		close(g.idle)
	}
	return true
}

// poison makes the client forget which connection it has, by a call that fails. What it hears later of failures of
// that connection it ignores; and nobody asks it for another.
func (g *generation) poison() {
	v := &visit{Context: context.Background(), generation: g, taken: true, poison: true}
	var err error
	defer guard(&err)
	_, err = g.client.DeleteStream(v, "nothing", client.DeleteStreamOptions{})
	g.logger.DebugContext(v, "event store connection given up", "error", err)
}

// dispose closes the client, and with it the connection, when nobody uses it any more.
func (g *generation) dispose(drain time.Duration) {
	timeout := time.NewTimer(drain)
	defer timeout.Stop()
	select {
	case <-g.idle:
	case <-timeout.C:
		g.mu.Lock()
		for v := range g.visits {
			v.cancel()
		}
		g.mu.Unlock()
		<-g.idle
	}
	g.watching.Wait()
	g.close()
	g.forget()
	close(g.disposed)
}

// close ends the client.
func (g *generation) close() {
	if err := g.client.Close(); err != nil {
		g.logger.Debug("closing an event store client", "error", err)
	}
}

// sawEvery is after how many messages of a stream it is noted again that the server answers.
const sawEvery = 64

// saw notes that the server answered.
func (g *generation) saw() { g.good.Store(time.Now().UnixNano()) }

// answeredSince tells whether the server answered anyone after a time.
func (g *generation) answeredSince(t time.Time) bool { return g.good.Load() > t.UnixNano() }

// log is the client's logger.
func (g *generation) log(level client.LogLevel, format string, args ...any) {
	if g.logger.Enabled(context.Background(), slog.LevelDebug) {
		g.logger.Debug("event store client", "level", level, "message", fmt.Sprintf(format, args...))
	}
}

// panicError says that the client panicked.
type panicError struct{ value any }

func (e *panicError) Error() string {
	return fmt.Sprintf("the event store client panicked: %v", e.value)
}

// guard turns a panic into an error.
func guard(err *error) {
	if value := recover(); value != nil {
		*err = &panicError{value: value}
	}
}
