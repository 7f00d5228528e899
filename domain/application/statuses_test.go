package application_test

import (
	"fmt"
	"testing"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
)

var allStatuses = []application.Status{
	application.Draft, application.StatusSubmitted, application.InWork, application.Returned, application.Answered,
	application.Approved, application.AwaitingSignature, application.Refused, application.Completed,
	application.StatusWithdrawn, application.Deleted,
}

// answer is what becomes of a command.
type answer struct {
	then    []application.Event
	refused error
}

func happens(events ...application.Event) answer { return answer{then: events} }
func refuses(err error) answer                   { return answer{refused: err} }

// otherwise is the answer in every status that a row does not name.
const otherwise = application.Status("otherwise")

var (
	errEnded      = problem.New(problem.WrongState, "application-ended")
	errNotInWork  = problem.New(problem.WrongState, "not-in-work")
	errNotDecided = problem.New(problem.WrongState, "not-decided")
	errNotOpen    = problem.New(problem.WrongState, "questionnaire-not-open")
	errNotSent    = problem.New(problem.WrongState, "not-submitted")
	errNoDocument = problem.New(problem.NotFound, "document-not-found")
)

// decidedAs is the refusal of whoever comes too late with a decision.
func decidedAs(code string) error {
	return &problem.Problem{
		Kind: problem.WrongState, Code: "already-decided", Fields: []problem.Field{{Location: "decision", Code: code}},
	}
}

