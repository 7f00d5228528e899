package application_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
)

// chapter is one command of a story, what it leads to, and the status afterwards.
type chapter struct {
	when    application.Command
	then    []application.Event
	refused error
	status  application.Status
}

// tell goes through a story, each command on what the ones before led to, and returns its end.
func tell(t *testing.T, given []application.Event, story []chapter) application.State {
	t.Helper()
	state := fold(given)
	for i, c := range story {
		events, err := application.Decide(state, c.when)
		if diff := cmp.Diff(c.then, events); diff != "" {
			t.Fatalf("%d, %T: events (-want +got):\n%s", i, c.when, diff)
		}
		if diff := cmp.Diff(c.refused, err); diff != "" {
			t.Fatalf("%d, %T: refusal (-want +got):\n%s", i, c.when, diff)
		}
		for _, event := range events {
			state = application.Evolve(state, event)
		}
		if state.Status != c.status {
			t.Fatalf("%d, %T: status %s, want %s", i, c.when, state.Status, c.status)
		}
	}
	return state
}

func events(list ...application.Event) []application.Event { return list }

// TestAConsultation goes from sending to the end: several executors, a return, the response, the act, the questionnaire.
func TestAConsultation(t *testing.T) {
	t.Parallel()
	again := submit()
	again.DueAt = later.Add(3 * day)
	response := answered
	response.DueAt, response.First = again.DueAt, false
	act := func(id string, version int, supersedes string) application.DocumentIssued {
		return issued(id, "act", version, "acceptance", supersedes, "provider", "applicant")
	}
	moved := application.DueDateMoved{DueAt: later.Add(3 * day), Reason: "Сараптама керек", At: noon}
	end := tell(t, filled(), []chapter{
		{when: submit(), then: events(submitted), status: application.StatusSubmitted},
		{when: take(ospan), refused: errRole, status: application.StatusSubmitted},
		{when: respond(serik), refused: errOnIt, status: application.StatusSubmitted},
		{when: assign(ospan, serik), then: events(assigned(serik)), status: application.StatusSubmitted},
		{when: assign(ospan, aliya), then: events(assigned(aliya)), status: application.StatusSubmitted},
		{when: take(serik), then: events(taken(serik)), status: application.InWork},
		{when: take(aliya), status: application.InWork},
		{when: giveBack(serik), then: events(returned), status: application.Returned},
		{when: respond(aliya), refused: errNotInWork, status: application.Returned},
		{when: save("question", `{"text":"Тағы"}`), then: events(saved("question", `{"text":"Тағы"}`, true)), status: application.Returned},
		{when: again, then: events(application.Resubmitted{DueAt: moved.DueAt, At: noon}), status: application.StatusSubmitted},
		{when: uploadByStaff(serik, "s1"), then: events(uploaded("s1", true)), status: application.StatusSubmitted},
		{when: respond(serik), then: events(response), status: application.Answered},
		{when: respond(serik), status: application.Answered},
		{when: respond(aliya), refused: decidedAs("already-answered"), status: application.Answered},
		{when: withdraw(), refused: errDecided, status: application.Answered},
		{when: issue(serik, "d1", "act", advice), then: events(act("d1", 1, "")), status: application.AwaitingSignature},
		{when: issue(serik, "d2", "act", advice), then: events(act("d2", 2, "d1")), status: application.AwaitingSignature},
		{when: record("d1", advice), status: application.AwaitingSignature},
		{when: complete(serik, advice), refused: problem.New(problem.WrongState, "signatures-missing"), status: application.AwaitingSignature},
		{when: record("d2", advice), then: events(signed("d2")), status: application.Answered},
		{when: record("d2", advice), status: application.Answered},
		{when: issue(serik, "d3", "act", advice), refused: problem.New(problem.WrongState, "document-signed"), status: application.Answered},
		{when: evaluate(advice), then: events(answers, completed(application.OutcomeAnswered, noon)), status: application.Completed},
		{when: evaluate(advice), status: application.Completed},
		{when: complete(serik, advice), status: application.Completed},
		{when: assign(ospan, aliya), status: application.Completed},
		{when: uploadByStaff(serik, "s3"), refused: errEnded, status: application.Completed},
	})
	if diff := cmp.Diff([]string{"serik", "aliya"}, end.Executors); diff != "" {
		t.Errorf("executors (-want +got):\n%s", diff)
	}
	if end.Outcome != application.OutcomeAnswered || !end.CompletedAt.Equal(noon) || !end.DueAt.Equal(later.Add(3*day)) {
		t.Errorf("ended as %s at %s, due %s", end.Outcome, end.CompletedAt, end.DueAt)
	}
}

