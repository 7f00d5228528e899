package pebblestore

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

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
	if !onDisk(t, dir, replaced) {
		t.Fatal("nothing of what was replaced is on the disk: the search does not work")
	}

	noError(t, store.Scrub(t.Context()))
	noError(t, store.Close())

	for _, text := range []string{replaced, removed} {
		if onDisk(t, dir, text) {
			t.Errorf("%q is still on the disk", text)
		}
	}
	if !onDisk(t, dir, "жойылды") {
		t.Error("what took its place is not on the disk")
	}
}

func onDisk(t *testing.T, dir, text string) bool {
	t.Helper()
	found := false
	noError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		found = found || bytes.Contains(content, []byte(text))
		return err
	}))
	return found
}
