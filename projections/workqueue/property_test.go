package workqueue_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/service"
	"services.example/portal/projections/projectionstest"
	"services.example/portal/projections/workqueue"
)

// drawnWork draws what may happen to an application that was sent, in whatever order.
func drawnWork(t *rapid.T) application.Event {
	at := monday.Add(time.Duration(rapid.IntRange(0, 500).Draw(t, "hour")) * time.Hour)
	who := rapid.SampledFrom([]string{executor, colleague}).Draw(t, "who")
	document := rapid.SampledFrom([]string{"one", "two", "three"}).Draw(t, "document")
	dueAt := rapid.SampledFrom([]time.Time{due, later}).Draw(t, "due")
	return rapid.SampledFrom([]application.Event{
		application.ExecutorAssigned{Executor: who, At: at},
		application.ExecutorRemoved{Executor: who, At: at},
		application.TakenIntoWork{Executor: who, At: at},
		application.ReturnedForCompletion{Executor: who, At: at},
		application.Resubmitted{DueAt: dueAt, At: at},
		application.DueDateMoved{DueAt: dueAt, At: at},
		application.DueSoon{DueAt: dueAt, At: at},
		application.Overdue{DueAt: dueAt, At: at},
		application.ResponseIssued{Executor: who, At: at},
		application.DecidedPositive{Executor: who, At: at},
		application.RefusalIssued{Executor: who, At: at},
		application.DocumentSigned{DocumentID: document, At: at},
		application.DocumentIssued{
			DocumentID: document, Supersedes: rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "supersedes"),
			Signers: rapid.SampledFrom([][]string{nil, {"applicant"}}).Draw(t, "signers"), At: at,
		},
		application.QuestionnaireAnswered{At: at},
		application.ApplicantReminded{Of: document, At: at},
		application.ApplicationCompleted{Outcome: application.OutcomeAnswered, At: at},
		application.Withdrawn{At: at},
	}).Draw(t, "event")
}

// known is what the rules and the row both know.
type known struct {
	Status, Outcome   string
	Executors         []string
	DueAt             time.Time
	DueSoon, Overdue  time.Time
	For               application.WaitingFor
	Reminded          []string
	New, Term, Warned bool     // where the row is in the lists
	Mine              []string // in whose list it is
}

// rated is a workflow with a questionnaire and nothing to sign.
var rated = service.Workflow{Questionnaire: []service.QuestionnaireItem{{ID: "speed"}}}

// TestARowSaysWhatTheRulesKnow: whatever happens, in whatever order, a row is in the lists in which the rules put its
// application.
func TestARowSaysWhatTheRulesKnow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		given := []any{started, submitted}
		issued := map[string]bool{}
		for range rapid.IntRange(0, 12).Draw(rt, "events") {
			event := drawnWork(rt)
			if document, is := event.(application.DocumentIssued); is {
				if issued[document.DocumentID] { // ids are never given twice
					continue
				}
				issued[document.DocumentID] = true
			}
			given = append(given, event)
		}
		var state application.State
		for _, event := range given {
			one, _ := event.(application.Event)
			state = application.Evolve(state, one)
		}
		waiting, _ := state.Waiting(rated, monday)
		runs := state.Status == application.StatusSubmitted || state.Status == application.InWork
		want := known{
			Status: string(state.Status), Outcome: string(state.Outcome), Executors: orNone(state.Executors), DueAt: state.DueAt,
			DueSoon: state.DueSoonFor, Overdue: state.OverdueFor, For: waiting, Reminded: orNone(state.RemindedOf), Mine: []string{},
			New:  state.Status == application.StatusSubmitted && len(state.Executors) == 0,
			Term: runs, Warned: !runs || state.OverdueFor.Equal(state.DueAt),
		}
		if !state.Ended() {
			want.Mine = orNone(state.Executors)
		}
		var h projectionstest.History
		row := projectionstest.Documents(t, workqueue.Model, h.Of(applicant, stream, executor, "executor", given...))[id]
		got := known{
			Status: row.Status, Outcome: row.Outcome, Executors: orNone(row.Executors), DueAt: *row.DueAt,
			DueSoon: orZero(row.DueSoonFor), Overdue: orZero(row.OverdueFor), For: row.For, Reminded: orNone(row.RemindedOf),
			New: row.Places.New == chamber, Term: row.Places.Term == chamber, Warned: row.Places.Due == nil, Mine: orNone(row.Places.Mine),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("(-rules +row):\n%s", diff)
		}
		if (row.For != application.ForNothing) != (row.Since != nil) || (row.Due() != nil) != runs {
			rt.Errorf("waits for %q since %v; due %v", row.For, row.Since, row.Due())
		}
	})
}

func orNone(list []string) []string { return append([]string{}, list...) }

func orZero(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

// TestWhoHasSomethingToRead: a row is in the bell of just those executors to whom something in its thread is new, which is
// what the applicant did or wrote after their mark.
func TestWhoHasSomethingToRead(t *testing.T) {
	t.Parallel()
	people := []string{executor, colleague}
	rapid.Check(t, func(rt *rapid.T) {
		h := history{}.applicant(stream, started, submitted)
		var messages, events int64 = 0, 2 // revisions to come
		unread := map[string]int{executor: 1, colleague: 1}
		on := []string{}
		for range rapid.IntRange(0, 15).Draw(rt, "happenings") {
			who := rapid.SampledFrom(people).Draw(rt, "who")
			switch rapid.SampledFrom([]string{"asks", "answers", "joins", "leaves", "reads", "returned"}).Draw(rt, "what") {
			case "asks":
				h, messages = h.applicant(thread, question), messages+1
				unread[executor], unread[colleague] = unread[executor]+1, unread[colleague]+1
			case "answers":
				h, messages = h.staff(thread, answer), messages+1
			case "returned":
				h, events = h.applicant(stream, application.Resubmitted{DueAt: due}), events+1
				unread[executor], unread[colleague] = unread[executor]+1, unread[colleague]+1
			case "joins":
				h, events = h.staff(stream, application.ExecutorAssigned{Executor: who}), events+1
				if !slices.Contains(on, who) {
					on = append(on, who)
				}
			case "leaves":
				h, events = h.staff(stream, application.ExecutorRemoved{Executor: who}), events+1
				on = slices.DeleteFunc(on, func(one string) bool { return one == who })
			case "reads":
				h = h.staff(readings, correspondence.ThreadRead{Reader: who, Side: correspondence.Staff, Messages: messages, Application: events})
				unread[who] = 0
			}
		}
		row := projectionstest.Documents(t, workqueue.Model, h.History)[id]
		want := []string{}
		for _, who := range on {
			if unread[who] > 0 {
				want = append(want, who)
			}
		}
		got := fmt.Sprint(row.Unread(executor), row.Unread(colleague), row.Places.Unread)
		if got != fmt.Sprint(unread[executor], unread[colleague], want) {
			rt.Errorf("unread %s, want %v in the bells of %v", got, unread, want)
		}
	})
}
