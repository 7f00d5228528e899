package pebblestore

import (
	"errors"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/readstore"
)

// FuzzCursor takes any text for a cursor: it is either refused or one that this query could have made.
func FuzzCursor(f *testing.F) {
	store := openMemory(f, Options{SweepEvery: -1})
	declareIndexes(f, store, "c", indexBy("i", "group", "-n"))
	for _, id := range []string{"a", "b", "c", "d"} {
		noError(f, store.Commit(f.Context(), oneWrite(f, "c", id, bson.M{"group": 1, "n": id})))
	}
	query := readstore.Query{Index: "i", Prefix: []any{1}, Limit: 1}
	for {
		page, err := store.List(f.Context(), "c", query)
		noError(f, err)
		if page.Next == "" {
			break
		}
		f.Add(page.Next)
		query.After = page.Next
	}
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, reverse := range []bool{false, true} {
			query := readstore.Query{Index: "i", Prefix: []any{1}, Limit: 2, After: cursor, Reverse: reverse}
			page, err := store.List(t.Context(), "c", query)
			if err != nil && (!errors.Is(err, readstore.ErrCursor) || len(page.Documents) > 0) {
				t.Fatalf("cursor %q gives %v", cursor, err)
			}
		}
	})
}
