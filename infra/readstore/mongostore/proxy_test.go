package mongostore_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between a store and a server and takes the connection away.
type proxy struct {
	listener net.Listener
	target   string
	mode     atomic.Int32
	held     chan struct{} // has something when a write is held back
	released chan struct{} // closed: it goes on
	release  func()
	mu       sync.Mutex
	open     map[net.Conn]bool
	copying  sync.WaitGroup
}

// What a proxy does with what it receives.
const (
	passing  int32 = iota
	refusing       // ends every connection
	silent         // takes everything and gives nothing
	deaf           // passes on what the store says and keeps the server's answers to itself
	holding        // holds the first write back until it is released, as if the process were frozen before it
)

// startProxy starts a proxy and returns it with the URL through it.
func startProxy(t *testing.T, to string) (*proxy, string) {
	t.Helper()
	address, err := url.Parse(to)
	if err != nil {
		t.Skip("the URL of the server names several hosts")
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{
		listener: listener, target: address.Host, open: map[net.Conn]bool{},
		held: make(chan struct{}, 1), released: make(chan struct{}),
	}
	p.release = sync.OnceFunc(func() { close(p.released) })
	p.copying.Go(func() { p.accept(context.WithoutCancel(t.Context())) })
	t.Cleanup(func() {
		_ = listener.Close()
		p.set(refusing)
		p.release()
		p.copying.Wait()
	})
	address.Host = listener.Addr().String()
	query := address.Query()
	query.Del("replicaSet") // the members' own addresses would lead around the proxy
	query.Set("directConnection", "true")
	address.RawQuery = query.Encode()
	return p, address.String()
}

// set changes what the proxy does; refusing ends the connections that are open.
func (p *proxy) set(mode int32) {
	p.mode.Store(mode)
	if mode != refusing {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for connection := range p.open {
		_ = connection.Close()
	}
}

func (p *proxy) accept(ctx context.Context) {
	for {
		from, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || p.mode.Load() == refusing {
			if from != nil {
				_ = from.Close()
			}
			continue
		}
		to, err := new(net.Dialer).DialContext(ctx, "tcp", p.target)
		if err != nil {
			_ = from.Close()
			continue
		}
		p.copying.Go(func() { p.copy(to, from, silent) })
		p.copying.Go(func() { p.copy(from, to, silent, deaf) })
	}
}

// copy passes on what one side says, but not in some modes.
func (p *proxy) copy(to, from net.Conn, unless ...int32) {
	p.mu.Lock()
	p.open[from] = true
	p.mu.Unlock()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		mode := p.mode.Load()
		dropped := false
		for _, one := range unless {
			dropped = dropped || mode == one
		}
		if err == nil && mode == holding && isWrite(buffer[:n]) && p.mode.CompareAndSwap(holding, passing) {
			p.held <- struct{}{}
			<-p.released
		}
		if err == nil && !dropped {
			_, err = to.Write(buffer[:n])
		}
		if err != nil {
			break
		}
	}
	_, _ = from.Close(), to.Close()
	p.mu.Lock()
	delete(p.open, from)
	p.mu.Unlock()
}

// isWrite tells whether a message has a command that writes documents: its name is that of a field with a string.
func isWrite(message []byte) bool {
	return bytes.Contains(message, []byte("\x02insert\x00")) || bytes.Contains(message, []byte("\x02update\x00")) ||
		bytes.Contains(message, []byte("\x02delete\x00"))
}
