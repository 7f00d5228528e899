package projections_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// watchedReads notes which documents are read.
type watchedReads struct {
	readstore.Store
	mu   sync.Mutex
	read []string
}

func (w *watchedReads) GetMany(ctx context.Context, collection string, ids []string) (map[string]readstore.Document, error) {
	w.mu.Lock()
	w.read = append(w.read, slices.Sorted(slices.Values(ids))...)
	w.mu.Unlock()
	return w.Store.GetMany(ctx, collection, ids)
}

func (w *watchedReads) reads() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.read
}

func watched(t *testing.T, kept int) (fixture, *watchedReads) {
	t.Helper()
	log, faulty := stores(t)
	reads := &watchedReads{Store: faulty}
	c := config(log, reads, counter("first", 1, "a-").Projection())
	c.RecentDocuments = kept
	return fixture{Engine: start(t, c), log: log, reads: faulty}, reads
}

func TestADocumentThatWasStoredLatelyIsNotReadAgain(t *testing.T) {
	f, reads := watched(t, 2)
	var want []int64
	for i := range int64(20) {
		want = append(want, i)
		f.sees(t, "first", noted(t, f.log, "a-1", "x", i), "x", want...)
	}
	if diff := cmp.Diff([]string{"x"}, reads.reads()); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestOfTheDocumentsThatWereStoredOnlySoManyAreKept(t *testing.T) {
	f, reads := watched(t, 2)
	for i, id := range []string{"x", "y", "z", "x", "z"} {
		await(t, f.Engine, "first", noted(t, f.log, "a-1", id, int64(i)))
	}
	if diff := cmp.Diff([]string{"x", "y", "z", "x"}, reads.reads()); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

// A document that is made once is not looked for, takes no other's place in memory, and is reached like any other.
func TestADocumentThatIsMadeOnceIsNotRead(t *testing.T) {
	log, faulty := stores(t)
	reads := &watchedReads{Store: faulty}
	model := counter("first", 1, "a-")
	model.MadeOnce = func(_ codec.Envelope, id string) bool { return strings.HasPrefix(id, "once") }
	c := config(log, reads, model.Projection())
	c.RecentDocuments = 1
	f := fixture{Engine: start(t, c), log: log, reads: faulty}
	f.sees(t, "first", noted(t, f.log, "a-1", "x", 0), "x", 0)
	for i := range int64(5) {
		id := fmt.Sprint("once", i)
		f.sees(t, "first", noted(t, f.log, "a-2", id, i), id, i)
	}
	f.sees(t, "first", noted(t, f.log, "a-1", "x", 1), "x", 0, 1)
	if diff := cmp.Diff([]string{"x"}, reads.reads()); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	cleared := noted(t, f.log, "a-2", "", clears)
	for i := range 5 {
		f.sees(t, "first", cleared, fmt.Sprint("once", i), clears)
	}
}

// What was folded into a document in memory is thrown away with the commit that failed.
func TestADocumentWhoseCommitFailedIsReadAgain(t *testing.T) {
	f, reads := watched(t, 2)
	f.sees(t, "first", noted(t, f.log, "a-1", "x", 0), "x", 0)
	failures := 3
	f.reads.fail(func(readstore.Batch) error {
		if failures--; failures >= 0 {
			return readstore.ErrUnavailable
		}
		return nil
	})
	f.sees(t, "first", noted(t, f.log, "a-1", "x", 1), "x", 0, 1)
	if diff := cmp.Diff([]string{"x", "x", "x", "x"}, reads.reads()); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

// Events that reach documents without naming them find those that are kept, and leave none of them as it was.
func TestWhatIsKeptIsReachedToo(t *testing.T) {
	f, _ := watched(t, 2)
	var at eventstore.Position
	for i := range 4 {
		at = noted(t, f.log, "a-1", fmt.Sprint("d", i), 1)
	}
	await(t, f.Engine, "first", at)
	noted(t, f.log, "a-1", "", clears)
	for i := range 4 {
		at = noted(t, f.log, "a-1", fmt.Sprint("d", i), 2)
	}
	for i := range 4 {
		f.sees(t, "first", at, fmt.Sprint("d", i), clears, 2)
	}
}

func TestARemovedDocumentBeginsAgain(t *testing.T) {
	f, _ := watched(t, 2)
	f.sees(t, "first", noted(t, f.log, "a-1", "x", 1), "x", 1)
	f.sees(t, "first", noted(t, f.log, "a-1", "x", removes), "x")
	f.sees(t, "first", noted(t, f.log, "a-1", "x", 2), "x", 2)
}
