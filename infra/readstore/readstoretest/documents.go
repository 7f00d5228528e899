package readstoretest

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

func testDocuments(t *testing.T, h *Harness) {
	declare(t, h.Store, "applications")
	type step struct {
		Name string   `bson:"name"`
		Tags []string `bson:"tags"`
	}
	type application struct {
		Number int64   `bson:"number"`
		Owner  string  `bson:"owner"`
		Steps  []step  `bson:"steps"`
		Share  float64 `bson:"share"`
	}
	want := application{Number: math.MaxInt64, Owner: "Айгүл", Steps: []step{{Name: "форма", Tags: []string{"a", ""}}}, Share: 0.1}
	write := put(t, "applications", "one", 7, want)
	commit(t, h.Store, write, put(t, "applications", "empty", 8, bson.D{}))

	wantDocument(t, h.Store, write)
	document, err := h.Store.Get(t.Context(), "applications", "one")
	noError(t, err)
	var got application
	noError(t, document.Decode(&got))
	equal(t, got, want)

	_, err = h.Store.Get(t.Context(), "applications", "two")
	isError(t, err, readstore.ErrNotFound)
	isError(t, h.Store.View(t.Context(), "applications", "two", unused(t)), readstore.ErrNotFound)
	enough := errors.New("enough was seen")
	if err := h.Store.View(t.Context(), "applications", "one", func(readstore.Document) error { return enough }); err != enough { //nolint:errorlint // as it is
		t.Errorf("a view that failed with %v ended with %v", enough, err)
	}

	many, err := h.Store.GetMany(t.Context(), "applications", []string{"two", "one", "empty", "one"})
	noError(t, err)
	equal(t, many, map[string]readstore.Document{
		"one":   {ID: "one", Seen: at(7), Body: write.Body},
		"empty": {ID: "empty", Seen: at(8), Body: raw(t, bson.D{})},
	})
	none, err := h.Store.GetMany(t.Context(), "applications", nil)
	noError(t, err)
	equal(t, none, map[string]readstore.Document{})
}

// unused is a view of what is not there.
func unused(t *testing.T) func(readstore.Document) error {
	t.Helper()
	return func(document readstore.Document) error {
		t.Errorf("document %q is shown, which nobody may see", document.ID)
		return nil
	}
}

func testBodyChangedAfterwards(t *testing.T, h *Harness) {
	declare(t, h.Store, "applications", covering(by("all", "number")))
	for seen, isNew := range []bool{true, false, false} { // made, then changed twice, for what a store keeps in memory
		write := put(t, "applications", "one", seen+1, bson.D{{Key: "number", Value: 7 + seen}, {Key: "owner", Value: "Айгүл"}})
		write.New = isNew
		want := readstore.Document{ID: "one", Seen: at(seen + 1), Body: bytes.Clone(write.Body)}
		commit(t, h.Store, write)

		clear(write.Body)

		got, err := h.Store.Get(t.Context(), "applications", "one")
		noError(t, err)
		equal(t, got, want)
		page, err := h.Store.List(t.Context(), "applications", readstore.Query{Index: "all", Limit: 1})
		noError(t, err)
		equal(t, page.Documents, []readstore.Document{want})
	}
}

func testNastyIDs(t *testing.T, h *Harness) {
	declare(t, h.Store, "a", by("all", "kind"))
	declare(t, h.Store, "a@2", by("all", "kind"))
	declare(t, h.Store, "a-b", by("all", "kind"))
	var batch readstore.Batch
	for i, id := range nastyIDs {
		for _, collection := range []string{"a", "a@2", "a-b"} {
			batch.Writes = append(batch.Writes, put(t, collection, id, i+1, bson.D{{Key: "kind", Value: 1}, {Key: "in", Value: collection}}))
		}
	}
	noError(t, h.Store.Commit(t.Context(), batch))
	for _, write := range batch.Writes {
		wantDocument(t, h.Store, write)
	}
	for _, collection := range []string{"a", "a@2", "a-b"} {
		equal(t, list(t, h.Store, collection, readstore.Query{Index: "all"}), nastyIDs)
		many, err := h.Store.GetMany(t.Context(), collection, nastyIDs)
		noError(t, err)
		equal(t, len(many), len(nastyIDs))
	}
	for i, id := range nastyIDs { // one by one, nothing else goes
		commit(t, h.Store, remove("a", id, 1000))
		equal(t, list(t, h.Store, "a", readstore.Query{Index: "all"}), append([]string{}, nastyIDs[i+1:]...))
	}
	equal(t, list(t, h.Store, "a@2", readstore.Query{Index: "all"}), nastyIDs)
}

