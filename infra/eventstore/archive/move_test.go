package archive_test

import (
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/archive/archivetest"
	"services.example/portal/infra/eventstore/pebblelog"
)

func TestEmbeddedToEmbedded(t *testing.T) { archivetest.Run(t, openLog, openLog) }

func openLog(t *testing.T) (store eventstore.Store, done func()) {
	t.Helper()
	return openEmbedded(t)
}

// openEmbedded opens a log in memory: properties are checked with hundreds of them.
func openEmbedded(t *testing.T) (log *pebblelog.Log, done func()) {
	t.Helper()
	log, err := pebblelog.Open("log", pebblelog.Options{
		FS: vfs.NewMem(), Logger: slog.New(slog.DiscardHandler), CacheSize: 1 << 20, MemTableSize: 4 << 20,
	})
	if err != nil {
		t.Fatalf("open a log: %v", err)
	}
	return log, func() {
		if err := log.Close(); err != nil {
			t.Errorf("close the log: %v", err)
		}
	}
}
