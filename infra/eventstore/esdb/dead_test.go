package esdb_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdb"
)

// wire stands between a store and a server. It can go dead: then connections stay open, and nothing comes through.
type wire struct {
	listener net.Listener
	to       string
	group    sync.WaitGroup

	mu    sync.Mutex
	dead  *bool // of the connections that are made now
	pairs []net.Conn
}

func startWire(t *testing.T, to string) *wire {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, to: to, dead: new(bool)}
	w.group.Go(w.accept)
	t.Cleanup(func() {
		_ = w.listener.Close()
		w.mu.Lock()
		for _, c := range w.pairs {
			_ = c.Close()
		}
		w.mu.Unlock()
		w.group.Wait()
	})
	return w
}

func (w *wire) accept() {
	for {
		in, err := w.listener.Accept()
		if err != nil {
			return
		}
		out, err := new(net.Dialer).DialContext(context.Background(), "unix", w.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		w.mu.Lock()
		w.pairs = append(w.pairs, in, out)
		dead := w.dead
		w.mu.Unlock()
		w.group.Go(func() { w.carry(in, out, dead) })
		w.group.Go(func() { w.carry(out, in, dead) })
	}
}

func (w *wire) carry(from, to net.Conn, dead *bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		w.mu.Lock()
		lost := *dead
		w.mu.Unlock()
		if lost && err == nil {
			continue
		}
		if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil {
			if errors.Is(err, io.EOF) || err != nil {
				_ = to.Close()
			}
			return
		}
	}
}

// die makes the connections of now swallow everything. New ones work.
func (w *wire) die() {
	w.mu.Lock()
	defer w.mu.Unlock()
	*w.dead, w.dead = true, new(bool)
}

func TestConnectionsThatAreSilentlyDeadAreReplaced(t *testing.T) {
	const attempt = 500 * time.Millisecond
	n := startNode(t, nil)
	w := startWire(t, n.address[len("unix://"):])
	store := open(t, esdb.Options{
		Connection: "esdb://" + w.listener.Addr().String() + "?tls=false", AttemptTimeout: attempt,
	})
	f := startTail(t, store, eventstore.Filter{})
	l := startLoad(t, store)
	for range 2 {
		l.healed(t, time.Now())
		died := time.Now()
		w.die()
		if took := l.healed(t, died.Add(20*time.Millisecond)); took > attempt+healing {
			t.Errorf("the first append was acknowledged %s after the connection died", took)
		}
	}
	l.stop(t)
	f.check(t, l.check(t, store)) // the subscription had the other connection, which died too
}