func testInOrder(t *testing.T, h *Harness) {
	declare(t, h.Store, "a", by("some", "kind"))
	declare(t, h.Store, "b")
	want := map[string][]readstore.Document{}
	for i, id := range nastyIDs {
		for _, collection := range []string{"a", "b"} {
			body := bson.D{{Key: "in", Value: collection}} // in no index
			write := put(t, collection, id, i+1, body)
			commit(t, h.Store, write)
			want[collection] = append(want[collection], readstore.Document{ID: id, Seen: write.Seen, Body: write.Body})
		}
	}
	commit(t, h.Store, put(t, "a", "a-removed", 1, bson.D{}), remove("a", "a-removed", 2))
	inOrder := func(collection string, ids readstore.IDs) []readstore.Document {
		t.Helper()
		documents, err := h.Store.InOrder(t.Context(), collection, ids)
		noError(t, err)
		return documents
	}
	for collection, all := range want {
		equal(t, inOrder(collection, readstore.IDs{Limit: readstore.MaxLimit}), all)
		var walked []readstore.Document
		for page := inOrder(collection, readstore.IDs{Limit: 7}); len(page) > 0; {
			walked = append(walked, page...)
			page = inOrder(collection, readstore.IDs{After: page[len(page)-1].ID, Limit: 7})
		}
		equal(t, walked, all)
		for i := range all {
			for _, j := range []int{0, i, i + 1, i + 2, len(all) - 1} {
				if i+1 < j && j < len(all) {
					equal(t, inOrder(collection, readstore.IDs{After: all[i].ID, Before: all[j].ID, Limit: readstore.MaxLimit}), all[i+1:j])
				} else if j < len(all) {
					equal(t, len(inOrder(collection, readstore.IDs{After: all[i].ID, Before: all[j].ID, Limit: 1})), 0)
				}
			}
			equal(t, len(inOrder(collection, readstore.IDs{Before: all[i].ID, Limit: readstore.MaxLimit})), i)
		}
	}
	for _, limit := range []int{-1, 0, readstore.MaxLimit + 1} {
		isInvalid(t, second(h.Store.InOrder(t.Context(), "a", readstore.IDs{Limit: limit})))
	}
}

func testSeen(t *testing.T, h *Harness) {
	declare(t, h.Store, "c", by("n", "n"))
	second := put(t, "c", "x", 2, bson.D{{Key: "n", Value: 2}})
	commit(t, h.Store, second)
	for _, late := range []readstore.Write{
		put(t, "c", "x", 1, bson.D{{Key: "n", Value: 1}}),
		put(t, "c", "x", 2, bson.D{{Key: "n", Value: 20}}),
		{Collection: "c", ID: "x", Seen: eventstore.Position{Commit: 2, Prepare: 1}, Body: raw(t, bson.D{})},
		remove("c", "x", 1),
		remove("c", "x", 2),
	} {
		commit(t, h.Store, late)
		wantDocument(t, h.Store, second)
	}
	equal(t, list(t, h.Store, "c", readstore.Query{Index: "n", Prefix: []any{2}}), []string{"x"})

	laterPrepare := readstore.Write{Collection: "c", ID: "x", Seen: eventstore.Position{Commit: 2, Prepare: 3}, Body: raw(t, bson.D{{Key: "n", Value: 3}})}
	commit(t, h.Store, laterPrepare)
	wantDocument(t, h.Store, laterPrepare)
	largest := readstore.Write{Collection: "c", ID: "x", Seen: eventstore.Position{Commit: math.MaxInt64, Prepare: math.MaxInt64}, Body: raw(t, bson.D{})}
	commit(t, h.Store, largest)
	wantDocument(t, h.Store, largest)
}

