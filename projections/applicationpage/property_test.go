package applicationpage_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/application"
	"services.example/portal/projections/applicationpage"
	"services.example/portal/projections/myapplications"
	"services.example/portal/projections/projectionstest"
)

var drawnEvent = rapid.Custom(func(t *rapid.T) application.Event {
	step := rapid.SampledFrom([]string{"company", "documents", "unheard-of"}).Draw(t, "step")
	file := rapid.SampledFrom([]string{"one", "two"}).Draw(t, "file")
	complete := rapid.Bool().Draw(t, "complete")
	at := at(rapid.IntRange(0, 59).Draw(t, "minute"))
	return rapid.SampledFrom([]application.Event{
		started,
		application.StepSaved{StepID: step, Data: json.RawMessage(`{"a": 1}`), Complete: complete, At: at},
		application.FileAttached{FileID: file, StepID: step, Name: file, Complete: complete, At: at},
		application.FileRemoved{FileID: file, StepID: step, Complete: complete, At: at},
		application.Submitted{ServiceID: offered, DueAt: at, At: at},
		application.Withdrawn{ServiceID: offered, At: at},
		application.Resubmitted{DueAt: at, At: at},
		application.DueDateMoved{DueAt: at, Reason: "x", At: at},
		application.ExecutorAssigned{Executor: file, At: at},
		application.ExecutorRemoved{Executor: file, At: at},
		application.TakenIntoWork{Executor: file, At: at},
		application.ReturnedForCompletion{Executor: file, Reason: "other", Text: "x", At: at},
		application.FileUploaded{FileID: file, Name: file, Staff: complete, At: at},
		application.ResponseIssued{Executor: "one", Text: "x", FileIDs: []string{file}, At: at},
		application.DecidedPositive{Executor: "one", Text: "x", At: at},
		application.RefusalIssued{Executor: "two", Reason: "duplicate", Text: "x", FileIDs: []string{"one", "two"}, At: at},
		drawnDocument(t, file, at), drawnDocument(t, file, at), // one kind among many, and the most intricate
		application.DocumentSigned{DocumentID: file, At: at},
		application.QuestionnaireAnswered{Scores: []application.QuestionScore{{Question: "q", Score: 4}}, At: at},
		application.ApplicationCompleted{Outcome: application.OutcomeNotSigned, At: at},
		application.ApplicationCompleted{Outcome: application.OutcomeRefused, At: at},
		application.DueSoon{DueAt: at, At: at},
		application.Overdue{DueAt: at, At: at},
		application.ApplicantReminded{Of: "signature", At: at},
	}).Draw(t, "event")
})

func drawnDocument(t *rapid.T, id string, at time.Time) application.DocumentIssued {
	return application.DocumentIssued{
		DocumentID: id, Kind: "act", Version: 1, FileID: "one", Name: "act.pdf",
		Signers:    rapid.SampledFrom([][]string{nil, {"applicant"}, {"provider", "applicant"}}).Draw(t, "signers"),
		Supersedes: rapid.SampledFrom([]string{"", "one", "two", "none"}).Draw(t, "supersedes"), At: at,
	}
}

// Whatever happens, in whatever order: the page and the row say what the rules know.
func TestThePageAndTheRowAgreeWithTheRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		events := append([]application.Event{started}, rapid.SliceOfN(drawnEvent, 0, 20).Draw(rt, "events")...)
		var state application.State
		var happened []any
		for _, event := range events {
			state = application.Evolve(state, event)
			happened = append(happened, event)
		}
		history := projectionstest.History{}.In(stream, applicant, "applicant", happened...)
		page := projectionstest.Documents(t, applicationpage.Model, history)[id]
		row := projectionstest.Documents(t, myapplications.Model, history)[id]

		if page.Status != string(state.Status) || row.Status != string(state.Status) {
			rt.Errorf("status of the page %q, of the row %q, want %q", page.Status, row.Status, state.Status)
		}
		if row.Executors == nil || page.Executors == nil || !slices.Equal(page.Executors, state.Executors) || !slices.Equal(row.Executors, state.Executors) {
			rt.Errorf("executors of the page %q, of the row %q, want %q", page.Executors, row.Executors, state.Executors)
		}
		if page.Outcome != string(state.Outcome) || row.Outcome != string(state.Outcome) {
			rt.Errorf("outcome of the page %q, of the row %q, want %q", page.Outcome, row.Outcome, state.Outcome)
		}
		if !sent(page.DueAt).Equal(state.DueAt) || !sent(row.DueAt).Equal(state.DueAt) || !sent(page.SubmittedAt).Equal(state.SubmittedAt) {
			rt.Errorf("the page is due %v, the row %v, want %v; sent %v, want %v", page.DueAt, row.DueAt, state.DueAt, page.SubmittedAt, state.SubmittedAt)
		}
		if diff := cmp.Diff(documents(state), shownDocuments(&page)); diff != "" {
			rt.Errorf("documents (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(decision(state), shownDecision(&page)); diff != "" {
			rt.Errorf("decision (-want +got):\n%s", diff)
		}
		if answered := page.Questionnaire != nil; answered != (state.Questionnaire != nil) {
			rt.Errorf("the questionnaire was answered: %t, want %t", answered, !answered)
		}
		if page.Revision != int64(len(events)-1) {
			rt.Errorf("revision %d, want %d", page.Revision, len(events)-1)
		}
		var want, got []string
		for _, step := range state.Steps {
			want = append(want, line(step.ID, step.Complete, string(step.Data), func(yield func(string) bool) {
				for _, file := range step.Files {
					yield(file.ID)
				}
			}))
		}
		for _, step := range page.Steps {
			got = append(got, line(step.ID, step.Complete, step.Data, func(yield func(string) bool) {
				for _, file := range step.Files {
					yield(file.ID)
				}
			}))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("steps (-want +got):\n%s", diff)
		}
	})
}

func sent(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

// documents says of the documents what page and rules both know.
func documents(state application.State) []string {
	var list []string
	for _, d := range state.Documents {
		list = append(list, fmt.Sprint(d.ID, d.Kind, d.Version, d.File.ID, d.Signers, d.Signed, d.Superseded))
	}
	return list
}

func shownDocuments(page *applicationpage.Page) []string {
	var list []string
	for _, d := range page.Documents {
		list = append(list, fmt.Sprint(d.ID, d.Kind, d.Version, d.FileID, d.Signers, d.SignedAt != nil, d.Superseded))
	}
	return list
}

func decision(state application.State) string {
	if state.Decision == nil {
		return ""
	}
	d := state.Decision
	return fmt.Sprint(d.Outcome, d.Executor, d.Reason, d.Text, d.FileIDs, d.At)
}

func shownDecision(page *applicationpage.Page) string {
	if page.Decision == nil {
		return ""
	}
	d := page.Decision
	return fmt.Sprint(d.Outcome, d.Executor, d.Reason, d.Text, d.Files, d.At)
}

func line(id string, complete bool, data string, files func(func(string) bool)) string {
	text, err := json.Marshal([]any{id, complete, data, slices.Collect(files)})
	if err != nil {
		return err.Error()
	}
	return string(text)
}
