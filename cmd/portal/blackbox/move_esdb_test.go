package blackbox_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/archive/archivetest"
	"services.example/portal/infra/eventstore/esdb"
	"services.example/portal/infra/eventstore/esdbserver"
	"services.example/portal/infra/eventstore/pebblelog"
)

// TestMoveToEventStoreDB moves a portal that people have worked in from its own log into EventStoreDB, and compares every
// event. Then it compares every read model: those of the first portal with those made from the events that were moved.
func TestMoveToEventStoreDB(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	crowd := newCrowd(t, s)
	for _, w := range crowd.workers {
		for range 25 {
			if !w.step() {
				t.Fatal(w.fault)
			}
		}
	}
	s.stop() // what it still sends would come after the export
	file := filepath.Join(t.TempDir(), "portal.archive")
	ok(t, "export", "--data", s.data, file)
	ok(t, "project", "--data", s.data)

	moved := t.TempDir()
	address, stop := serveLog(t, filepath.Join(moved, "events"))
	if said := ok(t, "import", "--data", filepath.Join(moved, "unused"), "--event-store", address, file); strings.Contains(said, ": 0 were written") {
		t.Errorf("import said %q", said)
	}
	compareStores(t, filepath.Join(s.data, "events"), address)
	stop()
	takeAlong(t, s.data, moved)
	checkStores(t, moved)
}

// serveLog serves a new log in a folder by the protocol of EventStoreDB.
func serveLog(t *testing.T, dir string) (address string, stop func()) {
	t.Helper()
	log := openLog(t, dir)
	short, err := os.MkdirTemp("", "esdb") //nolint:usetesting // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(short) })
	address = "unix://" + filepath.Join(short, "socket")
	server, err := esdbserver.Listen(t.Context(), log, address, esdbserver.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	return address, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		server.Stop(ctx)
		if err := <-served; err != nil {
			t.Errorf("serving the log: %v", err)
		}
		closeStore(t, log)
	}
}

// compareStores compares the log in a folder with the one at an address.
func compareStores(t *testing.T, dir, address string) {
	t.Helper()
	source := openLog(t, dir)
	defer closeStore(t, source)
	target, err := esdb.Open(esdb.Options{Connection: address, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, target)
	archivetest.Compare(t, source, target)
}

func openLog(t *testing.T, dir string) *pebblelog.Log {
	t.Helper()
	log, err := pebblelog.Open(dir, pebblelog.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func closeStore(t *testing.T, store eventstore.Store) {
	t.Helper()
	if err := store.Close(); err != nil {
		t.Errorf("closing a store: %v", err)
	}
}
