package readapi

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// TestAKeptPageShowsOnlyWhatItWasMadeOf: a page, and each of its rows, is found again while the documents are the same, at
// whatever place they are, and never when one has changed.
func TestAKeptPageShowsOnlyWhatItWasMadeOf(t *testing.T) {
	t.Parallel()
	document := rapid.Custom(func(t *rapid.T) readstore.Document {
		return readstore.Document{
			ID:   rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "id"),
			Seen: eventstore.Position{Commit: rapid.Uint64Range(1, 3).Draw(t, "seen")},
		}
	})
	documents := rapid.SliceOfNDistinct(document, 0, 4, func(d readstore.Document) string { return d.ID })
	text := func(d *readstore.Document) string { return fmt.Sprintf(`{"id":%q,"seen":%d}`, d.ID, d.Seen.Commit) }
	rapid.Check(t, func(t *rapid.T) {
		before, now := documents.Draw(t, "before"), documents.Draw(t, "now")
		page := &renderedPage{}
		for i := range before {
			page.add(before[i].ID, before[i].Seen, func(b []byte) []byte { return append(b, text(&before[i])...) })
		}
		same := len(before) == len(now)
		for i := range now {
			same = same && before[i].ID == now[i].ID && before[i].Seen == now[i].Seen
		}
		if got := page.shows(now); got != same {
			t.Errorf("the page of %v shows %v: %v", before, now, got)
		}
		for i := range now {
			kept := ""
			for k := range before {
				if before[k].ID == now[i].ID && before[k].Seen == now[i].Seen {
					kept = text(&before[k])
				}
			}
			if got := string(page.row(&now[i])); got != kept {
				t.Errorf("the row of %v in the page of %v is %q, want %q", now[i], before, got, kept)
			}
		}
	})
}
