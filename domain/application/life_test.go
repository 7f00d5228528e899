package application_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
)

// graph says which status may follow which.
var graph = map[application.Status][]application.Status{
	"":                            {application.Draft},
	application.Draft:             {application.StatusSubmitted, application.Deleted},
	application.StatusSubmitted:   {application.InWork, application.Returned, application.Answered, application.Approved, application.Completed, application.StatusWithdrawn},
	application.InWork:            {application.Returned, application.Answered, application.Approved, application.Completed, application.StatusWithdrawn},
	application.Returned:          {application.StatusSubmitted, application.StatusWithdrawn},
	application.Answered:          {application.AwaitingSignature, application.Completed},
	application.Approved:          {application.AwaitingSignature, application.Completed},
	application.AwaitingSignature: {application.Answered, application.Approved, application.Completed},
}

// drawn is somebody who plays through lives of applications of one service.
type drawn struct {
	kind     service.Kind
	workflow service.Workflow
	now      time.Time
}

// command draws what somebody asks next, most often something that fits an application on its way.
func (d *drawn) command(t *rapid.T) application.Command {
	by := rapid.SampledFrom([]application.Staff{serik, serik, serik, aliya, aliya, ospan, madina, foreign}).Draw(t, "by")
	whom := rapid.SampledFrom([]application.Staff{serik, aliya, ospan}).Draw(t, "whom")
	document := rapid.SampledFrom([]string{"d1", "d2", "d3", "d4"})
	waiting := rapid.SampledFrom([]application.WaitingFor{application.ForSignature, application.ForQuestionnaire, application.ForCompletion})
	turn := rapid.SampledFrom([]time.Time{{}, noon, d.now}).Draw(t, "turn")
	switch rapid.IntRange(0, 21).Draw(t, "command") {
	case 0, 1, 2:
		c := submit()
		c.At, c.DueAt = d.now, d.now.Add(15*day)
		return c
	case 3:
		return application.Withdraw{Applicant: rapid.SampledFrom([]string{dana, aibek, aibek, aibek}).Draw(t, "who"), At: d.now}
	case 4:
		return save("question", rapid.SampledFrom([]string{questionData, `{"text":"x"}`}).Draw(t, "data"))
	case 5:
		return assign(by, whom)
	case 6:
		return unassign(by, whom)
	case 7, 8:
		return take(by)
	case 9:
		c := giveBack(by)
		c.At = d.now
		return c
	case 10, 11:
		c := respond(by)
		c.Kind, c.Workflow, c.At, c.FileIDs = d.kind, d.workflow, d.now, nil
		return c
	case 12, 13:
		c := rapid.SampledFrom([]application.DecideSupport{approve(by), approve(by), approve(by), refuse(by)}).Draw(t, "decision")
		c.Kind, c.Workflow, c.At = d.kind, d.workflow, d.now
		return c
	case 14, 15:
		c := issue(by, document.Draw(t, "document"), rapid.SampledFrom(application.DocumentKinds).Draw(t, "kind"), d.workflow)
		c.Signers, c.At = rapid.SampledFrom([][]string{nil, nil, {"applicant"}, {"provider", "applicant"}}).Draw(t, "signers"), d.now
		return c
	case 16, 17:
		return application.RecordSigned{Workflow: d.workflow, DocumentID: document.Draw(t, "document"), At: d.now}
	case 18:
		c := evaluate(d.workflow)
		c.At = d.now
		return c
	case 19:
		return rapid.SampledFrom([]application.Command{
			application.Complete{By: by, Provider: qidi, Workflow: d.workflow, At: d.now},
			uploadByStaff(by, "s1"), uploadByDana("a1"), deleteDraft(), start(),
		}).Draw(t, "other")
	case 20:
		return rapid.SampledFrom([]application.Command{
			application.MoveDueDate{By: by, Provider: qidi, DueAt: d.now.Add(20 * day), Reason: "x", At: d.now},
			application.WarnOfDueDate{DueAt: d.now.Add(15 * day), DaysLeft: 2, At: d.now},
			application.WarnOfDueDate{DueAt: later, DaysLeft: -1, At: d.now},
		}).Draw(t, "due")
	default:
		return rapid.SampledFrom([]application.Command{
			application.RemindApplicant{Of: waiting.Draw(t, "of"), Workflow: d.workflow, Turn: turn, At: d.now},
			application.CloseWaiting{For: waiting.Draw(t, "for"), Workflow: d.workflow, Turn: turn, At: d.now},
		}).Draw(t, "waiting")
	}
}

