package projections_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// written is one event of a random history.
type written struct {
	Stream, Document string
	Value            int64
}

var drawnHistory = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) written {
	return written{
		Stream:   rapid.SampledFrom([]string{"a-1", "a-2", "b-1", "c-1"}).Draw(t, "stream"),
		Document: fmt.Sprint("d", rapid.IntRange(0, 4).Draw(t, "document")),
		Value:    rapid.SampledFrom([]int64{removes, clears, 1, 2, 3, 4, 5, 6}).Draw(t, "value"),
	}
}), 0, 120)

// folded is what a history means to a counter of streams a- and b-: the values and, for each document, the position of
// the last event that is in it.
func folded(history []written) (values map[string][]int64, seen map[string]uint64) {
	values, seen = map[string][]int64{}, map[string]uint64{}
	owners := map[string]string{}
	for i, w := range history {
		switch {
		case w.Stream == "c-1":
			continue
		case w.Value == removes:
			delete(values, w.Document)
			delete(seen, w.Document)
			delete(owners, w.Document)
		case w.Value == clears:
			for document, owner := range owners {
				if owner == w.Stream {
					values[document], seen[document] = []int64{clears}, uint64(i)+1
				}
			}
		default:
			if owners[w.Document] == "" {
				owners[w.Document] = w.Stream
			}
			values[w.Document] = append(values[w.Document], w.Value)
			seen[w.Document] = uint64(i) + 1
		}
	}
	return values, seen
}

// However a history is cut into batches, refused, repeated and interrupted: the documents are those of folding it one
// event at a time, and a rebuild gives the same bytes.
func TestDocumentsDependOnTheHistoryAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		history := drawnHistory.Draw(rt, "history")
		log, reads := stores(t)
		var commits atomic.Int64
		outage := rapid.Int64Range(0, 7).Draw(rt, "every how many commits one fails")
		applied := rapid.Bool().Draw(rt, "failed commits were applied nevertheless")
		reads.fail(func(batch readstore.Batch) error {
			if isFirstSwitch(batch) { // without which Start fails, as it should
				return nil
			}
			if outage == 0 || commits.Add(1)%(outage+1) != 0 {
				return nil
			}
			if applied {
				if err := reads.Store.Commit(t.Context(), batch); err != nil {
					return err
				}
			}
			return readstore.ErrUnavailable
		})
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(history)), 1, 3).Draw(rt, "events written when engines start")
		next := 0
		write := func(upTo int) {
			for ; next < upTo; next++ {
				noted(t, log, history[next].Stream, history[next].Document, history[next].Value)
			}
		}
		var f fixture
		for i, cut := range cuts {
			c := config(log, reads, counter("first", 1, "a-", "b-").Projection())
			c.LiveBatch = rapid.IntRange(1, 9).Draw(rt, "live batch")
			c.CatchUpBatch = rapid.IntRange(1, 9).Draw(rt, "batch of catching up")
			c.CacheDocuments = rapid.IntRange(1, 5).Draw(rt, "documents in memory")
			c.RecentDocuments = rapid.IntRange(1, 5).Draw(rt, "documents kept by the live group")
			write(cut)
			f = fixture{Engine: start(t, c), log: log, reads: reads}
			if i < len(cuts)-1 {
				if err := f.Close(); err != nil {
					rt.Fatal(err)
				}
			}
		}
		write(len(history))
		end := eventstore.Position{Commit: uint64(len(history)), Prepare: uint64(len(history))}
		await(t, f.Engine, "first", end)
		for range 2 {
			values, seen := folded(history)
			gotValues, gotSeen := map[string][]int64{}, map[string]uint64{}
			for d := range 5 {
				id := fmt.Sprint("d", d)
				if got := f.values(t, "first", id); got != nil {
					gotValues[id], gotSeen[id] = got, f.seen(t, "first", id)
				}
			}
			if diff := cmp.Diff(values, gotValues); diff != "" {
				rt.Errorf("documents (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(seen, gotSeen); diff != "" {
				rt.Errorf("positions of documents (-want +got):\n%s", diff)
			}
			for _, report := range rebuild(t, f.Engine) {
				if !report.Compared || len(report.Differences) > 0 {
					rt.Errorf("rebuild: compared %t, differences %v", report.Compared, report.Differences)
				}
			}
		}
		if err := f.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

func isFirstSwitch(batch readstore.Batch) bool {
	return batch.Writes != nil && batch.Writes[0].Collection == projections.DirectoryCollection &&
		batch.Advances[0].From.IsZero()
}

func (f fixture) seen(t *testing.T, name, document string) uint64 {
	t.Helper()
	collection, err := f.Directory().Serving(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	found, err := f.reads.Get(t.Context(), collection, document)
	if err != nil {
		t.Fatal(err)
	}
	return found.Seen.Commit
}