// TestASupportMeasure is approved, its agreement signed by both; the questionnaire follows the end.
func TestASupportMeasure(t *testing.T) {
	t.Parallel()
	agreement := issued("d2", "agreement", 1, "eds", "", "applicant", "provider")
	late := evaluate(support)
	late.At = noon.Add(30*day + time.Second)
	scores := application.QuestionnaireAnswered{
		ServiceID: "advice", Scores: []application.QuestionScore{{Question: "overall", Score: 5}}, Words: []application.QuestionWords{}, At: noon,
	}
	wordy := approve(serik)
	wordy.Text = "Басқаша"
	story := []chapter{
		{when: approve(serik), then: events(approved), status: application.Approved},
		{when: approve(serik), status: application.Approved},
		{when: wordy, refused: decidedAs("already-approved"), status: application.Approved},
		{when: refuse(aliya), refused: errOnIt, status: application.Approved},
		{when: issue(serik, "d1", "result", support), then: events(issued("d1", "result", 1, "eds", "")), status: application.Approved},
		{when: complete(serik, support), refused: problem.New(problem.WrongState, "documents-missing"), status: application.Approved},
		{when: issue(serik, "d2", "agreement", support), then: events(agreement), status: application.AwaitingSignature},
		{
			when: issue(serik, "d3", "result", support), then: events(issued("d3", "result", 2, "eds", "d1")),
			status: application.AwaitingSignature,
		},
		{when: record("d3", support), status: application.AwaitingSignature},
		{when: record("d2", support), then: events(signed("d2"), completed(application.OutcomeApproved, noon)), status: application.Completed},
		{when: record("d2", support), status: application.Completed},
		{when: late, refused: problem.New(problem.Gone, "questionnaire-closed"), status: application.Completed},
		{when: evaluate(support), then: events(scores), status: application.Completed},
		{when: evaluate(support), status: application.Completed},
	}
	end := tell(t, working(), story)
	if end.Outcome != application.OutcomeApproved {
		t.Errorf("ended as %s", end.Outcome)
	}
	other := evaluate(support)
	other.Answers = map[string]any{"overall": 1.0}
	tell(t, working(), append(story, chapter{
		when: other, refused: problem.New(problem.WrongState, "questionnaire-answered"), status: application.Completed,
	}))
}

