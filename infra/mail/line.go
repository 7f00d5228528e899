package mail

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// line is the connection of one message. The SMTP client obeys a context only while it dials; closing the line ends
// whatever it waits for.
type line struct {
	server server
	tls    *tls.Config

	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

// dial opens the line, encrypted if the server speaks TLS from the start.
func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if !l.keep(raw) {
		return nil, net.ErrClosed
	}
	if !l.server.tls {
		return raw, nil
	}
	encrypted := tls.Client(raw, l.tls)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return encrypted, nil
}

// keep remembers the connection to close; it tells whether the line is still wanted.
func (l *line) keep(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = conn
	if l.closed {
		_ = conn.Close()
	}
	return !l.closed
}

// close ends the line, also one that is still being dialled. Repeating it is harmless.
func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.conn != nil {
		_ = l.conn.Close()
	}
}
