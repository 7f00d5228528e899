package projections_test

import (
	"fmt"
	"strings"
	"testing"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// piece is a whole, which its owner's index knows, or a part of one, which no index knows.
type piece struct {
	Owner  string  `bson:"owner,omitempty"` // of a whole
	Whose  string  `bson:"whose"`
	Values []int64 `bson:"values"`
}

var pieces = projections.ReadModel[piece]{
	Name: "pieces", Version: 1, Streams: []string{"a-"},
	Indexes: []readstore.Index{{Name: "by_owner", Fields: []readstore.Field{{Path: "owner"}}}},
	Keys: func(event codec.Envelope) []string {
		if event.Event.(note).Value == clears {
			return nil
		}
		return []string{event.Event.(note).Document}
	},
	Reach: func(event codec.Envelope) *projections.Selection {
		if event.Event.(note).Value != clears {
			return nil
		}
		return &projections.Selection{Index: "by_owner", Prefix: []any{event.Stream}, Parts: true}
	},
	Matches: func(doc *piece, event codec.Envelope) bool { return doc.Whose == event.Stream },
	Fold: func(doc *piece, id string, event codec.Envelope) *piece {
		if event.Event.(note).Value == clears {
			doc.Values = []int64{clears}
			return doc
		}
		if doc == nil {
			doc = &piece{Whose: event.Stream}
			if !strings.Contains(id, "/") {
				doc.Owner = event.Stream
			}
		}
		doc.Values = append(doc.Values, event.Event.(note).Value)
		return doc
	},
}

// An event that reaches a document reaches its parts too, wherever they are: kept in memory, not stored yet, or stored by
// an earlier process; and nothing else whose id looks like theirs.
func TestPartsAreReachedWithTheirWhole(t *testing.T) {
	const parts = readstore.MaxLimit + 200 // more than a page
	others := []string{"x0", "x-1", "w", "w/1"}
	begin := func(t *testing.T, f fixture) (at eventstore.Position) {
		t.Helper()
		noted(t, f.log, "a-1", "x", 1)
		for i := range parts {
			noted(t, f.log, "a-1", fmt.Sprint("x/", i), int64(i))
		}
		for _, id := range others {
			at = noted(t, f.log, "a-2", id, 1)
		}
		return at
	}
	end := func(t *testing.T, f fixture) eventstore.Position {
		t.Helper()
		noted(t, f.log, "a-1", "", clears)
		return noted(t, f.log, "a-1", "x/5", 7)
	}
	for name, run := range map[string]func(*testing.T, *fixture) eventstore.Position{
		"live": func(t *testing.T, f *fixture) eventstore.Position {
			t.Helper()
			f.Engine = start(t, config(f.log, f.reads, pieces.Projection()))
			await(t, f.Engine, "pieces", begin(t, *f))
			return end(t, *f)
		},
		"after a start": func(t *testing.T, f *fixture) eventstore.Position {
			t.Helper()
			first := start(t, config(f.log, f.reads, pieces.Projection()))
			await(t, first, "pieces", begin(t, *f))
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			f.Engine = start(t, config(f.log, f.reads, pieces.Projection()))
			return end(t, *f)
		},
		"catching up": func(t *testing.T, f *fixture) eventstore.Position {
			t.Helper()
			begin(t, *f)
			at := end(t, *f)
			f.Engine = start(t, config(f.log, f.reads, pieces.Projection()))
			return at
		},
	} {
		t.Run(name, func(t *testing.T) {
			log, reads := stores(t)
			f := fixture{log: log, reads: reads}
			at := run(t, &f)
			f.sees(t, "pieces", at, "x", clears)
			for i := range parts {
				want := []int64{clears}
				if i == 5 {
					want = append(want, 7)
				}
				f.sees(t, "pieces", at, fmt.Sprint("x/", i), want...)
			}
			for _, id := range others {
				f.sees(t, "pieces", at, id, 1)
			}
		})
	}
}
