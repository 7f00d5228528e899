package application_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

const (
	dana  = "account-of-dana"
	aibek = "account-of-aibek"
)

// noon is when everything happens, later the end of the term.
var (
	noon  = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	later = noon.AddDate(0, 0, 21)
	term  = service.Term{Days: 15, Kind: service.WorkingDays}
)

var (
	errNotFound    = problem.New(problem.NotFound, "application-not-found")
	errNotEditable = problem.New(problem.WrongState, "not-editable")
	errDecided     = problem.New(problem.WrongState, "already-decided")
	errNotADraft   = problem.New(problem.WrongState, "not-a-draft")
	errNoStep      = problem.New(problem.NotFound, "unknown-step")
	errNoFile      = problem.New(problem.NotFound, "file-not-found")
)

// fakeForm says of each step which words its data must hold and how many files it must have.
type fakeForm map[string]struct {
	words []string
	files int
}

func (f fakeForm) Check(stepID string, data json.RawMessage, files int) ([]problem.Field, error) {
	step, found := f[stepID]
	if !found {
		return nil, errNoStep
	}
	var missing []problem.Field
	for _, word := range step.words {
		if !strings.Contains(string(data), word) {
			missing = append(missing, problem.Field{Location: "/steps/" + stepID + "/data/" + word, Code: "required"})
		}
	}
	if files < step.files {
		missing = append(missing, problem.Field{Location: "/steps/" + stepID + "/files", Code: "file-required"})
	}
	return missing, nil
}

// form asks for a name and a phone, for one file, and for a question.
var form = fakeForm{
	"company":  {words: []string{"name", "phone"}},
	"papers":   {files: 1},
	"question": {words: []string{"text"}},
}

const (
	companyData  = `{"name":"«Қиял» ЖШС","phone":"+77990000001"}`
	questionData = `{"text":"Қай мерзімде?"}`
)

// rules are small, so that they are easily broken.
var rules = service.FileRules{MaxFileBytes: 20 << 20, MaxTotalBytes: 50 << 20, Types: []string{"application/pdf", "image/png"}}

func start() application.Start {
	return application.Start{
		Applicant: dana, ServiceID: "advice", ServiceVersion: 3, RunningNumber: 2065, Number: "2065-23-11-26",
		Steps: []application.StepState{
			{ID: "company", Kind: service.FormStep},
			{ID: "papers", Kind: service.DocumentStep},
			{ID: "question", Kind: service.QuestionStep},
		},
		Prefilled: map[string]json.RawMessage{"company": json.RawMessage(`{"name":"«Қиял» ЖШС"}`)}, At: noon,
	}
}

func saved(step, data string, complete bool) application.StepSaved {
	return application.StepSaved{StepID: step, Data: json.RawMessage(data), Complete: complete, At: noon}
}

func attached(id string) application.FileAttached {
	return application.FileAttached{
		FileID: id, StepID: "papers", Name: id + ".pdf", MIME: "application/pdf", Size: 1000, SHA256: "sum of " + id,
		Complete: true, At: noon,
	}
}

var submitted = application.Submitted{ServiceID: "advice", Term: term, DueAt: later, At: noon}

// draft are the events of a draft; more may follow.
func draft(more ...application.Event) []application.Event {
	return append([]application.Event{application.DraftStarted(start())}, more...)
}

// filled are the events of a draft that lacks nothing.
func filled(more ...application.Event) []application.Event {
	return append(draft(saved("company", companyData, true), attached("f1"), saved("question", questionData, true)), more...)
}

func fold(events []application.Event) application.State {
	var s application.State
	for _, event := range events {
		s = application.Evolve(s, event)
	}
	return s
}

// scenario is one line of given, when and then.
type scenario struct {
	name    string
	given   []application.Event
	when    application.Command
	then    []application.Event
	refused error
}

func run(t *testing.T, scenarios []scenario) {
	t.Helper()
	for _, one := range scenarios {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			got, err := application.Decide(fold(one.given), one.when)
			if diff := cmp.Diff(one.then, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(one.refused, err); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
		})
	}
}

// The commands of the applicant, as Dana gives them.
func save(step, data string) application.SaveStep {
	return application.SaveStep{Applicant: dana, Form: form, StepID: step, Data: json.RawMessage(data), At: noon}
}

func attach(step string, file application.File) application.AttachFile {
	return application.AttachFile{Applicant: dana, Form: form, Rules: rules, StepID: step, File: file, At: noon}
}

func pdf(id string) application.File {
	return application.File{ID: id, Name: id + ".pdf", MIME: "application/pdf", Size: 1000, SHA256: "sum of " + id}
}

func remove(id string) application.RemoveFile {
	return application.RemoveFile{Applicant: dana, Form: form, FileID: id, At: noon}
}

func submit() application.Submit {
	return application.Submit{Applicant: dana, Form: form, Term: term, DueAt: later, At: noon}
}

func withdraw() application.Withdraw { return application.Withdraw{Applicant: dana, At: noon} }

func deleteDraft() application.DeleteDraft { return application.DeleteDraft{Applicant: dana, At: noon} }
