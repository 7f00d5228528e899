package pebblestore

import (
	"fmt"
	"log/slog"
	"strconv"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// TestDeferredCompactions: tables pile up while compactions are deferred, everything can be read meanwhile, and they are
// merged once afterwards.
func TestDeferredCompactions(t *testing.T) {
	t.Parallel()
	store, err := Open("reads", Options{InMemory: true, MemTableSize: 64 << 10, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Declare(t.Context(), readstore.Collection{Name: "c"}); err != nil {
		t.Fatal(err)
	}
	body, err := bson.Marshal(bson.M{"text": fmt.Sprintf("%0500d", 0)})
	if err != nil {
		t.Fatal(err)
	}
	resume := store.DeferCompactions()
	const rounds, documents = 40, 100
	for round := range rounds { // the same documents again and again: tables that overlap
		var batch readstore.Batch
		for i := range documents {
			batch.Writes = append(batch.Writes, readstore.Write{
				Collection: "c", ID: strconv.Itoa(i), Seen: eventstore.Position{Commit: uint64(round + 1)}, Body: body,
			})
		}
		if err := store.Commit(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if m := store.db.Metrics(); m.Compact.Count != 0 || m.Levels[0].Sublevels < 8 {
		t.Errorf("%d compactions, %d layers of tables", m.Compact.Count, m.Levels[0].Sublevels)
	}
	for i := range documents {
		document, err := store.Get(t.Context(), "c", strconv.Itoa(i))
		if err != nil || document.Seen.Commit != rounds {
			t.Fatalf("document %d has seen %s, error %v", i, document.Seen, err)
		}
	}
	resume()
	resume() // once is enough
	for store.db.Metrics().Compact.Count == 0 && t.Context().Err() == nil {
		if err := store.db.Flush(); err != nil { // as the next writes would
			t.Fatal(err)
		}
	}
}
