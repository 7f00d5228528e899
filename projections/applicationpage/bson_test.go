package applicationpage_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/service"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/lifecycle"
	"services.example/portal/projections/stored/storedtest"
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
	line := rapid.Custom(func(t *rapid.T) lifecycle.Line {
		return lifecycle.Line{
			What: rapid.String().Draw(t, "what"), Step: rapid.String().Draw(t, "step"), Person: rapid.String().Draw(t, "person"),
			Detail: rapid.String().Draw(t, "detail"), Document: rapid.String().Draw(t, "document"),
			DueAt: rapid.Ptr(moment, true).Draw(t, "due"),
		}
	})
	entry := rapid.Custom(func(t *rapid.T) applicationpage.Entry {
		return applicationpage.Entry{
			At: moment.Draw(t, "at"), Actor: rapid.String().Draw(t, "actor"), Role: rapid.String().Draw(t, "role"),
			Line: line.Draw(t, "line"),
		}
	})
	term := rapid.Custom(func(t *rapid.T) service.Term {
		return service.Term{Days: rapid.Int().Draw(t, "days"), Kind: service.TermKind(rapid.String().Draw(t, "kind"))}
	})
	page := applicationpage.Page{
		Applicant: rapid.String().Draw(t, "applicant"), RunningNumber: rapid.Int64().Draw(t, "running"),
		Number: rapid.String().Draw(t, "number"), ServiceID: rapid.String().Draw(t, "service"),
		ServiceVersion: rapid.Int().Draw(t, "version"),
		Standing: lifecycle.Standing{
			Status: rapid.String().Draw(t, "status"), Outcome: rapid.String().Draw(t, "outcome"),
			Decided: rapid.String().Draw(t, "decided"), Unsigned: listOf(rapid.String()).Draw(t, "unsigned"),
			Executors:   listOf(rapid.String()).Draw(t, "executors"),
			SubmittedAt: rapid.Ptr(moment, true).Draw(t, "submitted"), DueAt: rapid.Ptr(moment, true).Draw(t, "due"),
		},
		Revision: rapid.Int64().Draw(t, "revision"), Steps: listOf(step).Draw(t, "steps"),
		StartedAt: moment.Draw(t, "started"), ChangedAt: moment.Draw(t, "changed"),
		WithdrawnAt: rapid.Ptr(moment, true).Draw(t, "withdrawn"), Term: rapid.Ptr(term, true).Draw(t, "term"),
		Timeline: listOf(entry).Draw(t, "timeline"), Earlier: rapid.Int64().Draw(t, "earlier"),
	}
	if rapid.Bool().Draw(t, "the provider works on it") {
		drawnWork(t, &page, file)
	}
	return page
}

// drawnWork adds what a page has once the provider works on it.
func drawnWork(t *rapid.T, page *applicationpage.Page, file *rapid.Generator[applicationpage.File]) {
	words := rapid.String()
	page.ProviderID = words.Draw(t, "provider")
	page.CompletedAt = rapid.Ptr(moment, true).Draw(t, "completed")
	page.Returned = rapid.Ptr(rapid.Custom(func(t *rapid.T) applicationpage.Return {
		return applicationpage.Return{
			At: moment.Draw(t, "at"), Executor: words.Draw(t, "executor"), Reason: words.Draw(t, "reason"), Text: words.Draw(t, "text"),
		}
	}), true).Draw(t, "returned")
	page.Uploads = listOf(rapid.Custom(func(t *rapid.T) applicationpage.Upload {
		return applicationpage.Upload{File: file.Draw(t, "file"), Staff: rapid.Bool().Draw(t, "staff")}
	})).Draw(t, "uploads")
	page.Decision = rapid.Ptr(rapid.Custom(func(t *rapid.T) applicationpage.Decision {
		return applicationpage.Decision{
			Outcome: words.Draw(t, "outcome"), At: moment.Draw(t, "at"), Executor: words.Draw(t, "executor"),
			Reason: words.Draw(t, "reason"), Text: words.Draw(t, "text"), Files: listOf(words).Draw(t, "files"),
		}
	}), true).Draw(t, "decision")
	page.Documents = listOf(rapid.Custom(func(t *rapid.T) applicationpage.Document {
		return applicationpage.Document{
			ID: words.Draw(t, "id"), Kind: words.Draw(t, "kind"), Version: rapid.Int().Draw(t, "version"),
			FileID: words.Draw(t, "file"), Name: words.Draw(t, "name"), Size: rapid.Int64().Draw(t, "size"),
			MIME: words.Draw(t, "mime"), SHA256: words.Draw(t, "sha256"), Signers: listOf(words).Draw(t, "signers"),
			By: words.Draw(t, "by"), IssuedAt: moment.Draw(t, "issued"), SignedAt: rapid.Ptr(moment, true).Draw(t, "signed"),
			Superseded: rapid.Bool().Draw(t, "superseded"),
		}
	})).Draw(t, "documents")
	page.Questionnaire = rapid.Ptr(rapid.Custom(func(t *rapid.T) applicationpage.Questionnaire {
		return applicationpage.Questionnaire{
			At:     moment.Draw(t, "at"),
			Scores: listOf(rapid.Make[applicationpage.Score]()).Draw(t, "scores"),
			Words:  listOf(rapid.Make[applicationpage.Words]()).Draw(t, "words"),
		}
	}), true).Draw(t, "questionnaire")
}

// listOf draws lists, those that are nil and those of more than ten items among them.
func listOf[T any](item *rapid.Generator[T]) *rapid.Generator[[]T] {
	return rapid.OneOf(rapid.Just([]T(nil)), rapid.SliceOfN(item, 0, 12))
}

func TestPagesAreStoredAsTheDriverStoresThem(t *testing.T) {
	t.Parallel()
	storedtest.AsTheDriver(t, rapid.Custom(drawn))
}

func TestNoFieldOfAPageIsForgotten(t *testing.T) {
	t.Parallel()
	storedtest.NoFieldIsForgotten[applicationpage.Page](t)
}

func FuzzDecodePage(f *testing.F) {
	at := time.UnixMilli(1)
	page := applicationpage.Page{
		Applicant: "a", Steps: []applicationpage.Step{{ID: "s", Files: []applicationpage.File{{ID: "f"}}}},
		Standing: lifecycle.Standing{DueAt: &at, Executors: []string{"b"}, Unsigned: []string{"c"}},
		Term:     &service.Term{Days: 1}, Timeline: []applicationpage.Entry{{Actor: "a", Line: lifecycle.Line{DueAt: &at}}},
		Decision:  &applicationpage.Decision{Outcome: "answered", Files: []string{"f"}},
		Documents: []applicationpage.Document{{ID: "d", Signers: []string{"applicant"}, SignedAt: &at, Superseded: true}},
		Uploads:   []applicationpage.Upload{{File: applicationpage.File{ID: "u"}, Staff: true}},
		Returned:  &applicationpage.Return{Reason: "other"}, CompletedAt: &at,
		Questionnaire: &applicationpage.Questionnaire{
			Scores: []applicationpage.Score{{Question: "q", Score: 5}}, Words: []applicationpage.Words{{Question: "w", Text: "x"}},
		},
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
