package pebblestore

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// quiet is for stores that are meant to fail.
var quiet = slog.New(slog.DiscardHandler)

func openMemory(tb testing.TB, options Options) *Store {
	tb.Helper()
	options.InMemory = true
	return openIn(tb, "store", options)
}

func openIn(tb testing.TB, dir string, options Options) *Store {
	tb.Helper()
	if options.Logger == nil {
		options.Logger = quiet
	}
	store, err := Open(dir, options)
	noError(tb, err)
	tb.Cleanup(func() { _ = store.Close() })
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

func declareIndexes(tb testing.TB, store *Store, name string, indexes ...readstore.Index) {
	tb.Helper()
	noError(tb, store.Declare(tb.Context(), readstore.Collection{Name: name, Indexes: indexes}))
}

func oneWrite(tb testing.TB, collection, id string, body any) readstore.Batch {
	tb.Helper()
	raw, err := bson.Marshal(body)
	noError(tb, err)
	return readstore.Batch{Writes: []readstore.Write{{
		Collection: collection, ID: id, Seen: eventstore.Position{Commit: 1, Prepare: 1}, Body: raw,
	}}}
}

func noError(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("unexpected error: %v", err)
	}
}

func wantError(tb testing.TB, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Fatalf("got error %v, want %v", err, want)
	}
}

func wantInvalid(tb testing.TB, err error) {
	tb.Helper()
	var invalid *readstore.InvalidError
	if !errors.As(err, &invalid) {
		tb.Fatalf("got error %v, want an InvalidError", err)
	}
}
