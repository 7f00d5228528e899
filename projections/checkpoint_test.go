package projections_test

import (
	"sync/atomic"
	"testing"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// Every checkpoint is a write: a read model in which nothing changes moves its own rarely, and tells where it stands
// nevertheless.
func TestACheckpointMovesWithDocuments(t *testing.T) {
	log, reads := stores(t)
	var moves atomic.Int64
	reads.fail(func(batch readstore.Batch) error {
		for _, a := range batch.Advances {
			if a.Projection == "quiet@1" {
				moves.Add(1)
			}
		}
		return nil
	})
	f := fixture{
		Engine: start(t, config(log, reads, counter("busy", 1, "a-").Projection(), counter("quiet", 1, "b-").Projection())),
		log:    log, reads: reads,
	}
	f.caughtUp(t)
	began, before := time.Now(), moves.Load()
	var at eventstore.Position
	for i := range int64(50) {
		at = noted(t, log, "a-1", "d", i)
		await(t, f.Engine, "busy", at)
		await(t, f.Engine, "quiet", at)
	}
	if moved, most := moves.Load()-before, int64(time.Since(began)/time.Second)+1; moved > most {
		t.Errorf("the checkpoint of a model that stayed as it was moved %d times, want at most %d", moved, most)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, collection := range []string{"busy@1", "quiet@1"} {
		if stored, err := reads.Checkpoint(t.Context(), collection); err != nil || stored != at {
			t.Errorf("after an orderly end the checkpoint of %s is %s, error %v; want %s", collection, stored, err, at)
		}
	}
}
