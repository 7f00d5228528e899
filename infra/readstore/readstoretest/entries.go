package readstoretest

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/readstore"
)

// newEntry is an entry that lives for an hour.
func newEntry(t *testing.T, h *Harness, id string, n int) readstore.Entry {
	t.Helper()
	return readstore.Entry{ID: id, Expires: h.Now().Add(time.Hour), Body: raw(t, bson.D{{Key: "n", Value: n}})}
}

func wantEntry(t *testing.T, store readstore.Store, collection string, want readstore.Entry) {
	t.Helper()
	got, err := store.Entry(t.Context(), collection, want.ID)
	noError(t, err)
	equal(t, got, want)
}

func wantNoEntry(t *testing.T, store readstore.Store, collection, id string) {
	t.Helper()
	_, err := store.Entry(t.Context(), collection, id)
	isError(t, err, readstore.ErrNotFound)
}

func declareEntries(t *testing.T, h *Harness, name string, indexes ...readstore.Index) {
	t.Helper()
	noError(t, h.Store.Declare(t.Context(), readstore.Collection{Name: name, Expires: true, Indexes: indexes}))
}

func testEntries(t *testing.T, h *Harness) {
	ctx := t.Context()
	declareEntries(t, h, "sessions")
	declareEntries(t, h, "codes")
	wantNoEntry(t, h.Store, "sessions", "x")

	e := newEntry(t, h, "x", 1)
	for _, version := range []int64{1, 7} { // nothing there to be changed
		e.Version = version
		_, err := h.Store.PutEntry(ctx, "sessions", e)
		isError(t, err, readstore.ErrChanged)
	}
	e.Version = 0
	version, err := h.Store.PutEntry(ctx, "sessions", e)
	noError(t, err)
	equal(t, version, int64(1))
	_, err = h.Store.PutEntry(ctx, "sessions", e)
	isError(t, err, readstore.ErrChanged)
	e.Version = 1
	wantEntry(t, h.Store, "sessions", e)
	wantNoEntry(t, h.Store, "codes", "x")

	e.Body, e.Expires = raw(t, bson.D{{Key: "n", Value: 2}}), e.Expires.Add(time.Hour)
	version, err = h.Store.PutEntry(ctx, "sessions", e)
	noError(t, err)
	equal(t, version, int64(2))
	_, err = h.Store.PutEntry(ctx, "sessions", e)
	isError(t, err, readstore.ErrChanged)
	e.Version = 2
	wantEntry(t, h.Store, "sessions", e)
	var body struct {
		N int `bson:"n"`
	}
	noError(t, e.Decode(&body))
	equal(t, body.N, 2)

	isError(t, h.Store.RemoveEntry(ctx, "sessions", "x", 1), readstore.ErrChanged)
	wantEntry(t, h.Store, "sessions", e)
	noError(t, h.Store.RemoveEntry(ctx, "sessions", "x", 2))
	wantNoEntry(t, h.Store, "sessions", "x")
	isError(t, h.Store.RemoveEntry(ctx, "sessions", "x", 2), readstore.ErrChanged)
	noError(t, h.Store.RemoveEntry(ctx, "sessions", "x", 0))

	e.Version = 0
	version, err = h.Store.PutEntry(ctx, "sessions", e)
	noError(t, err)
	equal(t, version, int64(1))
	noError(t, h.Store.RemoveEntry(ctx, "sessions", "x", 0))
	wantNoEntry(t, h.Store, "sessions", "x")

	for i, id := range nastyIDs {
		_, err := h.Store.PutEntry(ctx, "codes", newEntry(t, h, id, i))
		noError(t, err)
	}
	for i, id := range nastyIDs {
		want := newEntry(t, h, id, i)
		want.Version = 1
		wantEntry(t, h.Store, "codes", want)
	}
}

func testEntryRace(t *testing.T, h *Harness) {
	declareEntries(t, h, "codes", by("n", "n"))
	const racers = 64
	e := newEntry(t, h, "x", 0)
	for round := range int64(4) {
		winners := race(t, racers, func(ctx context.Context, racer int) (bool, error) {
			mine := e
			mine.Version = round
			mine.Body = raw(t, bson.D{{Key: "n", Value: racer}})
			version, err := h.Store.PutEntry(ctx, "codes", mine)
			if errors.Is(err, readstore.ErrChanged) {
				return false, nil
			}
			return version == round+1, err
		})
		equal(t, winners, 1)
		stored, err := h.Store.Entry(t.Context(), "codes", "x")
		noError(t, err)
		equal(t, stored.Version, round+1)
		listed, err := h.Store.ListEntries(t.Context(), "codes", readstore.Query{Index: "n", Limit: readstore.MaxLimit})
		noError(t, err)
		equal(t, listed, []readstore.Entry{stored})
	}
	// A counter that everybody increases, again and again if need be, counts everybody.
	const each = 5
	race(t, 8, func(ctx context.Context, _ int) (bool, error) {
		for done := 0; done < each; {
			stored, err := h.Store.Entry(ctx, "codes", "x")
			if err != nil {
				return false, err
			}
			_, err = h.Store.PutEntry(ctx, "codes", stored)
			switch {
			case err == nil:
				done++
			case !errors.Is(err, readstore.ErrChanged):
				return false, err
			}
		}
		return true, nil
	})
	stored, err := h.Store.Entry(t.Context(), "codes", "x")
	noError(t, err)
	equal(t, stored.Version, int64(4+8*each))
}

