package readstoretest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

func wantCheckpointError(t *testing.T, err error, projection string, stored eventstore.Position) {
	t.Helper()
	var mismatch *readstore.CheckpointError
	if !errors.As(err, &mismatch) {
		t.Fatalf("got error %v, want a CheckpointError", err)
	}
	equal(t, *mismatch, readstore.CheckpointError{Projection: projection, Stored: stored})
}

func wantCheckpoint(t *testing.T, store readstore.Store, projection string, want eventstore.Position) {
	t.Helper()
	got, err := store.Checkpoint(t.Context(), projection)
	noError(t, err)
	equal(t, got, want)
}

func advance(projection string, from, to int) readstore.Batch {
	return readstore.Batch{Advances: []readstore.Advance{{Projection: projection, From: at(from), To: at(to)}}}
}

func testCheckpoint(t *testing.T, h *Harness) {
	ctx := t.Context()
	wantCheckpoint(t, h.Store, "p", eventstore.Position{})
	wantCheckpointError(t, h.Store.Commit(ctx, advance("p", 1, 2)), "p", at(0))
	noError(t, h.Store.Commit(ctx, advance("p", 0, 5)))
	wantCheckpoint(t, h.Store, "p", at(5))
	wantCheckpointError(t, h.Store.Commit(ctx, advance("p", 0, 6)), "p", at(5))
	wantCheckpointError(t, h.Store.Commit(ctx, advance("p", 4, 6)), "p", at(5))
	noError(t, h.Store.Commit(ctx, advance("p", 5, 6)))
	wantCheckpoint(t, h.Store, "p", at(6))
	wantCheckpoint(t, h.Store, "p@2", at(0))
	wantCheckpoint(t, h.Store, "", at(0))

	noError(t, h.Store.Commit(ctx, readstore.Batch{Advances: []readstore.Advance{
		{Projection: "p", From: at(6), To: at(7)}, {Projection: "p@2", To: at(7)},
	}}))
	wantCheckpoint(t, h.Store, "p", at(7))
	wantCheckpoint(t, h.Store, "p@2", at(7))

	noError(t, h.Store.ForgetCheckpoint(ctx, "p"))
	noError(t, h.Store.ForgetCheckpoint(ctx, "p"))
	noError(t, h.Store.ForgetCheckpoint(ctx, "never"))
	wantCheckpoint(t, h.Store, "p", at(0))
	wantCheckpoint(t, h.Store, "p@2", at(7))
	noError(t, h.Store.Commit(ctx, advance("p", 0, 1)))
}

func testCheckpointRace(t *testing.T, h *Harness) {
	const racers, steps = 16, 25
	declare(t, h.Store, "wins", by("step", "step"))
	for step := range steps {
		winners := race(t, racers, func(ctx context.Context, racer int) (bool, error) {
			batch := advance("p", step, step+1)
			batch.Writes = []readstore.Write{put(t, "wins", strconv.Itoa(step)+" "+strconv.Itoa(racer), step+1, bson.D{{Key: "step", Value: step}})}
			if !h.Atomic {
				batch.Writes = nil
			}
			err := h.Store.Commit(ctx, batch)
			var mismatch *readstore.CheckpointError
			if errors.As(err, &mismatch) {
				return false, nil
			}
			return err == nil, err
		})
		equal(t, winners, 1)
		wantCheckpoint(t, h.Store, "p", at(step+1))
		if h.Atomic {
			equal(t, len(list(t, h.Store, "wins", readstore.Query{Index: "step", Prefix: []any{step}})), 1)
		}
	}
}

// race lets goroutines try at the same moment and counts those who succeed.
func race(t *testing.T, racers int, try func(ctx context.Context, racer int) (bool, error)) int {
	t.Helper()
	start := make(chan struct{})
	won := make([]bool, racers)
	failed := make([]error, racers)
	var running sync.WaitGroup
	for racer := range racers {
		running.Go(func() {
			<-start
			won[racer], failed[racer] = try(t.Context(), racer)
		})
	}
	close(start)
	running.Wait()
	noError(t, errors.Join(failed...))
	winners := 0
	for _, w := range won {
		if w {
			winners++
		}
	}
	return winners
}

