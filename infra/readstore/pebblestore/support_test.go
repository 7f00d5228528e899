package pebblestore

import (
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// quiet is for stores that are meant to fail.
var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func openMemory(t testing.TB, options Options) *Store {
	t.Helper()
	options.InMemory = true
	return openIn(t, "store", options)
}

func openIn(t testing.TB, dir string, options Options) *Store {
	t.Helper()
	if options.Logger == nil {
		options.Logger = quiet
	}
	store, err := Open(dir, options)
	noError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// indexBy declares an index; a path that begins with "-" is descending.
func indexBy(name string, paths ...string) readstore.Index {
	index := readstore.Index{Name: name}
	for _, path := range paths {
		ascending := strings.TrimPrefix(path, "-")
		index.Fields = append(index.Fields, readstore.Field{Path: ascending, Desc: ascending != path})
	}
	return index
}

func declareIndexes(t testing.TB, store *Store, name string, indexes ...readstore.Index) {
	t.Helper()
	noError(t, store.Declare(t.Context(), readstore.Collection{Name: name, Indexes: indexes}))
}

func oneWrite(t testing.TB, collection, id string, body any) readstore.Batch {
	t.Helper()
	raw, err := bson.Marshal(body)
	noError(t, err)
	return readstore.Batch{Writes: []readstore.Write{{
		Collection: collection, ID: id, Seen: eventstore.Position{Commit: 1, Prepare: 1}, Body: raw,
	}}}
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

func wantError(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func wantInvalid(t testing.TB, err error) {
	t.Helper()
	var invalid *readstore.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("got error %v, want an InvalidError", err)
	}
}
