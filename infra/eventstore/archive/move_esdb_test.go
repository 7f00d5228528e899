package archive_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/archive/archivetest"
	"services.example/portal/infra/eventstore/esdb"
	"services.example/portal/infra/eventstore/esdbserver"
)

func TestEmbeddedToEventStoreDB(t *testing.T) { archivetest.Run(t, openLog, openServer) }

func TestEventStoreDBToEmbedded(t *testing.T) { archivetest.Run(t, openServer, openLog) }

// openServer opens the official client's adapter on a server of the protocol.
func openServer(t *testing.T) (store eventstore.Store, done func()) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	dir, err := os.MkdirTemp("", "esdb") //nolint:usetesting // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	log, closeLog := openEmbedded(t)
	address := "unix://" + filepath.Join(dir, "esdb.sock")
	server, err := esdbserver.Listen(t.Context(), log, address, esdbserver.Options{Logger: quiet})
	if err != nil {
		t.Fatalf("start the server: %v", err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	client, err := esdb.Open(esdb.Options{Connection: address, Logger: quiet})
	if err != nil {
		t.Fatalf("open the client: %v", err)
	}
	return client, func() {
		if err := client.Close(); err != nil {
			t.Errorf("close the client: %v", err)
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		server.Stop(ctx)
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		closeLog()
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("clear: %v", err)
		}
	}
}
