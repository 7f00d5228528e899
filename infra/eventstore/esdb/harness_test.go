package esdb_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"services.example/portal/infra/eventstore/esdb"
	"services.example/portal/infra/eventstore/esdbserver"
	"services.example/portal/infra/eventstore/esdbserver/faults"
	"services.example/portal/infra/eventstore/pebblelog"
)

var quiet = slog.New(slog.DiscardHandler)

// node is a server over a log in a directory, which can be stopped and started.
type node struct {
	log     *pebblelog.Log
	dir     string
	address string // given to Listen; after the first start, where it listens
	faults  faults.Injector
	options pebblelog.Options

	mu      sync.Mutex
	server  *esdbserver.Server
	serving chan error
}

// startNode starts a server on a Unix socket over a new log.
func startNode(tb testing.TB, injector faults.Injector) *node {
	tb.Helper()
	return startNodeWith(tb, injector, pebblelog.Options{})
}

func startNodeWith(tb testing.TB, injector faults.Injector, options pebblelog.Options) *node {
	tb.Helper()
	dir := tb.TempDir()
	options.Logger = quiet
	n := &node{
		dir: filepath.Join(dir, "log"), address: "unix://" + filepath.Join(dir, "esdb.sock"), faults: injector,
		options: options,
	}
	n.openLog(tb)
	n.start(tb)
	tb.Cleanup(func() {
		n.stop(tb)
		if err := n.log.Close(); err != nil {
			tb.Errorf("close the log: %v", err)
		}
	})
	return n
}

func (n *node) openLog(tb testing.TB) {
	tb.Helper()
	log, err := pebblelog.Open(n.dir, n.options)
	if err != nil {
		tb.Fatalf("open the log: %v", err)
	}
	n.log = log
}

func (n *node) start(tb testing.TB) {
	tb.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	server, err := esdbserver.Listen(context.Background(), n.log, n.address, esdbserver.Options{ //nolint:usetesting // outlives tests' cleanup
		Logger: quiet, Faults: n.faults,
	})
	if err != nil {
		tb.Fatalf("start the server: %v", err)
	}
	n.server, n.address, n.serving = server, server.Addr(), make(chan error, 1)
	go func() { n.serving <- server.Serve() }()
}

func (n *node) stop(tb testing.TB) {
	tb.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second) //nolint:usetesting // also used in cleanup
	defer cancel()
	n.server.Stop(ctx)
	if err := <-n.serving; err != nil {
		tb.Errorf("serve: %v", err)
	}
	n.server = nil
}

// restart is the outage of a server that loses all it has only in memory.
func (n *node) restart(tb testing.TB) {
	tb.Helper()
	n.stop(tb)
	if err := n.log.Close(); err != nil {
		tb.Fatalf("close the log: %v", err)
	}
	n.openLog(tb)
	n.start(tb)
}

// cut closes all connections.
func (n *node) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.server != nil {
		n.server.Cut()
	}
}

// connection is the connection string of a node.
func (n *node) connection() string {
	if n.address[:5] == "unix:" {
		return n.address
	}
	return "esdb://" + n.address + "?tls=false"
}

// open opens a store that is closed when the test ends.
func open(tb testing.TB, options esdb.Options) *esdb.Store {
	tb.Helper()
	if options.Logger == nil {
		options.Logger = quiet
	}
	store, err := esdb.Open(options)
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return store
}