// TestEveryCommandInEveryStatus walks through the table of what is allowed. An application of Dana, on which Serik is the
// executor once it is sent, stands at each status in turn. In a draft, and in what was deleted, staff find nothing.
func TestEveryCommandInEveryStatus(t *testing.T) {
	t.Parallel()
	type row map[application.Status]answer
	const (
		draft, submittedS, inWork, returnedS = application.Draft, application.StatusSubmitted, application.InWork, application.Returned
		answeredS, approvedS, awaiting       = application.Answered, application.Approved, application.AwaitingSignature
		refusedS, completedS                 = application.Refused, application.Completed
		withdrawnS, deleted                  = application.StatusWithdrawn, application.Deleted
	)
	withdrawn := application.Withdrawn{ServiceID: "advice", At: noon}
	removed := application.FileRemoved{FileID: "f1", StepID: "papers", At: noon}
	none := happens()
	// ofStaff completes a row: staff do not find drafts, and nothing happens to what has ended.
	ofStaff := func(r row) row {
		for _, status := range []application.Status{draft, deleted} {
			r[status] = refuses(errNotFound)
		}
		if _, said := r[withdrawnS]; !said {
			r[withdrawnS] = refuses(errEnded)
		}
		if _, said := r[completedS]; !said {
			r[completedS] = refuses(errEnded)
		}
		return r
	}
	decided := func(r row) row {
		r[answeredS], r[awaiting] = refuses(decidedAs("already-answered")), refuses(decidedAs("already-answered"))
		r[approvedS] = refuses(decidedAs("already-approved"))
		r[refusedS], r[completedS] = refuses(decidedAs("already-refused")), refuses(decidedAs("already-refused"))
		return ofStaff(r)
	}
	inEffect := func(r row, statuses ...application.Status) row {
		for _, status := range statuses {
			r[status] = none
		}
		return r
	}
	act := func(version int, id, supersedes string) application.DocumentIssued {
		return issued(id, "act", version, "acceptance", supersedes, "provider", "applicant")
	}
	soon, over := later.Add(-day), later.Add(day)
	for _, tt := range []struct {
		name string
		when application.Command
		row  row
	}{
		{"starting", start(), row{otherwise: none}},
		{"saving", save("question", `{}`), row{
			draft: happens(saved("question", `{}`, false)), returnedS: happens(saved("question", `{}`, false)),
			deleted: refuses(errNotFound), otherwise: refuses(errNotEditable),
		}},
		{"attaching", attach("papers", pdf("f2")), row{
			draft: happens(attached("f2")), returnedS: happens(attached("f2")),
			deleted: refuses(errNotFound), otherwise: refuses(errNotEditable),
		}},
		{"attaching what is attached", attach("papers", pdf("f1")), row{deleted: refuses(errNotFound), otherwise: none}},
		{"removing", remove("f1"), row{
			draft: happens(removed), returnedS: happens(removed), deleted: refuses(errNotFound), otherwise: refuses(errNotEditable),
		}},
		{"sending", submit(), row{
			draft: happens(submitted), returnedS: happens(resubmitted), submittedS: none,
			deleted: refuses(errNotFound), otherwise: refuses(errNotEditable),
		}},
		{"withdrawing", withdraw(), row{
			draft: refuses(errNotSent), submittedS: happens(withdrawn), inWork: happens(withdrawn), returnedS: happens(withdrawn),
			withdrawnS: none, deleted: refuses(errNotFound), otherwise: refuses(errDecided),
		}},
		{"deleting", deleteDraft(), row{
			draft: happens(application.DraftDeleted{ServiceID: "advice", At: noon}), deleted: none, otherwise: refuses(errNotADraft),
		}},
		{"uploading as applicant", uploadByDana("a2"), row{
			draft: refuses(errNotSent), completedS: refuses(errEnded), withdrawnS: refuses(errEnded), deleted: refuses(errNotFound),
			otherwise: happens(uploaded("a2", false)),
		}},
		{"uploading as staff", uploadByStaff(ospan, "s2"), ofStaff(row{otherwise: happens(uploaded("s2", true))})},
		{"uploading what is uploaded", uploadByStaff(ospan, "s1"), ofStaff(row{otherwise: none, completedS: none, withdrawnS: none})},
		{"answering the questionnaire", evaluate(advice), row{
			answeredS: happens(answers), approvedS: happens(answers), awaiting: happens(answers), completedS: happens(answers),
			deleted: refuses(errNotFound), otherwise: refuses(errNotOpen),
		}},
		{"assigning", assign(ospan, aliya), ofStaff(row{otherwise: happens(assigned(aliya))})},
		{"assigning who is on it", assign(ospan, serik), ofStaff(row{otherwise: none, completedS: none, withdrawnS: none})},
		{"removing an executor", unassign(ospan, serik), ofStaff(row{otherwise: happens(application.ExecutorRemoved{Executor: "serik", At: noon})})},
		{"removing who is not on it", unassign(ospan, aliya), ofStaff(row{otherwise: none, completedS: none, withdrawnS: none})},
		{"taking", take(aliya), ofStaff(row{
			submittedS: happens(assigned(aliya), taken(aliya)), otherwise: happens(assigned(aliya)),
		})},
		{"taking what one is on", take(serik), ofStaff(row{submittedS: happens(taken(serik)), otherwise: none})},
		{"returning", giveBack(serik), decided(row{submittedS: happens(returned), inWork: happens(returned), returnedS: none})},
		{"returning for another reason", application.ReturnForCompletion{By: serik, Provider: qidi, Reason: "other", Text: "x", At: noon}, decided(row{
			submittedS: happens(application.ReturnedForCompletion{ServiceID: "advice", Executor: "serik", Reason: "other", Text: "x", SubmittedAt: noon, First: true, At: noon}),
			inWork:     happens(application.ReturnedForCompletion{ServiceID: "advice", Executor: "serik", Reason: "other", Text: "x", SubmittedAt: noon, First: true, At: noon}),
			returnedS:  refuses(errNotInWork),
		})},
		{"responding", respond(serik), inEffect(decided(row{
			submittedS: happens(answered), inWork: happens(answered), returnedS: refuses(errNotInWork),
		}), answeredS, awaiting)},
		{"approving", approve(serik), inEffect(decided(row{
			submittedS: happens(approved), inWork: happens(approved), returnedS: refuses(errNotInWork),
		}), approvedS)},
		{"refusing", refuse(serik), inEffect(decided(row{
			submittedS: happens(refusal, completed(application.OutcomeRefused, noon)),
			inWork:     happens(refusal, completed(application.OutcomeRefused, noon)), returnedS: refuses(errNotInWork),
		}), refusedS, completedS)},
		{"issuing an act", issue(serik, "d2", "act", advice), ofStaff(row{
			answeredS: happens(act(1, "d2", "")), approvedS: happens(act(1, "d2", "")), awaiting: happens(act(2, "d2", "d1")),
			otherwise: refuses(errNotDecided),
		})},
		{"issuing what is issued", issue(serik, "d1", "act", advice), ofStaff(row{
			answeredS: happens(act(1, "d1", "")), approvedS: happens(act(1, "d1", "")), awaiting: none, otherwise: refuses(errNotDecided),
		})},
		{"completing", complete(serik, advice), ofStaff(row{
			completedS: none, awaiting: refuses(problem.New(problem.WrongState, "signatures-missing")),
			answeredS: refuses(problem.New(problem.WrongState, "documents-missing")),
			approvedS: refuses(problem.New(problem.WrongState, "documents-missing")), otherwise: refuses(errNotDecided),
		})},
		{"moving the due date", move(madina, over), decided(row{
			submittedS: happens(application.DueDateMoved{DueAt: over, Reason: "Сараптама керек", At: noon}),
			inWork:     happens(application.DueDateMoved{DueAt: over, Reason: "Сараптама керек", At: noon}),
			returnedS:  refuses(errNotInWork),
		})},
		{"recording a signed document", record("d1", advice), row{awaiting: happens(signed("d1")), otherwise: refuses(errNoDocument)}},
		{"warning of what is due soon", warn(2, soon), row{
			submittedS: happens(application.DueSoon{DueAt: later, At: soon}), inWork: happens(application.DueSoon{DueAt: later, At: soon}),
			otherwise: none,
		}},
		{"warning of what is overdue", warn(-1, over), row{
			submittedS: happens(application.Overdue{ServiceID: "advice", DueAt: later, At: over}),
			inWork:     happens(application.Overdue{ServiceID: "advice", DueAt: later, At: over}), otherwise: none,
		}},
		{"reminding of a signature", remind(application.ForSignature, noon.Add(5*day)), row{
			awaiting: happens(application.ApplicantReminded{Of: "signature", At: noon.Add(5 * day)}), otherwise: none,
		}},
		{"reminding of a completion", remind(application.ForCompletion, noon.Add(5*day)), row{
			returnedS: happens(application.ApplicantReminded{Of: "completion", At: noon.Add(5 * day)}), otherwise: none,
		}},
		{"reminding of nothing", remind(application.ForNothing, noon.Add(5*day)), row{otherwise: none}},
		{"closing what nobody signs", closeWaiting(application.ForSignature, noon.Add(30*day)), row{
			awaiting: happens(completed(application.OutcomeNotSigned, noon.Add(30*day))), otherwise: none,
		}},
		{"closing what waits for nothing", closeWaiting(application.ForNothing, noon.Add(365*day)), row{otherwise: none}},
		{"closing what was returned", closeWaiting(application.ForCompletion, noon.Add(365*day)), row{otherwise: none}},
	} {
		var scenarios []scenario
		for _, status := range allStatuses {
			expected, special := tt.row[status]
			if !special {
				expected = tt.row[otherwise]
			}
			given := histories()[status]
			if is := fold(given).Status; is != status {
				t.Fatalf("the history of %s leads to %s", status, is)
			}
			scenarios = append(scenarios, scenario{
				name: fmt.Sprintf("%s when %s", tt.name, status), given: given, when: tt.when, then: expected.then, refused: expected.refused,
			})
		}
		run(t, scenarios)
	}
}
