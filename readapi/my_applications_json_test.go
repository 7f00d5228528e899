package readapi

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/text"
	"services.example/portal/infra/eventstore"
)

func TestPagesAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	t.Parallel()
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		return time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms")).UTC()
	})
	words := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"", "Өтінім", `a "b" \ c`, "<b>&", "line\nbreak", "\u2028\u2029", "\xff\xfe", "\x00\x1f\x7f", "😀", "ұлт–қор",
	}))
	row := rapid.Custom(func(t *rapid.T) applicationRow {
		return applicationRow{
			ID: words.Draw(t, "id"), Number: words.Draw(t, "number"), Date: rapid.Ptr(moment, true).Draw(t, "date"),
			Service: namedOffer{ID: words.Draw(t, "service"), Name: text.Text{
				KK: words.Draw(t, "kk"), RU: words.Draw(t, "ru"), EN: words.Draw(t, "en"),
			}},
			Executors: append([]string{}, rapid.SliceOf(words).Draw(t, "executors")...),
			DueAt:     rapid.Ptr(moment, true).Draw(t, "due"), DaysLeft: rapid.Ptr(rapid.Int(), true).Draw(t, "left"),
			Unread: rapid.Int().Draw(t, "unread"), Status: words.Draw(t, "status"), Outcome: words.Draw(t, "outcome"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		page := myApplicationsPage{
			Items: append([]applicationRow{}, rapid.SliceOfN(row, 0, 5).Draw(t, "rows")...), Next: words.Draw(t, "next"),
		}
		var want bytes.Buffer
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(page); err != nil {
			t.Fatal(err)
		}
		written := &renderedPage{}
		for i := range page.Items {
			written.add("", eventstore.Position{}, func(b []byte) []byte { return appendRow(b, &page.Items[i]) })
		}
		if diff := cmp.Diff(want.String(), string(appendPage(nil, written.json, page.Next))); diff != "" {
			t.Errorf("written otherwise:\n%s", diff)
		}
	})
}