// TestOtherEnds are the ends that are not the usual ones.
func TestOtherEnds(t *testing.T) {
	t.Parallel()
	noQuestions := respond(serik)
	noQuestions.Workflow = plain
	scores := answers
	scores.Words = []application.QuestionWords{{Question: "wishes", Text: "Рақмет"}}
	act := issued("d1", "act", 1, "acceptance", "", "provider", "applicant")
	onlyAct := advice
	onlyAct.Questionnaire = nil
	letter := issue(serik, "d1", "result", plain)
	letter.Signers = []string{"applicant"}
	for name, tt := range map[string]struct {
		given   []application.Event
		story   []chapter
		outcome application.Outcome
	}{
		"a refusal, after which the questionnaire may be answered": {working(), []chapter{
			{
				when: refuse(serik), then: events(refusal, completed(application.OutcomeRefused, noon)),
				status: application.Completed,
			},
			{when: refuse(serik), status: application.Completed},
			{when: approve(serik), refused: decidedAs("already-refused"), status: application.Completed},
			{when: evaluate(advice), then: events(scores), status: application.Completed},
		}, application.OutcomeRefused},
		"a response after which nothing is left": {working(), []chapter{{
			when: noQuestions, then: events(answered, completed(application.OutcomeAnswered, noon)), status: application.Completed,
		}}, application.OutcomeAnswered},
		"a questionnaire that was answered before the act was signed": {working(answered), []chapter{
			{when: evaluate(advice), then: events(scores), status: application.Answered},
			{when: issue(serik, "d1", "act", advice), then: events(act), status: application.AwaitingSignature},
			{
				when: record("d1", advice), then: events(signed("d1"), completed(application.OutcomeAnswered, noon)),
				status: application.Completed,
			},
		}, application.OutcomeAnswered},
		"an act, where no questionnaire is": {working(answered, act), []chapter{{
			when: record("d1", onlyAct), then: events(signed("d1"), completed(application.OutcomeAnswered, noon)), status: application.Completed,
		}}, application.OutcomeAnswered},
		"a document beyond the workflow is waited for, and a later one without signatures ends the wait": {working(approved), []chapter{
			{when: letter, then: events(issued("d1", "result", 1, "eds", "", "applicant")), status: application.AwaitingSignature},
			{when: issue(serik, "d2", "result", plain), then: events(issued("d2", "result", 2, "eds", "d1")), status: application.Approved},
			{when: complete(serik, plain), then: events(completed(application.OutcomeApproved, noon)), status: application.Completed},
		}, application.OutcomeApproved},
		"a support measure without signatures, which an executor ends": {working(approved), []chapter{
			{when: evaluate(support), then: events(application.QuestionnaireAnswered{
				ServiceID: "advice", Scores: []application.QuestionScore{{Question: "overall", Score: 5}}, Words: []application.QuestionWords{}, At: noon,
			}), status: application.Approved},
			{when: complete(aliya, plain), refused: errOnIt, status: application.Approved},
			{when: complete(serik, plain), then: events(completed(application.OutcomeApproved, noon)), status: application.Completed},
		}, application.OutcomeApproved},
		"a consultation that an executor ends without its questionnaire": {working(answered, act, signed("d1")), []chapter{{
			when: complete(serik, advice), then: events(completed(application.OutcomeAnswered, noon)), status: application.Completed,
		}}, application.OutcomeAnswered},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if end := tell(t, tt.given, tt.story); end.Outcome != tt.outcome {
				t.Errorf("ended as %s, want %s", end.Outcome, tt.outcome)
			}
		})
	}
}