// testNew: what is new may be written twice, as after a crash, and is a document like any other from then on.
func testNew(t *testing.T, h *Harness) {
	declare(t, h.Store, "c", by("n", "n"))
	first := put(t, "c", "x", 1, bson.D{{Key: "n", Value: 1}})
	first.New = true
	for range 2 {
		commit(t, h.Store, first)
		wantDocument(t, h.Store, first)
		equal(t, list(t, h.Store, "c", readstore.Query{Index: "n"}), []string{"x"})
	}
	second := put(t, "c", "x", 2, bson.D{{Key: "n", Value: 2}})
	commit(t, h.Store, second)
	wantDocument(t, h.Store, second)
	equal(t, list(t, h.Store, "c", readstore.Query{Index: "n", Prefix: []any{1}}), []string{})
	equal(t, list(t, h.Store, "c", readstore.Query{Index: "n", Prefix: []any{2}}), []string{"x"})
	commit(t, h.Store, remove("c", "x", 3))
	equal(t, list(t, h.Store, "c", readstore.Query{Index: "n"}), []string{})
	wantNone(t, h.Store, "c", "x")
}

// testRemoval shows what a removal promises: the checkpoint refuses older batches, and where one can be past that check,
// the position of the removal keeps its writes away.
func testRemoval(t *testing.T, h *Harness) {
	ctx := t.Context()
	declare(t, h.Store, "c", by("n", "n"))
	created := readstore.Batch{
		Writes:   []readstore.Write{put(t, "c", "x", 1, bson.D{{Key: "n", Value: 1}})},
		Advances: []readstore.Advance{{Projection: "p", To: at(1)}},
	}
	removed := readstore.Batch{
		Writes:   []readstore.Write{remove("c", "x", 2), remove("c", "never there", 2)},
		Advances: []readstore.Advance{{Projection: "p", From: at(1), To: at(2)}},
	}
	noError(t, h.Store.Commit(ctx, created))
	noError(t, h.Store.Commit(ctx, removed))
	wantNone(t, h.Store, "c", "x", "never there")

	wantCheckpointError(t, h.Store.Commit(ctx, created), "p", at(2))
	wantCheckpointError(t, h.Store.Commit(ctx, removed), "p", at(2))
	wantNone(t, h.Store, "c", "x", "never there")
	if !h.Atomic {
		for _, id := range []string{"x", "never there"} {
			commit(t, h.Store, put(t, "c", id, 1, bson.D{{Key: "n", Value: 1}}))
			commit(t, h.Store, put(t, "c", id, 2, bson.D{{Key: "n", Value: 2}}), remove("c", id, 1))
		}
		declare(t, h.Store, "c", by("n", "n"), by("n down", "-n")) // a new index does not find them either
		wantNone(t, h.Store, "c", "x", "never there")
		equal(t, list(t, h.Store, "c", readstore.Query{Index: "n down"}), []string{})
	}
	again := put(t, "c", "x", 3, bson.D{{Key: "n", Value: 3}})
	commit(t, h.Store, again)
	wantDocument(t, h.Store, again)
	equal(t, list(t, h.Store, "c", readstore.Query{Index: "n"}), []string{"x"})
}

// wantNone checks that a collection has no document, least of all these.
func wantNone(t *testing.T, store readstore.Store, collection string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		_, err := store.Get(t.Context(), collection, id)
		isError(t, err, readstore.ErrNotFound)
	}
	many, err := store.GetMany(t.Context(), collection, ids)
	noError(t, err)
	equal(t, many, map[string]readstore.Document{})
	equal(t, list(t, store, collection, readstore.Query{Index: "n"}), []string{})
}

