package readstoretest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// at is the n-th position of an imagined log.
func at(n int) eventstore.Position {
	return eventstore.Position{Commit: uint64(n), Prepare: uint64(n)}
}

func raw(t fataler, value any) bson.Raw {
	t.Helper()
	body, err := bson.Marshal(value)
	if err != nil {
		t.Fatalf("marshalling %v: %v", value, err)
	}
	return body
}

// fataler is what testing.T and rapid.T share.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func noError(t fataler, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

func isError(t fataler, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func isInvalid(t fataler, err error) {
	t.Helper()
	var invalid *readstore.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("got error %v, want an InvalidError", err)
	}
}

func equal(t fataler, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("differs (-want +got):\n%s", diff)
	}
}

// declare makes a collection ready.
func declare(t *testing.T, store readstore.Store, name string, indexes ...readstore.Index) {
	t.Helper()
	noError(t, store.Declare(t.Context(), readstore.Collection{Name: name, Indexes: indexes}))
}

// by declares an index over ascending fields; a path that begins with "-" is descending.
func by(name string, paths ...string) readstore.Index {
	index := readstore.Index{Name: name}
	for _, path := range paths {
		if path[0] == '-' {
			index.Fields = append(index.Fields, readstore.Field{Path: path[1:], Desc: true})
			continue
		}
		index.Fields = append(index.Fields, readstore.Field{Path: path})
	}
	return index
}

func covering(index readstore.Index) readstore.Index {
	index.Covering = true
	return index
}

// put is a write of a document.
func put(t fataler, collection, id string, seen int, body any) readstore.Write {
	t.Helper()
	return readstore.Write{Collection: collection, ID: id, Seen: at(seen), Body: raw(t, body)}
}

func remove(collection, id string, seen int) readstore.Write {
	return readstore.Write{Collection: collection, ID: id, Seen: at(seen)}
}

func commit(t *testing.T, store readstore.Store, writes ...readstore.Write) {
	t.Helper()
	noError(t, store.Commit(t.Context(), readstore.Batch{Writes: writes}))
}

func idsOf(page readstore.Page) []string {
	ids := make([]string, 0, len(page.Documents))
	for _, document := range page.Documents {
		ids = append(ids, document.ID)
	}
	return ids
}

// list gives the ids of one page.
func list(t *testing.T, store readstore.Store, collection string, query readstore.Query) []string {
	t.Helper()
	if query.Limit == 0 {
		query.Limit = readstore.MaxLimit
	}
	page, err := store.List(t.Context(), collection, query)
	noError(t, err)
	return idsOf(page)
}

// walk gives the ids of all pages, checking that a page is only short at the end.
func walk(ctx context.Context, t fataler, store readstore.Store, collection string, query readstore.Query) []string {
	t.Helper()
	ids := []string{}
	for {
		page, err := store.List(ctx, collection, query)
		noError(t, err)
		ids = append(ids, idsOf(page)...)
		if page.Next == "" {
			return ids
		}
		if len(page.Documents) != query.Limit {
			t.Fatalf("page of %d with more to follow, limit %d", len(page.Documents), query.Limit)
		}
		query.After = page.Next
	}
}

// wantDocument checks that a document is stored as given.
func wantDocument(t *testing.T, store readstore.Store, want readstore.Write) {
	t.Helper()
	got, err := store.Get(t.Context(), want.Collection, want.ID)
	noError(t, err)
	document := readstore.Document{ID: want.ID, Seen: want.Seen, Body: want.Body}
	equal(t, got, document)
	var seen readstore.Document
	noError(t, store.View(t.Context(), want.Collection, want.ID, func(shown readstore.Document) error {
		seen = shown
		seen.Body = slices.Clone(shown.Body)
		return nil
	}))
	equal(t, seen, document)
}

// Clock is a clock that stands still until it is advanced. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock gives a clock that stands at a moment.
func NewClock(start time.Time) *Clock { return &Clock{now: start} }

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}
