package esdb

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/credentials"
)

// line is the wire under a connection. It notes when anything last came, so that a server that has nothing to say can
// be told from one that is gone.
type line struct {
	net.Conn
	opened time.Time
	heard  atomic.Int64 // when a byte was last received, in nanoseconds since it was opened
	got    atomic.Int64 // bytes received
	sent   atomic.Int64 // bytes that the system has taken
}

func newLine(raw net.Conn) *line { return &line{Conn: raw, opened: time.Now()} }

// Read implements net.Conn.
func (l *line) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if n > 0 {
		l.heard.Store(int64(time.Since(l.opened)))
		l.got.Add(int64(n))
	}
	return n, err
}

// Write implements net.Conn.
func (l *line) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	l.sent.Add(int64(n))
	return n, err
}

// lastHeard is when anything last came, at the earliest when the line was opened.
func (l *line) lastHeard() time.Time { return l.opened.Add(time.Duration(l.heard.Load())) }

// delivered is a number that grows while what is sent arrives at the other end's system, or at least leaves this one.
func (l *line) delivered() int64 {
	if n, ok := acknowledgedBytes(l.Conn); ok {
		return n
	}
	return l.sent.Load()
}

// tapped are the credentials of a connection, whose line they keep in reach.
type tapped struct {
	credentials.TransportCredentials
	line *atomic.Pointer[line]
}

// ClientHandshake implements credentials.TransportCredentials.
func (t *tapped) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	l := newLine(raw)
	connection, info, err := t.TransportCredentials.ClientHandshake(ctx, authority, l)
	if err == nil {
		t.line.Store(l)
	}
	return connection, info, err
}

// Clone implements credentials.TransportCredentials.
func (t *tapped) Clone() credentials.TransportCredentials {
	return &tapped{TransportCredentials: t.TransportCredentials.Clone(), line: t.line}
}

// bundle is how a balancer gives credentials to a connection.
type bundle struct{ transport *tapped }

// TransportCredentials implements credentials.Bundle.
func (b *bundle) TransportCredentials() credentials.TransportCredentials { return b.transport }

// PerRPCCredentials implements credentials.Bundle. The client gives them to each call.
func (b *bundle) PerRPCCredentials() credentials.PerRPCCredentials { return nil }

// NewWithMode implements credentials.Bundle.
func (b *bundle) NewWithMode(string) (credentials.Bundle, error) { return b, nil }
