package notes_test

import (
	"testing"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/correspondence"
	"services.example/portal/projections/notes"
	"services.example/portal/projections/projectionstest"
)

const (
	applicant = "11111111-1111-4111-8111-111111111111"
	another   = "77777777-7777-4777-8777-777777777777"
	executor  = "44444444-4444-4444-8444-444444444444"
	id        = "22222222-2222-4222-8222-222222222222"
)

var monday = time.Date(2026, 11, 16, 5, 0, 0, 0, time.UTC)

func note(id, words string) correspondence.NoteWritten {
	return correspondence.NoteWritten{NoteID: id, Author: executor, Text: words, At: monday}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	var none projectionstest.History
	written := none.Of(applicant, "note-"+id, executor, "executor", note("first", "<b>Call</b> the bank"), note("second", "Done"))
	row := func(revision int64, words string) notes.Note {
		return notes.Note{Application: id, Applicant: applicant, Revision: revision, Author: executor, Text: words, At: monday}
	}
	for name, test := range map[string]struct {
		given projectionstest.History
		then  map[string]notes.Note
	}{
		"nothing happened":         {nil, map[string]notes.Note{}},
		"notes keep their order":   {written, map[string]notes.Note{"first": row(0, "<b>Call</b> the bank"), "second": row(1, "Done")}},
		"a sign-in changes none":   {written.In("account-"+applicant, applicant, "applicant", account.SignedIn{}), map[string]notes.Note{"first": row(0, "<b>Call</b> the bank"), "second": row(1, "Done")}},
		"an erased person's words": {written.In("account-"+applicant, applicant, "applicant", account.Erased{}), map[string]notes.Note{"first": row(0, ""), "second": row(1, "")}},
		"another person's erasure": {written.In("account-"+another, another, "applicant", account.Erased{}), map[string]notes.Note{"first": row(0, "<b>Call</b> the bank"), "second": row(1, "Done")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			projectionstest.Expect(t, notes.Model, test.given, test.then)
		})
	}
}

// TestARebuildWithoutTheKeyGivesTheSame: what erasure leaves is what is built when the applicant's key is gone.
func TestARebuildWithoutTheKeyGivesTheSame(t *testing.T) {
	t.Parallel()
	var none projectionstest.History
	history := none.Of(applicant, "note-"+id, executor, "executor", note("first", "Call the bank"), note("second", "Done")).
		In("account-"+applicant, applicant, "applicant", account.Erased{})
	projectionstest.Expect(t, notes.Model, history.WithoutKey(applicant), projectionstest.Documents(t, notes.Model, history))
}
