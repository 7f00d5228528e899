package esdbserver

import (
	"net"
	"sync"
)

// connections is a listener that knows the open connections it accepted.
type connections struct {
	net.Listener

	mu   sync.Mutex
	open map[*connection]struct{}
}

func newConnections(listener net.Listener) *connections {
	return &connections{Listener: listener, open: map[*connection]struct{}{}}
}

// Accept implements net.Listener.
func (c *connections) Accept() (net.Conn, error) {
	accepted, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	known := &connection{Conn: accepted, of: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[known] = struct{}{}
	return known, nil
}

// cut closes all connections.
func (c *connections) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for known := range c.open {
		_ = known.Conn.Close() // whatever it answers, it is closed
	}
	clear(c.open)
}

type connection struct {
	net.Conn
	of *connections
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
