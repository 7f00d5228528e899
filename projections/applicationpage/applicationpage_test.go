package applicationpage_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/lifecycle"
	"services.example/portal/projections/projectionstest"
)

const (
	applicant = "11111111-1111-4111-8111-111111111111"
	id        = "22222222-2222-4222-8222-222222222222"
	stream    = "application-" + id
	offered   = "33333333-3333-4333-8333-333333333333"
)

func at(minute int) time.Time { return time.Date(2026, 11, 16, 5, minute, 0, 0, time.UTC) }

func pointer[T any](value T) *T { return &value }

var started = application.DraftStarted{
	Applicant: applicant, ServiceID: offered, ServiceVersion: 3, RunningNumber: 2065, Number: "2065-16-11-26",
	Steps: []application.StepState{
		{ID: "company", Kind: service.FormStep}, {ID: "documents", Kind: service.DocumentStep},
	},
	Prefilled: map[string]json.RawMessage{"company": json.RawMessage(`{ "bin":"101040000018"}`)},
	At:        at(0),
}

func attached(file string, minute int) application.FileAttached {
	return application.FileAttached{
		FileID: file, StepID: "documents", Name: file + ".pdf", MIME: "application/pdf", Size: 5, SHA256: "ab", Complete: true,
		At: at(minute),
	}
}

func TestAPageFromItsStartToItsWithdrawal(t *testing.T) {
	term := service.Term{Days: 15, Kind: service.WorkingDays}
	history := projectionstest.History{}.In(stream, applicant, "applicant",
		started,
		application.StepSaved{StepID: "company", Data: json.RawMessage(`{"bin": "x"}`), At: at(1)},
		application.StepSaved{StepID: "company", Data: json.RawMessage("{\"bin\":\t\"101040000018\"}"), Complete: true, At: at(2)},
		attached("one", 3), attached("two", 4),
		application.FileRemoved{FileID: "one", StepID: "documents", Complete: true, At: at(5)},
		application.Submitted{ServiceID: offered, ProviderID: "p", Term: term, DueAt: at(50), At: at(6)},
		application.Withdrawn{ServiceID: offered, At: at(7)},
	)
	line := func(minute int, what, step string) applicationpage.Entry {
		return applicationpage.Entry{
			At: at(minute), Actor: applicant, Role: "applicant", Line: lifecycle.Line{What: what, Step: step},
		}
	}
	projectionstest.Expect(t, applicationpage.Model, history, map[string]applicationpage.Page{id: {
		Applicant: applicant, RunningNumber: 2065, Number: "2065-16-11-26", ServiceID: offered, ServiceVersion: 3,
		Standing: lifecycle.Standing{
			Status: "withdrawn", Executors: []string{}, SubmittedAt: pointer(at(6)), DueAt: pointer(at(50)),
		},
		ProviderID: "p", Revision: 7,
		Steps: []applicationpage.Step{
			{
				ID: "company", Kind: service.FormStep, Complete: true, Files: []applicationpage.File{},
				Data: "{\"bin\":\t\"101040000018\"}",
			},
			{ID: "documents", Kind: service.DocumentStep, Complete: true, Files: []applicationpage.File{
				{ID: "two", Name: "two.pdf", Size: 5, MIME: "application/pdf", SHA256: "ab", AttachedAt: at(4)},
			}},
		},
		StartedAt: at(0), ChangedAt: at(7), WithdrawnAt: pointer(at(7)), Term: &term,
		Timeline: []applicationpage.Entry{
			line(0, "draft-started", ""),
			line(2, "step-saved", "company"),
			line(3, "file-attached", "documents"),
			line(4, "file-attached", "documents"),
			line(5, "file-removed", "documents"),
			line(6, "submitted", ""),
			line(7, "withdrawn", ""),
		},
	}})
}

func TestADraftHoldsTheCardsDataAsItWasWritten(t *testing.T) {
	pages := projectionstest.Documents(t, applicationpage.Model,
		projectionstest.History{}.In(stream, applicant, "applicant", started))
	if got, want := pages[id].Steps[0].Data, `{ "bin":"101040000018"}`; got != want {
		t.Errorf("data of the first step is %s, want %s", got, want)
	}
}

