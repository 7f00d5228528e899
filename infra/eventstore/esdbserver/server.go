package esdbserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"services.example/portal/infra/eventstore/pebblelog"
)

const (
	maxMessage    = 16<<20 - 10_000 // bytes, as in EventStoreDB
	maxHeaders    = 64 << 10        // bytes
	maxCalls      = 4096            // at a time on one connection
	streamWindow  = 1 << 20         // bytes on their way to the server for one call
	connWindow    = 4 << 20         // and for one connection
	bufferSize    = 64 << 10        // bytes of one system call
	streamWorkers = 32              // goroutines kept for calls, with the stacks they have grown
	handshake     = 20 * time.Second
	minPing       = 5 * time.Second // clients ping every 10 s
	ping          = 30 * time.Second
	pingTimeout   = 10 * time.Second // a subscriber that does not answer is gone
)

// Server serves a log to the clients of EventStoreDB.
type Server struct {
	log         *pebblelog.Log
	options     Options
	connections *connections
	address     string
	grpc        *grpc.Server
	live        context.Context //nolint:containedctx // ends with the server, and with it every live subscription
	stop        context.CancelFunc
}

// Listen makes a server that listens on the address: unix:///path, a socket that only this user can open, or host:port.
// A host that is not loopback needs TLS and a password. The log stays the caller's, who closes it after Stop.
func Listen(ctx context.Context, log *pebblelog.Log, address string, options Options) (*Server, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("serve the event store protocol: %w", err)
	}
	settings := settings()
	if options.tls() {
		certificate, err := tls.LoadX509KeyPair(options.CertFile, options.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("serve the event store protocol: load the certificate: %w", err)
		}
		settings = append(settings, grpc.Creds(credentials.NewTLS(&tls.Config{
			Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
		})))
	}
	listener, err := listen(ctx, address, &options)
	if err != nil {
		return nil, fmt.Errorf("serve the event store protocol: %w", err)
	}
	s := &Server{log: log, options: options, connections: newConnections(listener), address: addressOf(listener)}
	s.live, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	settings = append(settings, grpc.UnaryInterceptor(s.unary), grpc.StreamInterceptor(s.stream))
	s.grpc = grpc.NewServer(settings...)
	streams.RegisterStreamsServer(s.grpc, &streamService{server: s})
	serverfeatures.RegisterServerFeaturesServer(s.grpc, &featureService{server: s})
	gossip.RegisterGossipServer(s.grpc, newGossipService(s))
	return s, nil
}

func settings() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxHeaderListSize(maxHeaders),
		grpc.MaxConcurrentStreams(maxCalls),
		grpc.InitialWindowSize(streamWindow),
		grpc.InitialConnWindowSize(connWindow),
		grpc.ReadBufferSize(bufferSize),
		grpc.WriteBufferSize(bufferSize),
		grpc.NumStreamWorkers(streamWorkers),
		grpc.ConnectionTimeout(handshake),
		grpc.WaitForHandlers(true),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: ping, Timeout: pingTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
	}
}

func addressOf(listener net.Listener) string {
	if listener.Addr().Network() == "unix" {
		return "unix://" + listener.Addr().String()
	}
	return listener.Addr().String()
}

// Addr is where the server listens, in the form that clients take: unix:///path or host:port.
func (s *Server) Addr() string { return s.address }

// Serve answers calls until Stop, and returns nil then.
func (s *Server) Serve() error {
	err := s.grpc.Serve(s.connections)
	if err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve the event store protocol on %s: %w", s.address, err)
	}
	return nil
}

// Stop ends live subscriptions and batches with UNAVAILABLE, takes no more calls and waits for those that are under
// way, until the context ends; then it cuts them off. Nothing of the server runs when it returns.
func (s *Server) Stop(ctx context.Context) {
	s.stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.grpc.GracefulStop()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.grpc.Stop()
		<-done
	}
	_ = s.connections.Close() // closed already, unless Serve was never called
}

// Cut closes every connection and goes on listening: a blink of the network, for tests of clients.
func (s *Server) Cut() { s.connections.cut() }

// whileServing ends the context of a call that would not end by itself when the server stops.
func (s *Server) whileServing(call context.Context) (ctx context.Context, cancel func()) {
	ctx, end := context.WithCancel(call)
	stop := context.AfterFunc(s.live, end) // the server's own life, not another call's
	return ctx, func() {
		stop()
		end()
	}
}