func testExpiry(t *testing.T, h *Harness) {
	ctx := t.Context()
	declareEntries(t, h, "codes", by("n", "n"), covering(by("n covering", "n")))
	first, second := newEntry(t, h, "first", 1), newEntry(t, h, "second", 2)
	second.Expires = second.Expires.Add(time.Hour)
	for _, e := range []readstore.Entry{first, second} {
		_, err := h.Store.PutEntry(ctx, "codes", e)
		noError(t, err)
	}
	h.Advance(time.Hour - time.Millisecond)
	first.Version, second.Version = 1, 1
	wantEntry(t, h.Store, "codes", first)

	h.Advance(time.Millisecond) // its time has come
	wantNoEntry(t, h.Store, "codes", "first")
	wantEntry(t, h.Store, "codes", second)
	for _, index := range []string{"n", "n covering"} {
		listed, err := h.Store.ListEntries(ctx, "codes", readstore.Query{Index: index, Limit: 1})
		noError(t, err)
		equal(t, listed, []readstore.Entry{second})
	}
	_, err := h.Store.PutEntry(ctx, "codes", first)
	isError(t, err, readstore.ErrChanged)
	isError(t, h.Store.RemoveEntry(ctx, "codes", "first", 1), readstore.ErrChanged)

	again := newEntry(t, h, "first", 3)
	version, err := h.Store.PutEntry(ctx, "codes", again)
	noError(t, err)
	equal(t, version, int64(1))
	again.Version = 1
	wantEntry(t, h.Store, "codes", again)

	// What is put off lives longer, what is brought forward ends sooner.
	second.Expires = h.Now().Add(3 * time.Hour)
	_, err = h.Store.PutEntry(ctx, "codes", second)
	noError(t, err)
	again.Expires = h.Now().Add(time.Minute)
	_, err = h.Store.PutEntry(ctx, "codes", again)
	noError(t, err)
	h.Advance(2 * time.Hour)
	second.Version = 2
	wantEntry(t, h.Store, "codes", second)
	wantNoEntry(t, h.Store, "codes", "first")
	noError(t, h.Store.RemoveEntry(ctx, "codes", "first", 0))

	past := newEntry(t, h, "past", 9)
	past.Expires = h.Now()
	_, err = h.Store.PutEntry(ctx, "codes", past)
	noError(t, err)
	wantNoEntry(t, h.Store, "codes", "past")
}

func testListEntries(t *testing.T, h *Harness) {
	ctx := t.Context()
	declareEntries(t, h, "sessions", by("n", "n"), covering(by("n down", "-n")))
	for i := range 20 {
		e := newEntry(t, h, strconv.Itoa(i), i/2)
		if i%3 == 0 {
			e.Expires = h.Now().Add(time.Minute)
		}
		_, err := h.Store.PutEntry(ctx, "sessions", e)
		noError(t, err)
	}
	noError(t, h.Store.RemoveEntry(ctx, "sessions", "1", 1))
	h.Advance(time.Minute)
	ids := func(query readstore.Query) []string {
		entries, err := h.Store.ListEntries(ctx, "sessions", query)
		noError(t, err)
		ids := []string{}
		for _, e := range entries {
			ids = append(ids, e.ID)
		}
		return ids
	}
	equal(t, ids(readstore.Query{Index: "n", Limit: 100}), []string{"2", "4", "5", "7", "8", "10", "11", "13", "14", "16", "17", "19"})
	equal(t, ids(readstore.Query{Index: "n", Limit: 3}), []string{"2", "4", "5"})
	equal(t, ids(readstore.Query{Index: "n", Reverse: true, Limit: 3}), []string{"19", "17", "16"})
	equal(t, ids(readstore.Query{Index: "n", Prefix: []any{4}, Limit: 3}), []string{"8"})
	equal(t, ids(readstore.Query{Index: "n down", From: 5, To: 4, Limit: 100}), []string{"10", "11", "8"})
	declareEntries(t, h, "sessions", by("n", "n"), by("again", "-n"))
	equal(t, ids(readstore.Query{Index: "again", Limit: 3}), []string{"19", "16", "17"})
}
