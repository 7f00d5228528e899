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

// anyWords are texts with everything in them that JSON escapes.
var anyWords = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
	"", "Өтінім", `a "b" \ c`, "<b>&", "line\nbreak", "a\u2028b", "\u2029", "\xff\xfe", "\x00\x1f\x7f", "😀", "ұлт–қор", "№ 1", "\xe2", "\xe2\x80",
}))

var anyMoment = rapid.Custom(func(t *rapid.T) time.Time {
	return time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms")).UTC()
})

// asEncodingJSON writes as the rest of the API is written.
func asEncodingJSON(t *rapid.T, page any) string {
	var want bytes.Buffer
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(page); err != nil {
		t.Fatal(err)
	}
	return want.String()
}

// Not in parallel, as the next: the generators that they share bear no two tests at once.
func TestPagesAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	row := rapid.Custom(func(t *rapid.T) applicationRow {
		return applicationRow{
			ID: anyWords.Draw(t, "id"), Number: anyWords.Draw(t, "number"), Date: rapid.Ptr(anyMoment, true).Draw(t, "date"),
			Service: namedOffer{ID: anyWords.Draw(t, "service"), Name: text.Text{
				KK: anyWords.Draw(t, "kk"), RU: anyWords.Draw(t, "ru"), EN: anyWords.Draw(t, "en"),
			}},
			Executors: append([]string{}, rapid.SliceOf(anyWords).Draw(t, "executors")...),
			DueAt:     rapid.Ptr(anyMoment, true).Draw(t, "due"), DaysLeft: rapid.Ptr(rapid.Int(), true).Draw(t, "left"),
			Unread: rapid.Int().Draw(t, "unread"), Status: anyWords.Draw(t, "status"), Outcome: anyWords.Draw(t, "outcome"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		page := myApplicationsPage{
			Items: append([]applicationRow{}, rapid.SliceOfN(row, 0, 5).Draw(t, "rows")...), Next: anyWords.Draw(t, "next"),
		}
		written := &renderedPage{}
		for i := range page.Items {
			written.add("", eventstore.Position{}, func(b []byte) []byte { return appendRow(b, &page.Items[i]) })
		}
		if diff := cmp.Diff(asEncodingJSON(t, page), string(appendPage(nil, written.json, page.Next))); diff != "" {
			t.Errorf("written otherwise:\n%s", diff)
		}
	})
}

func TestThreadsAreWrittenAsEncodingJSONWritesThem(t *testing.T) {
	file := rapid.Custom(func(t *rapid.T) threadFile {
		return threadFile{ID: anyWords.Draw(t, "id"), Name: anyWords.Draw(t, "name"), Size: rapid.Int64().Draw(t, "size"), MIME: anyWords.Draw(t, "mime")}
	})
	item := rapid.Custom(func(t *rapid.T) threadItem {
		return threadItem{
			Number: rapid.Int().Draw(t, "number"), ID: anyWords.Draw(t, "id"), At: anyMoment.Draw(t, "at"),
			Author: threadAuthor{Kind: anyWords.Draw(t, "kind"), Name: anyWords.Draw(t, "author")}, Text: anyWords.Draw(t, "text"),
			Unread: rapid.Bool().Draw(t, "unread"), Notice: rapid.Bool().Draw(t, "notice"),
			Files: rapid.SliceOfN(file, 0, 3).Draw(t, "files"), What: anyWords.Draw(t, "what"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		page := threadPage{
			Items: append([]threadItem{}, rapid.SliceOfN(item, 0, 5).Draw(t, "items")...),
			Total: rapid.Int().Draw(t, "total"), Next: anyWords.Draw(t, "next"),
		}
		if diff := cmp.Diff(asEncodingJSON(t, page), string(appendThread(nil, &page))); diff != "" {
			t.Errorf("written otherwise:\n%s", diff)
		}
	})
}