func testSameDocumentTwice(t *testing.T, h *Harness) {
	declare(t, h.Store, "c", by("n", "n"), covering(by("n covering", "n")))
	last := put(t, "c", "x", 3, bson.D{{Key: "n", Value: 3}})
	commit(t, h.Store,
		put(t, "c", "x", 1, bson.D{{Key: "n", Value: 1}}),
		put(t, "c", "y", 1, bson.D{{Key: "n", Value: 1}}),
		put(t, "c", "x", 2, bson.D{{Key: "n", Value: 2}}),
		last,
		put(t, "c", "x", 2, bson.D{{Key: "n", Value: 9}}), // late, therefore nothing
		remove("c", "y", 2),
		put(t, "c", "z", 1, bson.D{{Key: "n", Value: 1}}),
		remove("c", "z", 2),
		put(t, "c", "z", 3, bson.D{{Key: "n", Value: 0}}),
	)
	wantDocument(t, h.Store, last)
	for _, index := range []string{"n", "n covering"} {
		equal(t, list(t, h.Store, "c", readstore.Query{Index: index}), []string{"z", "x"})
	}
}

func testInvalid(t *testing.T, h *Harness) {
	ctx := t.Context()
	declare(t, h.Store, "documents", by("n", "n"), by("two", "n", "m"))
	noError(t, h.Store.Declare(ctx, readstore.Collection{Name: "entries", Expires: true, Indexes: []readstore.Index{by("n", "n")}}))

	for name, err := range map[string]error{
		"Get from an undeclared collection":     second(h.Store.Get(ctx, "nowhere", "x")),
		"GetMany from an undeclared collection": second(h.Store.GetMany(ctx, "nowhere", []string{"x"})),
		"List of an undeclared collection":      second(h.Store.List(ctx, "nowhere", readstore.Query{Index: "n", Limit: 1})),
		"Commit to an undeclared collection":    h.Store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{put(t, "nowhere", "x", 1, bson.D{})}}),
		"Commit to entries":                     h.Store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{put(t, "entries", "x", 1, bson.D{})}}),
		"Commit of no BSON":                     h.Store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{{Collection: "documents", ID: "x", Seen: at(1), Body: bson.Raw("text")}}}),
		"Get of an entry as a document":         second(h.Store.Get(ctx, "entries", "x")),
		"View of an undeclared collection":      h.Store.View(ctx, "nowhere", "x", unused(t)),
		"View of an entry as a document":        h.Store.View(ctx, "entries", "x", unused(t)),
		"Entry of documents":                    second(h.Store.Entry(ctx, "documents", "x")),
		"Entry of an undeclared collection":     second(h.Store.Entry(ctx, "nowhere", "x")),
		"PutEntry without expiry":               second(h.Store.PutEntry(ctx, "entries", readstore.Entry{ID: "x", Body: raw(t, bson.D{})})),
		"PutEntry into documents":               second(h.Store.PutEntry(ctx, "documents", readstore.Entry{ID: "x", Expires: h.Now(), Body: raw(t, bson.D{})})),
		"RemoveEntry from documents":            h.Store.RemoveEntry(ctx, "documents", "x", 0),
		"ListEntries of documents":              second(h.Store.ListEntries(ctx, "documents", readstore.Query{Index: "n", Limit: 1})),
		"undeclared index":                      second(h.Store.List(ctx, "documents", readstore.Query{Index: "m", Limit: 1})),
		"no limit":                              second(h.Store.List(ctx, "documents", readstore.Query{Index: "n"})),
		"negative limit":                        second(h.Store.List(ctx, "documents", readstore.Query{Index: "n", Limit: -1})),
		"limit too large":                       second(h.Store.List(ctx, "documents", readstore.Query{Index: "n", Limit: readstore.MaxLimit + 1})),
		"prefix too long":                       second(h.Store.List(ctx, "documents", readstore.Query{Index: "n", Prefix: []any{1, 2}, Limit: 1})),
		"range after the last field":            second(h.Store.List(ctx, "documents", readstore.Query{Index: "n", Prefix: []any{1}, From: 1, Limit: 1})),
		"value that is no BSON":                 second(h.Store.List(ctx, "documents", readstore.Query{Index: "n", Prefix: []any{func() {}}, Limit: 1})),
		"collection without a name":             h.Store.Declare(ctx, readstore.Collection{}),
		"index without fields":                  h.Store.Declare(ctx, readstore.Collection{Name: "c", Indexes: []readstore.Index{{Name: "i"}}}),
		"index without a name":                  h.Store.Declare(ctx, readstore.Collection{Name: "c", Indexes: []readstore.Index{by("", "a")}}),
		"index declared twice":                  h.Store.Declare(ctx, readstore.Collection{Name: "c", Indexes: []readstore.Index{by("i", "a"), by("i", "b")}}),
		"path with a gap":                       h.Store.Declare(ctx, readstore.Collection{Name: "c", Indexes: []readstore.Index{by("i", "a..b")}}),
		"collection declared twice":             h.Store.Declare(ctx, readstore.Collection{Name: "c"}, readstore.Collection{Name: "c"}),
		"entries that become documents":         h.Store.Declare(ctx, readstore.Collection{Name: "entries"}),
	} {
		t.Run(name, func(t *testing.T) { isInvalid(t, err) })
	}
	names, err := h.Store.Collections(ctx)
	noError(t, err)
	equal(t, names, []string{"documents", "entries"})
}

