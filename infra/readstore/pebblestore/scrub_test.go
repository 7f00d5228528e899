package pebblestore

import (
	"strconv"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/disktest"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// TestWhatWasReplacedIsOffTheDiskAfterAScrub replaces one document and removes another, in tables, in the log, and in
// logs that the engine keeps to write over.
func TestWhatWasReplacedIsOffTheDiskAfterAScrub(t *testing.T) {
	const replaced, removed = "Құпия мәтін бірінші", "Құпия мәтін екінші"
	dir := t.TempDir()
	store := openIn(t, dir, Options{})
	declareIndexes(t, store, "people", indexBy("by_kind", "kind"))
	write := func(seen uint64, id, name string) {
		t.Helper()
		w := readstore.Write{Collection: "people", ID: id, Seen: eventstore.Position{Commit: seen, Prepare: seen}}
		if name != "" {
			body, err := bson.Marshal(bson.M{"kind": 1, "name": name})
			noError(t, err)
			w.Body = body
		}
		noError(t, store.Commit(t.Context(), readstore.Batch{Writes: []readstore.Write{w}, Sync: true}))
	}
	for i := range 5 { // every table of latest writes has a log of its own
		write(uint64(3*i+1), "a"+strconv.Itoa(i), replaced)
		write(uint64(3*i+2), "b"+strconv.Itoa(i), removed)
		noError(t, store.db.Flush())
		write(uint64(3*i+3), "a"+strconv.Itoa(i), "жойылды")
		write(uint64(3*i+3), "b"+strconv.Itoa(i), "")
	}
	if len(disktest.Holding(t, dir, replaced)) == 0 {
		t.Fatal("nothing of what was replaced is on the disk: the search does not work")
	}

	noError(t, store.Scrub(t.Context()))
	noError(t, store.Close())

	if found := disktest.Holding(t, dir, replaced, removed); len(found) > 0 {
		t.Errorf("still on the disk: %q", found)
	}
	if len(disktest.Holding(t, dir, "жойылды")) == 0 {
		t.Error("what took its place is not on the disk")
	}
}
