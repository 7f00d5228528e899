package esdb_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// wire stands between a store and a server, and is as bad as a network can be.
type wire struct {
	listener net.Listener
	to       string
	group    sync.WaitGroup
	ended    chan struct{}
	accepted atomic.Int64 // connections
	rate     int64        // bytes a second of every connection in each direction; 0: no limit

	mu    sync.Mutex
	state *state // of the connections that are made now
	pairs []net.Conn
}

// state is what happens to bytes of some connections.
type state struct {
	lost bool          // they are swallowed
	held chan struct{} // they wait until it is closed; nil: they do not
}

func startWire(t *testing.T, to string, rate int64) *wire {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, to: to, rate: rate, state: &state{}, ended: make(chan struct{})}
	w.group.Go(w.accept)
	t.Cleanup(func() {
		close(w.ended)
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

// connection is the connection string through the wire.
func (w *wire) connection() string { return "esdb://" + w.listener.Addr().String() + "?tls=false" }

func (w *wire) accept() {
	for {
		in, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.accepted.Add(1)
		if tcp, ok := in.(*net.TCPConn); ok && w.rate > 0 {
			_ = tcp.SetReadBuffer(32 << 10) // a slow network is slow because little is on the way
		}
		out, err := new(net.Dialer).DialContext(context.Background(), "unix", w.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		w.mu.Lock()
		w.pairs = append(w.pairs, in, out)
		state := w.state
		w.mu.Unlock()
		w.group.Go(func() { w.carry(in, out, state) })
		w.group.Go(func() { w.carry(out, in, state) })
	}
}

func (w *wire) carry(from, to net.Conn, s *state) {
	buffer := make([]byte, 32<<10)
	if w.rate > 0 {
		buffer = buffer[:16<<10]
	}
	for {
		n, err := from.Read(buffer)
		w.mu.Lock()
		lost, held := s.lost, s.held
		w.mu.Unlock()
		if held != nil {
			until(w, held)
		}
		if lost && err == nil {
			continue
		}
		if w.rate > 0 {
			until(w, time.After(time.Duration(n)*time.Second/time.Duration(w.rate)))
		}
		if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil {
			if errors.Is(err, io.EOF) || err != nil {
				_ = to.Close()
			}
			return
		}
	}
}

// until waits, though not beyond the end of the test.
func until[T any](w *wire, due <-chan T) {
	select {
	case <-due:
	case <-w.ended:
	}
}

// die makes the connections of now, and all that are made before the server returns, swallow everything for ever.
func (w *wire) die() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state.lost = true
}

// revive lets new connections work.
func (w *wire) revive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = &state{}
}

// freeze holds everything up; what it returns lets it go.
func (w *wire) freeze() (thaw func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	held := make(chan struct{})
	w.state.held = held
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.state.held = nil
		close(held)
	}
}
