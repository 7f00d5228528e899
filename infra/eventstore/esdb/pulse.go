package esdb

import (
	"context"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
)

// A connection can die without a sign: the other machine is gone, or something between forgot it. Nobody is told, and
// calls and subscriptions would wait. How long a call takes says nothing, because an append may be large and the line
// slow. So while anything is under way on a connection that is silent, the server is asked a question that it answers
// from memory, on the same connection; and when not a single byte comes, nor any is taken, another connection is tried.
// Which of the two answers first is used from then on. So a server that stands still costs nobody the connection, and one that
// is slow neither.
const (
	// listenTime is after how much silence the server is asked.
	listenTime = 600 * time.Millisecond
	// answerTime is after how much more another connection is tried. It doubles when one after the other brought no
	// answer to any call.
	answerTime = 800 * time.Millisecond
	// lookTime is between two looks at a line while an answer is due.
	lookTime = 100 * time.Millisecond
	// slowestLine is how many bytes a second a line has at least.
	slowestLine = 32 << 10
)

// transferTime is how long so many bytes take on the slowest line.
func transferTime(bytes int) time.Duration { return time.Duration(bytes) * time.Second / slowestLine }

// attend begins to watch the connection, unless that is done already. The lock is held.
func (g *generation) attend() {
	if !g.attended && !g.retired {
		g.attended = true
		g.watching.Go(g.watch)
	}
}

// check has the server asked even if nothing is under way: somebody has a reason to doubt the connection.
func (g *generation) check() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.doubted = true
	g.attend()
}

// watch goes on until nothing is under way. It costs nothing while the server is heard, and little when it is quiet.
func (g *generation) watch() {
	began := time.Now()
	for {
		doubted, ended := g.unattended()
		if ended {
			return
		}
		heard := began
		if l := g.line.Load(); l != nil && l.lastHeard().After(began) {
			heard = l.lastHeard()
		}
		if rest := listenTime - time.Since(heard); rest > 0 && !doubted {
			g.rest(rest)
			continue
		}
		began = time.Now() // if there is nobody to ask, not to ask again at once
		g.ask()
	}
}

// unattended ends the watch if there is nothing to watch for.
func (g *generation) unattended() (doubted, ended bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	doubted, g.doubted = g.doubted, false
	g.attended = !g.retired && (doubted || len(g.visits) > 0)
	return doubted, !g.attended
}

// rest is over early when the generation retires.
func (g *generation) rest(length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-g.life.Done():
	}
}

// ask returns when there is any sign of life, or nobody waits for one. When there is none for too long, it has another
// connection tried, and goes on to listen.
func (g *generation) ask() {
	connection, l := g.direct.Load(), g.line.Load()
	if connection == nil || l == nil {
		return
	}
	ctx, cancel := context.WithCancel(g.life)
	defer cancel()
	answered := make(chan struct{})
	g.watching.Go(func() {
		defer close(answered)
		// A refusal is an answer, and the end of the connection is noticed by others.
		_, _ = serverfeatures.NewServerFeaturesClient(*connection).GetSupportedMethods(ctx, &shared.Empty{})
	})
	look := time.NewTicker(lookTime)
	defer look.Stop()
	asked, moved, delivered := time.Now(), time.Now(), int64(-1)
	for {
		select {
		case <-answered:
			return
		case <-ctx.Done():
			return
		case <-look.C:
		}
		if n := l.delivered(); n != delivered {
			if delivered >= 0 { // the first time it is the question itself
				moved = time.Now()
				g.silentSince.Store(nil)
			}
			delivered = n
		}
		now := time.Now()
		switch {
		case l.lastHeard().After(asked), g.silentSince.Load() != nil && g.visitors() == 0:
			return
		case now.Sub(moved) >= g.answerTime && g.silentSince.CompareAndSwap(nil, &now):
			g.suspected()
		}
	}
}

// silent tells whether the server owes an answer for too long.
func (g *generation) silent() bool {
	since, l := g.silentSince.Load(), g.line.Load()
	return since != nil && (l == nil || !l.lastHeard().After(*since))
}

// got is how many bytes have come.
func (g *generation) got() int64 {
	if l := g.line.Load(); l != nil {
		return l.got.Load()
	}
	return 0
}

func (g *generation) visitors() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.visits)
}

// directTo finds the way to ask questions on a connection past the client.
func directTo(sub balancer.SubConn) grpc.ClientConnInterface {
	producer, _ := sub.GetOrBuildProducer(asking{})
	connection, _ := producer.(grpc.ClientConnInterface)
	return connection
}

// asking hands out the connection itself.
type asking struct{}

// Build implements balancer.ProducerBuilder.
func (asking) Build(connection any) (producer balancer.Producer, cleanUp func()) {
	return connection, func() {}
}
