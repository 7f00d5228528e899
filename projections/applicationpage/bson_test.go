package applicationpage_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"services.example/portal/domain/service"
	"services.example/portal/projections/applicationpage"
)

var moment = rapid.Custom(func(t *rapid.T) time.Time {
	ns := rapid.Int64Range(0, 999_999_999).Draw(t, "ns") // finer than what is stored
	return time.Unix(rapid.Int64Range(-1e9, 4e9).Draw(t, "s"), ns).In(time.FixedZone("", 5*3600))
})

// drawn is a page with anything in it, lists and times that are absent among it.
func drawn(t *rapid.T) applicationpage.Page {
	file := rapid.Custom(func(t *rapid.T) applicationpage.File {
		return applicationpage.File{
			ID: rapid.String().Draw(t, "id"), Name: rapid.String().Draw(t, "name"), Size: rapid.Int64().Draw(t, "size"),
			MIME: rapid.String().Draw(t, "mime"), SHA256: rapid.String().Draw(t, "sha256"), AttachedAt: moment.Draw(t, "at"),
		}
	})
	step := rapid.Custom(func(t *rapid.T) applicationpage.Step {
		return applicationpage.Step{
			ID: rapid.String().Draw(t, "id"), Kind: service.StepKind(rapid.String().Draw(t, "kind")),
			Complete: rapid.Bool().Draw(t, "complete"), Data: rapid.String().Draw(t, "data"),
			Files: listOf(file).Draw(t, "files"),
		}
	})
	entry := rapid.Custom(func(t *rapid.T) applicationpage.Entry {
		return applicationpage.Entry{
			At: moment.Draw(t, "at"), Actor: rapid.String().Draw(t, "actor"), Role: rapid.String().Draw(t, "role"),
			What: rapid.String().Draw(t, "what"), Step: rapid.String().Draw(t, "step"),
		}
	})
	term := rapid.Custom(func(t *rapid.T) service.Term {
		return service.Term{Days: rapid.Int().Draw(t, "days"), Kind: service.TermKind(rapid.String().Draw(t, "kind"))}
	})
	return applicationpage.Page{
		Applicant: rapid.String().Draw(t, "applicant"), RunningNumber: rapid.Int64().Draw(t, "running"),
		Number: rapid.String().Draw(t, "number"), ServiceID: rapid.String().Draw(t, "service"),
		ServiceVersion: rapid.Int().Draw(t, "version"), Status: rapid.String().Draw(t, "status"),
		Revision: rapid.Int64().Draw(t, "revision"), Steps: listOf(step).Draw(t, "steps"),
		StartedAt: moment.Draw(t, "started"), ChangedAt: moment.Draw(t, "changed"),
		SubmittedAt: rapid.Ptr(moment, true).Draw(t, "submitted"), WithdrawnAt: rapid.Ptr(moment, true).Draw(t, "withdrawn"),
		DueAt: rapid.Ptr(moment, true).Draw(t, "due"), Term: rapid.Ptr(term, true).Draw(t, "term"),
		Executors: listOf(rapid.String()).Draw(t, "executors"), Timeline: listOf(entry).Draw(t, "timeline"),
		Earlier: rapid.Int64().Draw(t, "earlier"),
	}
}

// listOf draws lists, those that are nil and those of more than ten items among them.
func listOf[T any](item *rapid.Generator[T]) *rapid.Generator[[]T] {
	return rapid.OneOf(rapid.Just([]T(nil)), rapid.SliceOfN(item, 0, 12))
}

func TestPagesAreStoredAsTheDriverStoresThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		page := drawn(t)
		want, err := bson.Marshal(&page)
		if err != nil {
			t.Fatal(err)
		}
		got := page.AppendBSON([]byte("before"))
		if !bytes.Equal(got, append([]byte("before"), want...)) {
			t.Fatalf("written as\n%v, by the driver as\n%v", bson.Raw(got[len("before"):]), bson.Raw(want))
		}
		var read, readByDriver applicationpage.Page
		if err := bson.Unmarshal(want, &readByDriver); err != nil {
			t.Fatal(err)
		}
		if err := read.DecodeBSON(want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(readByDriver, read); diff != "" {
			t.Errorf("read otherwise than by the driver:\n%s", diff)
		}
	})
}

// A field that is added to a struct and forgotten here would never be stored.
func TestNoFieldOfAPageIsForgotten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		page := rapid.Make[applicationpage.Page]().Draw(t, "page")
		want, err := bson.Marshal(&page)
		if err != nil {
			t.Skip("the driver does not store it")
		}
		if got := page.AppendBSON(nil); !bytes.Equal(got, want) {
			t.Fatalf("written as\n%v, by the driver as\n%v", bson.Raw(got), bson.Raw(want))
		}
	})
}

func FuzzDecodePage(f *testing.F) {
	at := time.UnixMilli(1)
	page := applicationpage.Page{
		Applicant: "a", Steps: []applicationpage.Step{{ID: "s", Files: []applicationpage.File{{ID: "f"}}}}, DueAt: &at,
		Term: &service.Term{Days: 1}, Executors: []string{"b"}, Timeline: []applicationpage.Entry{{Actor: "a"}},
	}
	f.Add(page.AppendBSON(nil))
	f.Add([]byte{5, 0, 0, 0, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		var page applicationpage.Page
		if page.DecodeBSON(body) != nil { // whatever it is, it is no panic
			return
		}
		var again applicationpage.Page
		if err := again.DecodeBSON(page.AppendBSON(nil)); err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if diff := cmp.Diff(page, again); diff != "" {
			t.Errorf("read again otherwise:\n%s", diff)
		}
	})
}