func TestSavingAnotherStepOrByAnotherPersonIsALineOfItsOwn(t *testing.T) {
	save := func(step string, minute int) any { return application.StepSaved{StepID: step, At: at(minute)} }
	history := projectionstest.History{}.
		In(stream, applicant, "applicant", started, save("company", 1), save("documents", 2), save("company", 3)).
		In(stream, "somebody else", "executor", save("company", 4), save("company", 5))
	var got []string
	for _, entry := range projectionstest.Documents(t, applicationpage.Model, history)[id].Timeline {
		got = append(got, entry.Role+" "+entry.What+" "+entry.Step+" "+entry.At.Format("4"))
	}
	want := []string{
		"applicant draft-started  0", "applicant step-saved company 1", "applicant step-saved documents 2",
		"applicant step-saved company 3", "executor step-saved company 5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

// Somebody who goes to and fro between two steps for ever does not make the page grow for ever.
func TestOfManyChangesTheTimelineKeepsTheLatest(t *testing.T) {
	history := projectionstest.History{}.In(stream, applicant, "applicant", started)
	const changes = applicationpage.TimelineLines + 50
	for n := range changes {
		step := []string{"company", "documents"}[n%2]
		history = history.In(stream, applicant, "applicant", application.StepSaved{StepID: step, At: at(n)})
	}
	history = history.In(stream, applicant, "applicant", application.Submitted{At: at(changes)})
	page := projectionstest.Documents(t, applicationpage.Model, history)[id]
	want := []time.Time{at(0)} // the start is no change of the draft
	for n := changes - (applicationpage.TimelineLines - 2); n <= changes; n++ {
		want = append(want, at(n))
	}
	var got []time.Time
	for _, entry := range page.Timeline {
		got = append(got, entry.At)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("times of the lines (-want +got):\n%s", diff)
	}
	if first, last := page.Timeline[0].What, page.Timeline[len(got)-1].What; first != "draft-started" || last != "submitted" {
		t.Errorf("the first line is %s, the last is %s", first, last)
	}
	if want := int64(changes + 2 - applicationpage.TimelineLines); page.Earlier != want {
		t.Errorf("%d earlier lines, want %d", page.Earlier, want)
	}
}

// What is left of an erased applicant's page is what is built of it when the key is gone, whatever had happened; another's
// stays as it is.
func TestOfAnErasedApplicantsPageNoPersonalDataIsLeft(t *testing.T) {
	happened := []any{
		started,
		application.StepSaved{StepID: "company", Data: json.RawMessage(`{"bin":"101040000018"}`), Complete: true, At: at(1)},
		attached("one", 2),
	}
	for _, name := range slices.Sorted(maps.Keys(application.EventTypes)) {
		switch event := application.EventTypes[name].(type) {
		case application.DraftStarted, application.DraftDeleted:
		default:
			happened = append(happened, codectest.Filled(event))
		}
	}
	const other = "99999999-9999-4999-8999-999999999999"
	others := started
	others.Applicant = other
	history := projectionstest.History{}.
		In(stream, applicant, "applicant", happened...).
		In("application-of-another", other, "applicant", others, application.FileUploaded{Name: "mine.pdf"}).
		In("account-"+applicant, "", "", account.Erased{})

	got := projectionstest.Documents(t, applicationpage.Model, history)
	want := projectionstest.Documents(t, applicationpage.Model, history.WithoutKey(applicant))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages (-built without the key +erased):\n%s", diff)
	}
	page := got[id]
	if page.Steps[0].Data != "" || !page.Steps[0].Complete || page.Steps[1].Files[0].Name != "" {
		t.Errorf("the steps are %+v", page.Steps)
	}
	if page.Uploads[0].Name != "" || page.Documents[0].Name != "" || page.Decision.Text != "" || page.Returned.Text != "" || page.Questionnaire.Words != nil {
		t.Errorf("left are %+v %+v %+v %+v %+v", page.Uploads, page.Documents, page.Decision, page.Returned, page.Questionnaire)
	}
	if name := got["of-another"].Uploads[0].Name; name != "mine.pdf" {
		t.Errorf("another's file is called %q", name)
	}
}

func TestWhatNeverStartedOrWasDeletedHasNoPage(t *testing.T) {
	for name, events := range map[string][]any{
		"never started":        {application.StepSaved{StepID: "company"}, application.Withdrawn{}},
		"deleted":              {started, application.DraftDeleted{}},
		"deleted, then a save": {started, application.DraftDeleted{}, application.StepSaved{StepID: "company"}},
	} {
		t.Run(name, func(t *testing.T) {
			history := projectionstest.History{}.In(stream, applicant, "applicant", events...)
			projectionstest.Expect(t, applicationpage.Model, history, map[string]applicationpage.Page{})
		})
	}
}
