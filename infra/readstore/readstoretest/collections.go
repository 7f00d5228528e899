package readstoretest

import (
	"fmt"
	"strconv"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

func wantCollections(t *testing.T, store readstore.Store, want ...string) {
	t.Helper()
	names, err := store.Collections(t.Context())
	noError(t, err)
	equal(t, names, append([]string{}, want...))
}

func testDeclare(t *testing.T, h *Harness) {
	ctx := t.Context()
	wantCollections(t, h.Store)
	for range 2 {
		noError(t, h.Store.Declare(ctx,
			readstore.Collection{Name: "my_applications@3", Indexes: []readstore.Index{by("n", "n")}},
			readstore.Collection{Name: "codes", Expires: true},
			readstore.Collection{Name: "Қызметтер"},
		))
		wantCollections(t, h.Store, "codes", "my_applications@3", "Қызметтер")
	}
	documents := h.few(3000, 200) // more than an adapter reads at a time
	batch := readstore.Batch{}
	var up []string
	for i := range documents {
		id := fmt.Sprintf("%04d", i)
		up = append(up, id)
		batch.Writes = append(batch.Writes, put(t, "my_applications@3", id, 1, bson.D{{Key: "n", Value: i}, {Key: "text", Value: fmt.Sprintf("%0500d", i)}}))
	}
	noError(t, h.Store.Commit(ctx, batch))
	declare(t, h.Store, "my_applications@3", by("n", "n"), covering(by("down", "-n")), by("text", "text"))
	equal(t, walk(ctx, t, h.Store, "my_applications@3", readstore.Query{Index: "down", Reverse: true, Limit: readstore.MaxLimit}), up)
	equal(t, walk(ctx, t, h.Store, "my_applications@3", readstore.Query{Index: "text", Limit: readstore.MaxLimit}), up)
	equal(t, list(t, h.Store, "my_applications@3", readstore.Query{Index: "n", Prefix: []any{7}}), []string{"0007"})

	declare(t, h.Store, "my_applications@3", by("text", "text"))
	_, err := h.Store.List(ctx, "my_applications@3", readstore.Query{Index: "n", Limit: 1})
	isInvalid(t, err)
	commit(t, h.Store, remove("my_applications@3", "0000", 2), put(t, "my_applications@3", "0001", 2, bson.D{{Key: "n", Value: -1}}))
	declare(t, h.Store, "my_applications@3", by("n", "n"))
	equal(t, list(t, h.Store, "my_applications@3", readstore.Query{Index: "n", Limit: 2}), []string{"0001", "0002"})
}

func testChangedIndex(t *testing.T, h *Harness) {
	declare(t, h.Store, "c", by("order", "n"))
	for i := range 3 {
		commit(t, h.Store, put(t, "c", strconv.Itoa(i), 1, bson.D{{Key: "n", Value: i}, {Key: "m", Value: (i + 1) % 3}, {Key: "flag", Value: true}}))
	}
	for _, change := range []struct {
		index readstore.Index
		want  []string
	}{
		{by("order", "n"), []string{"0", "1", "2"}},
		{by("order", "-n"), []string{"2", "1", "0"}},
		{by("order", "m"), []string{"2", "0", "1"}},
		{covering(by("order", "m")), []string{"2", "0", "1"}},
		{covering(by("order", "flag", "-m")), []string{"1", "0", "2"}},
		{by("order", "flag"), []string{"0", "1", "2"}},
	} {
		declare(t, h.Store, "c", change.index)
		equal(t, list(t, h.Store, "c", readstore.Query{Index: "order"}), change.want)
	}
}

func testDrop(t *testing.T, h *Harness) {
	ctx := t.Context()
	noError(t, h.Store.Drop(ctx, "never there"))
	declare(t, h.Store, "other", by("n", "n"))
	commit(t, h.Store, put(t, "other", "x", 1, bson.D{{Key: "n", Value: 1}}))
	for round := range 3 {
		declare(t, h.Store, "c", by("n", "n"), covering(by("n covering", "n")))
		for _, index := range []string{"n", "n covering"} {
			equal(t, list(t, h.Store, "c", readstore.Query{Index: index}), []string{})
		}
		_, err := h.Store.Get(ctx, "c", "x")
		isError(t, err, readstore.ErrNotFound)
		// Positions start again: nothing is remembered of the documents of the round before.
		want := put(t, "c", "x", 10-round, bson.D{{Key: "n", Value: round}})
		commit(t, h.Store, want)
		wantDocument(t, h.Store, want)

		noError(t, h.Store.Drop(ctx, "c"))
		wantCollections(t, h.Store, "other")
		_, err = h.Store.Get(ctx, "c", "x")
		isInvalid(t, err)
	}
	equal(t, list(t, h.Store, "other", readstore.Query{Index: "n"}), []string{"x"})

	noError(t, h.Store.Declare(ctx, readstore.Collection{Name: "c", Expires: true})) // as something else
	wantCollections(t, h.Store, "c", "other")
}

func testReopen(t *testing.T, h *Harness) {
	if h.Reopen == nil {
		t.Skip("this store is not opened and closed by its user")
	}
	ctx := t.Context()
	indexes := []readstore.Index{by("n", "n"), covering(by("down", "-n"))}
	declare(t, h.Store, "gone", indexes...)
	commit(t, h.Store, put(t, "gone", "x", 1, bson.D{{Key: "n", Value: 1}}))
	noError(t, h.Store.Drop(ctx, "gone"))
	declare(t, h.Store, "c", indexes...)
	noError(t, h.Store.Declare(ctx, readstore.Collection{Name: "codes", Expires: true, Indexes: []readstore.Index{by("n", "n")}}))
	one, two := put(t, "c", "one", 1, bson.D{{Key: "n", Value: 1}}), put(t, "c", "two", 2, bson.D{{Key: "n", Value: 2}})
	noError(t, h.Store.Commit(ctx, readstore.Batch{
		Writes: []readstore.Write{one, two}, Advances: []readstore.Advance{{Projection: "p", To: at(2)}}, Sync: true,
	}))
	code := newEntry(t, h, "code", 1)
	_, err := h.Store.PutEntry(ctx, "codes", code)
	noError(t, err)

	store := h.Reopen()
	wantCollections(t, store, "c", "codes")
	wantCheckpoint(t, store, "p", at(2))
	wantDocument(t, store, one)
	wantDocument(t, store, two)
	equal(t, list(t, store, "c", readstore.Query{Index: "n"}), []string{"one", "two"})
	equal(t, list(t, store, "c", readstore.Query{Index: "down"}), []string{"two", "one"})
	code.Version = 1
	wantEntry(t, store, "codes", code)
	declare(t, store, "gone", indexes...)
	equal(t, list(t, store, "gone", readstore.Query{Index: "n"}), []string{})
	wantCheckpoint(t, store, "gone", eventstore.Position{})
}