func second[T any](_ T, err error) error { return err }

func testContext(t *testing.T, h *Harness) {
	declare(t, h.Store, "c", by("n", "n"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range map[string]error{
		"Declare":    h.Store.Declare(ended, readstore.Collection{Name: "d"}),
		"Drop":       h.Store.Drop(ended, "c"),
		"Get":        second(h.Store.Get(ended, "c", "x")),
		"View":       h.Store.View(ended, "c", "x", unused(t)),
		"GetMany":    second(h.Store.GetMany(ended, "c", []string{"x"})),
		"List":       second(h.Store.List(ended, "c", readstore.Query{Index: "n", Limit: 1})),
		"InOrder":    second(h.Store.InOrder(ended, "c", readstore.IDs{Limit: 1})),
		"Commit":     h.Store.Commit(ended, readstore.Batch{Writes: []readstore.Write{put(t, "c", "x", 1, bson.D{})}}),
		"Checkpoint": second(h.Store.Checkpoint(ended, "p")),
	} {
		t.Run(name, func(t *testing.T) { isError(t, err, context.Canceled) })
	}
	_, err := h.Store.Get(t.Context(), "c", "x")
	isError(t, err, readstore.ErrNotFound)
}

func testClosed(t *testing.T, h *Harness) {
	ctx := t.Context()
	declare(t, h.Store, "c", by("n", "n"))
	noError(t, h.Store.Close())
	noError(t, h.Store.Close())
	for name, err := range map[string]error{
		"Declare":          h.Store.Declare(ctx, readstore.Collection{Name: "d"}),
		"Collections":      second(h.Store.Collections(ctx)),
		"Drop":             h.Store.Drop(ctx, "c"),
		"Get":              second(h.Store.Get(ctx, "c", "x")),
		"View":             h.Store.View(ctx, "c", "x", unused(t)),
		"GetMany":          second(h.Store.GetMany(ctx, "c", []string{"x"})),
		"List":             second(h.Store.List(ctx, "c", readstore.Query{Index: "n", Limit: 1})),
		"InOrder":          second(h.Store.InOrder(ctx, "c", readstore.IDs{Limit: 1})),
		"Commit":           h.Store.Commit(ctx, readstore.Batch{Writes: []readstore.Write{put(t, "c", "x", 1, bson.D{})}}),
		"Checkpoint":       second(h.Store.Checkpoint(ctx, "p")),
		"ForgetCheckpoint": h.Store.ForgetCheckpoint(ctx, "p"),
		"Entry":            second(h.Store.Entry(ctx, "e", "x")),
		"PutEntry":         second(h.Store.PutEntry(ctx, "e", readstore.Entry{ID: "x", Expires: h.Now(), Body: raw(t, bson.D{})})),
		"RemoveEntry":      h.Store.RemoveEntry(ctx, "e", "x", 0),
		"ListEntries":      second(h.Store.ListEntries(ctx, "e", readstore.Query{Index: "n", Limit: 1})),
	} {
		t.Run(name, func(t *testing.T) { isError(t, err, readstore.ErrUnavailable) })
	}
}