func testRedelivery(t *testing.T, h *Harness) {
	ctx := t.Context()
	declare(t, h.Store, "c", by("n", "n"))
	batch := readstore.Batch{Writes: []readstore.Write{
		put(t, "c", "x", 1, bson.D{{Key: "n", Value: 1}}),
		put(t, "c", "y", 2, bson.D{{Key: "n", Value: 2}}),
	}}
	noError(t, h.Store.Commit(ctx, batch))
	newer := put(t, "c", "x", 3, bson.D{{Key: "n", Value: 3}})
	commit(t, h.Store, newer)
	for range 2 {
		noError(t, h.Store.Commit(ctx, batch))
		wantDocument(t, h.Store, newer)
		wantDocument(t, h.Store, batch.Writes[1])
		equal(t, list(t, h.Store, "c", readstore.Query{Index: "n"}), []string{"y", "x"})
	}
	noError(t, h.Store.Commit(ctx, readstore.Batch{}))
	noError(t, h.Store.Commit(ctx, readstore.Batch{Sync: true}))
}

func testRefusedBatch(t *testing.T, h *Harness) {
	if !h.Atomic {
		t.Skip("documents are written before checkpoints here; their positions make that harmless")
	}
	ctx := t.Context()
	declare(t, h.Store, "c", by("n", "n"))
	noError(t, h.Store.Commit(ctx, advance("second", 0, 1)))
	batch := readstore.Batch{
		Writes: []readstore.Write{put(t, "c", "x", 1, bson.D{{Key: "n", Value: 1}})},
		Advances: []readstore.Advance{
			{Projection: "first", To: at(1)},
			{Projection: "second", To: at(2)},
		},
	}
	wantCheckpointError(t, h.Store.Commit(ctx, batch), "second", at(1))
	wantCheckpoint(t, h.Store, "first", at(0))
	wantCheckpoint(t, h.Store, "second", at(1))
	equal(t, list(t, h.Store, "c", readstore.Query{Index: "n"}), []string{})

	batch.Advances = batch.Advances[:1]
	batch.Writes = append(batch.Writes, readstore.Write{Collection: "c", ID: "y", Seen: at(1), Body: bson.Raw{1}})
	isInvalid(t, h.Store.Commit(ctx, batch))
	wantCheckpoint(t, h.Store, "first", at(0))
	equal(t, list(t, h.Store, "c", readstore.Query{Index: "n"}), []string{})
}

// testWholeBatches has a writer that moves all documents together, and readers that must never see them apart.
func testWholeBatches(t *testing.T, h *Harness) {
	if !h.Atomic {
		t.Skip("batches are not atomic here")
	}
	const documents, rounds = 20, 200
	declare(t, h.Store, "c", by("n", "n"), covering(by("n covering", "n")))
	ids := make([]string, documents)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	batch := func(round int) readstore.Batch {
		var batch readstore.Batch
		for _, id := range ids {
			batch.Writes = append(batch.Writes, put(t, "c", id, round, bson.D{{Key: "n", Value: round}}))
		}
		return batch
	}
	noError(t, h.Store.Commit(t.Context(), batch(1)))
	done := make(chan struct{})
	var readers sync.WaitGroup
	failed := make([]error, 3)
	for reader := range failed {
		readers.Go(func() {
			for failed[reader] == nil {
				select {
				case <-done:
					return
				default:
					failed[reader] = readWhole(t.Context(), h.Store, ids, reader)
				}
			}
		})
	}
	for round := 2; round <= rounds; round++ {
		noError(t, h.Store.Commit(t.Context(), batch(round)))
	}
	close(done)
	readers.Wait()
	noError(t, errors.Join(failed...))
}

func readWhole(ctx context.Context, store readstore.Store, ids []string, way int) error {
	var documents []readstore.Document
	switch way {
	case 0:
		many, err := store.GetMany(ctx, "c", ids)
		if err != nil {
			return err
		}
		for _, document := range many {
			documents = append(documents, document)
		}
	default:
		page, err := store.List(ctx, "c", readstore.Query{Index: []string{"n", "n covering"}[way-1], Limit: readstore.MaxLimit})
		if err != nil {
			return err
		}
		documents = page.Documents
	}
	if len(documents) != len(ids) {
		return errors.New("saw " + strconv.Itoa(len(documents)) + " documents")
	}
	for _, document := range documents {
		if document.Seen != documents[0].Seen {
			return errors.New("saw positions " + document.Seen.String() + " and " + documents[0].Seen.String())
		}
	}
	return nil
}