// TestWaitingForTheApplicant: they are reminded once after five days; what nobody signs ends after thirty, what nobody
// evaluates after fourteen.
func TestWaitingForTheApplicant(t *testing.T) {
	t.Parallel()
	awaiting := slices.Clip(working(answered, issued("d1", "act", 1, "acceptance", "", "provider", "applicant")))
	late := signed("d1")
	late.At = noon.Add(10 * day)
	evaluation := slices.Concat(awaiting, events(late))
	reminded := func(of string, at time.Time) []application.Event {
		return events(application.ApplicantReminded{Of: of, At: at})
	}
	noTurn := func(c application.RemindApplicant) application.RemindApplicant {
		c.Turn = time.Time{}
		return c
	}
	unturned := closeWaiting(application.ForSignature, noon.Add(99*day))
	unturned.Turn = time.Time{}
	run(t, []scenario{
		{name: "to sign, a second too early", given: awaiting, when: remind(application.ForSignature, noon.Add(5*day-time.Second))},
		{name: "to sign", given: awaiting, when: remind(application.ForSignature, noon.Add(5*day)), then: reminded("signature", noon.Add(5*day))},
		{
			name: "to sign, a second time", given: append(awaiting, application.ApplicantReminded{Of: "signature", At: noon}),
			when: remind(application.ForSignature, noon.Add(6*day)),
		},
		{name: "while it is the provider's turn", given: awaiting, when: noTurn(remind(application.ForSignature, noon.Add(9*day)))},
		{name: "to evaluate, while a signature is missing", given: awaiting, when: remind(application.ForQuestionnaire, noon.Add(9*day))},
		{name: "to evaluate, too early after the last signature", given: evaluation, when: remind(application.ForQuestionnaire, noon.Add(15*day-time.Second))},
		{
			name: "to evaluate, counted from the last signature", given: evaluation, when: remind(application.ForQuestionnaire, noon.Add(15*day)),
			then: reminded("questionnaire", noon.Add(15*day)),
		},
		{name: "to evaluate, while the act is not issued", given: working(answered), when: remind(application.ForQuestionnaire, noon.Add(99*day))},
		{
			name: "to complete, again after a second return", then: reminded("completion", noon.Add(5*day)),
			given: working(returned, application.ApplicantReminded{Of: "completion", At: noon}, resubmitted, returned),
			when:  remind(application.ForCompletion, noon.Add(5*day)),
		},
		{name: "the end without a signature, too early", given: awaiting, when: closeWaiting(application.ForSignature, noon.Add(30*day-time.Second))},
		{
			name: "the end without a signature", given: awaiting, when: closeWaiting(application.ForSignature, noon.Add(30*day)),
			then: events(completed(application.OutcomeNotSigned, noon.Add(30*day))),
		},
		{name: "no end while it is the provider's turn", given: awaiting, when: unturned},
		{name: "the end without a questionnaire, too early", given: evaluation, when: closeWaiting(application.ForQuestionnaire, noon.Add(24*day-time.Second))},
		{
			name: "the end without a questionnaire", given: evaluation, when: closeWaiting(application.ForQuestionnaire, noon.Add(24*day)),
			then: events(completed(application.OutcomeAnswered, noon.Add(24*day))),
		},
		{name: "no end of a support measure for its questionnaire", given: working(approved), when: closeWaiting(application.ForQuestionnaire, noon.Add(99*day))},
		{name: "of what was never started", when: closeWaiting(application.ForSignature, noon), refused: errNotFound},
	})
}

// TestWarningOfTheDueDate: once that it is near and once that it passed, of each due date.
func TestWarningOfTheDueDate(t *testing.T) {
	t.Parallel()
	soon, over := later.Add(-day), later.Add(day)
	dueSoon := application.DueSoon{DueAt: later, At: soon}
	overdue := application.Overdue{ServiceID: "advice", DueAt: later, At: over}
	moved := application.DueDateMoved{DueAt: later.Add(9 * day), Reason: "x", At: noon}
	again := application.WarnOfDueDate{DueAt: later.Add(9 * day), DaysLeft: 1, At: later.Add(8 * day)}
	run(t, []scenario{
		{name: "far", given: working(), when: warn(3, soon)},
		{name: "near", given: working(), when: warn(2, soon), then: events(dueSoon)},
		{name: "near, again", given: working(dueSoon), when: warn(0, later)},
		{name: "near in its last second, in which it is not over", given: working(), when: warn(0, later), then: events(application.DueSoon{DueAt: later, At: later})},
		{name: "over", given: working(dueSoon), when: warn(-1, over), then: events(overdue)},
		{name: "over, again", given: working(dueSoon, overdue), when: warn(-2, over.Add(day))},
		{name: "over, without having been near", given: working(), when: warn(-1, over), then: events(overdue)},
		{name: "near, by a clock that went back after it was over", given: working(overdue), when: warn(1, soon)},
		{name: "of a due date that was moved since", given: working(moved), when: warn(-1, over)},
		{name: "of the moved one", given: working(dueSoon, overdue, moved), when: again, then: events(application.DueSoon{DueAt: again.DueAt, At: again.At})},
		{name: "of the same one after a pause of no day", given: working(dueSoon, returned, resubmitted), when: warn(0, later)},
		{name: "while the term stands still", given: working(returned), when: warn(-1, over)},
	})
}