// TestAnyLife: whatever people and the system ask in whatever order, an application goes only the ways of the graph; the
// same command again gives nothing; after the end only the questionnaire is answered; what was signed stays; and the
// whole history, read again, gives the same state.
func TestAnyLife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := slices.Clip(histories()[rapid.SampledFrom(allStatuses).Draw(t, "begun")])
		d := &drawn{kind: service.Consultation, workflow: rapid.SampledFrom([]service.Workflow{advice, plain}).Draw(t, "workflow"), now: noon}
		if decision := fold(history).Decision; decision != nil && decision.Outcome != application.OutcomeAnswered ||
			decision == nil && rapid.Bool().Draw(t, "support") {
			d.kind, d.workflow = service.SupportMeasure, rapid.SampledFrom([]service.Workflow{support, plain}).Draw(t, "measure")
		}
		state := fold(history)
		for range 40 {
			d.now = d.now.Add(rapid.SampledFrom([]time.Duration{0, time.Hour, day, 6 * day, 31 * day}).Draw(t, "later"))
			command := d.command(t)
			before := state
			decided, err := application.Decide(state, command)
			if err != nil && decided != nil {
				t.Fatalf("%T was refused and yet gave %v", command, decided)
			}
			for _, event := range decided {
				state = application.Evolve(state, event)
			}
			history = append(history, decided...)
			if state.Status != before.Status && !slices.Contains(graph[before.Status], state.Status) {
				t.Fatalf("%T led from %s to %s", command, before.Status, state.Status)
			}
			if again, _ := application.Decide(state, command); len(again) > 0 {
				t.Fatalf("%+v again gave %+v", command, again)
			}
			checkEnd(t, before, decided)
			checkState(t, state)
		}
		if diff := cmp.Diff(fold(history), state); diff != "" {
			t.Fatalf("the history read again (-again +now):\n%s", diff)
		}
		checkHistory(t, history)
	})
}

func checkEnd(t *rapid.T, before application.State, decided []application.Event) {
	if !before.Ended() {
		return
	}
	for _, event := range decided {
		if _, evaluated := event.(application.QuestionnaireAnswered); !evaluated || before.Status != application.Completed {
			t.Fatalf("after the end, when %s: %T", before.Status, event)
		}
	}
}

// checkState are the rules that hold in every state.
func checkState(t *rapid.T, s application.State) {
	if unique := slices.Compact(slices.Sorted(slices.Values(s.Executors))); len(unique) != len(s.Executors) {
		t.Fatalf("executors %v", s.Executors)
	}
	versions, current := map[string]int{}, map[string]int{}
	for _, document := range s.Documents {
		versions[document.Kind]++
		if document.Version != versions[document.Kind] {
			t.Fatalf("document %+v is number %d of its kind", document, versions[document.Kind])
		}
		if !document.Superseded {
			current[document.Kind]++
		}
		if document.Signed && document.Superseded || document.Signed && len(document.Signers) == 0 {
			t.Fatalf("document %+v", document)
		}
	}
	for kind, n := range current {
		if n != 1 {
			t.Fatalf("%d documents of kind %s count", n, kind)
		}
	}
	if (s.Status == application.AwaitingSignature) != s.Unsigned() && !s.Ended() {
		t.Fatalf("status %s, documents %+v", s.Status, s.Documents)
	}
	if (s.Status == application.Returned) != !s.ReturnedAt.IsZero() && !s.Ended() {
		t.Fatalf("status %s, returned at %s", s.Status, s.ReturnedAt)
	}
}

// checkHistory are the rules that hold for a whole history: what happens once, happens once.
func checkHistory(t *rapid.T, history []application.Event) {
	sent, decisions, ends, first, evaluations := 0, 0, 0, 0, 0
	count := func(is bool) {
		if is {
			first++
		}
	}
	for _, event := range history {
		switch e := event.(type) {
		case application.Submitted:
			sent++
		case application.ReturnedForCompletion:
			count(e.First)
		case application.ResponseIssued:
			decisions++
			count(e.First)
		case application.DecidedPositive:
			decisions++
			count(e.First)
		case application.RefusalIssued:
			decisions++
			count(e.First)
		case application.ApplicationCompleted, application.Withdrawn, application.DraftDeleted:
			ends++
		case application.QuestionnaireAnswered:
			evaluations++
		}
	}
	if got := []int{sent, decisions, ends, first, evaluations}; slices.Max(got) > 1 {
		t.Fatalf("sent, decided, ended, answered first, evaluated: %v times", got)
	}
}

// TestAnyEventsOfWork: Evolve takes events of any sort in any order, and never changes a state that somebody else holds.
func TestAnyEventsOfWork(t *testing.T) {
	t.Parallel()
	var pool []application.Event
	for _, history := range histories() {
		pool = append(pool, history...)
	}
	for _, name := range slices.Sorted(maps.Keys(application.EventTypes)) {
		pool = append(pool, application.EventTypes[name])
	}
	pool = append(pool, signed("d1"), answers, assigned(aliya), application.ExecutorRemoved{Executor: "serik"},
		issued("d2", "act", 2, "eds", "d1", "applicant"), application.ApplicantReminded{Of: "signature"}, uploaded("s2", true))
	rapid.Check(t, func(t *rapid.T) {
		var s application.State
		var held []application.State
		var written []string
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			next := application.Evolve(s, rapid.SampledFrom(pool).Draw(t, "event"))
			held, written = append(held, next), append(written, write(t, next))
			for _, event := range pool { // other futures of the same state
				application.Evolve(next, event)
			}
			s = next
		}
		for i := range held {
			if now := write(t, held[i]); now != written[i] {
				t.Fatalf("a state that was held changed from\n%s\nto\n%s", written[i], now)
			}
		}
	})
}

func write(t *rapid.T, s application.State) string {
	written, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}
