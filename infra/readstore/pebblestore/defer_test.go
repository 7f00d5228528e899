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
	store := openToDefer(t, Options{})
	resume := store.DeferCompactions()
	const rounds, documents = 40, 100
	for round := range rounds {
		writeAgain(t, store, documents, uint64(round+1))
	}
	noError(t, store.db.Flush())
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
		noError(t, store.db.Flush()) // as the next writes would
	}
}

// TestADeferralHasAnEnd: writes do not come to wait for compactions that are deferred.
func TestADeferralHasAnEnd(t *testing.T) {
	t.Parallel()
	const pile, rounds = 10, 100 // more than twice what may lie there before writes wait
	store := openToDefer(t, Options{pile: pile})
	defer store.DeferCompactions()()
	for round := range rounds {
		writeAgain(t, store, 10, uint64(round+1))
		noError(t, store.db.Flush())
		if m := store.db.Metrics(); round < pile-1 && m.Compact.Count != 0 {
			t.Fatalf("%d compactions after %d tables", m.Compact.Count, round+1)
		}
	}
	if m := store.db.Metrics(); m.Compact.Count == 0 {
		t.Error("nothing was merged")
	}
}

func openToDefer(t *testing.T, options Options) *Store {
	t.Helper()
	options.InMemory, options.MemTableSize, options.Logger = true, 64<<10, slog.New(slog.DiscardHandler)
	store, err := Open("reads", options)
	noError(t, err)
	t.Cleanup(func() { noError(t, store.Close()) })
	noError(t, store.Declare(t.Context(), readstore.Collection{Name: "c"}))
	return store
}

// writeAgain writes the same documents as before: their tables overlap.
func writeAgain(t *testing.T, store *Store, documents int, seen uint64) {
	t.Helper()
	body, err := bson.Marshal(bson.M{"text": fmt.Sprintf("%0500d", 0)})
	noError(t, err)
	var batch readstore.Batch
	for i := range documents {
		batch.Writes = append(batch.Writes, readstore.Write{
			Collection: "c", ID: strconv.Itoa(i), Seen: eventstore.Position{Commit: seen}, Body: body,
		})
	}
	noError(t, store.Commit(t.Context(), batch))
}
