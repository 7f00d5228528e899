package commands

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/infra/httpapi"
)

// TestTwoExecutorsDecideAtOnce: one wins, and the other is told the winner's decision.
func TestTwoExecutorsDecideAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana := o.applicant(1)
	executors := []member{o.staff(2, providerID, account.Executor), o.staff(3, providerID, account.Executor)}
	decisions := []string{`{"outcome":"approved","text":"Иә"}`, `{"outcome":"refused","reason":"other","text":"Жоқ"}`}
	told := map[string]string{"approved": "already-approved", "refused": "already-refused"}
	for round := range 50 {
		id := o.taken(dana, grantID, executors...)
		before := len(o.history("application-" + id))
		answers := make([]answer, 2)
		var deciding sync.WaitGroup
		start := make(chan struct{})
		for i, e := range executors {
			deciding.Go(func() {
				<-start
				answers[i] = e.do("POST", "/applications/"+id+"/decision", decisions[i])
			})
		}
		close(start)
		deciding.Wait()

		winner := slices.IndexFunc(answers, func(a answer) bool { return a.status == http.StatusOK })
		if winner < 0 {
			t.Fatalf("round %d: nobody won: %+v", round, answers)
		}
		decided := o.stateOf(id).Decision
		if decided.Executor != executors[winner].id {
			t.Fatalf("round %d: %s decided, but %s was told so", round, decided.Executor, executors[winner].id)
		}
		var refusal struct{ Errors []httpapi.FieldFault }
		answers[1-winner].refuses(t, http.StatusConflict, "already-decided").is(t, http.StatusConflict, &refusal)
		if len(refusal.Errors) != 1 || refusal.Errors[0].Location != "decision" ||
			refusal.Errors[0].Code != told[string(decided.Outcome)] || refusal.Errors[0].Message == "" {
			t.Errorf("round %d: told %+v, want %s", round, refusal.Errors, told[string(decided.Outcome)])
		}
		want := 1
		if decided.Outcome == application.OutcomeRefused {
			want = 2 // the refusal completes it
		}
		if got := len(o.history("application-"+id)) - before; got != want {
			t.Errorf("round %d: %d events, want %d", round, got, want)
		}
	}
}

// TestManyExecutorsTakeAtOnce: all of them are on it, once each, and the work began once.
func TestManyExecutorsTakeAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana := o.applicant(1)
	var executors []member
	for n := range 8 {
		executors = append(executors, o.staff(2+n, providerID, account.Executor))
	}
	id := o.sent(dana, grantID)
	var taking sync.WaitGroup
	for _, e := range executors {
		taking.Go(func() {
			for range 2 {
				if got := e.do("POST", "/applications/"+id+"/take", nil); got.status != http.StatusOK {
					t.Errorf("answered %d %s", got.status, got.body)
				}
			}
		})
	}
	taking.Wait()
	counts := map[string]int{}
	for _, event := range o.history("application-" + id) {
		counts[fmt.Sprintf("%T", event)]++
	}
	if counts["application.ExecutorAssigned"] != 8 || counts["application.TakenIntoWork"] != 1 {
		t.Errorf("events %v", counts)
	}
	if s := o.stateOf(id); len(s.Executors) != 8 || s.Status != application.InWork {
		t.Errorf("%s by %d executors", s.Status, len(s.Executors))
	}
}

// TestADecisionOnAnOlderState: who decides on what has changed since is told so, and nothing is written.
func TestADecisionOnAnOlderState(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana, executor := o.applicant(1), o.staff(2, providerID, account.Executor)
	id := o.taken(dana, grantID, executor)
	seen := httpapi.ETag(int64(len(o.history("application-"+id))) - 1)
	o.upload(dana, id, "1")
	at := o.end().String()
	for name, call := range workCalls(id, executor.id) {
		if name == "due" {
			continue // not an executor's
		}
		executor.do(call.method, call.path, call.body, "If-Match", seen).refuses(t, http.StatusPreconditionFailed, "stale")
		executor.do(call.method, call.path, call.body, "If-Match", "x").refuses(t, http.StatusBadRequest, "bad-if-match")
	}
	executor.then(at)
	now := httpapi.ETag(int64(len(o.history("application-"+id))) - 1)
	executor.do("POST", "/applications/"+id+"/decision", `{"outcome":"approved","text":"Иә"}`, "If-Match", now).is(t, http.StatusOK, nil)
}

// TestARepeatedDecision: the same key gives the first answer again, also when it was lost and the application has gone on;
// with another body it is refused.
func TestARepeatedDecision(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dana, executor := o.applicant(1), o.staff(2, providerID, account.Executor)
	id := o.taken(dana, grantID, executor)
	url, body := "/applications/"+id+"/return", `{"reason":"other","text":"Толықтырыңыз"}`
	first := executor.do("POST", url, body, "Idempotency-Key", "k").is(t, http.StatusOK, nil)
	at := o.end().String()
	again := executor.do("POST", url, body, "Idempotency-Key", "k").is(t, http.StatusOK, nil)
	if again.body != first.body || again.header.Get("ETag") != first.header.Get("ETag") {
		t.Errorf("answered\n%s\n%s", first.body, again.body)
	}
	executor.do("POST", url, `{"reason":"other","text":"Басқа"}`, "Idempotency-Key", "k").
		refuses(t, http.StatusUnprocessableEntity, "idempotency-key-reused")
	executor.then(at)

	lost := keyed(executor.id, "lost", body)
	staff := application.Staff{Account: executor.id, Roles: []account.Role{account.Executor}, Provider: providerID}
	_, err := o.Applications.SubmitApplication(t.Context(), by(dana.id), id)
	done(t, err)
	_, err = o.Work.ReturnForCompletion(t.Context(), lost, staff, id, "other", "Тағы")
	done(t, err)
	_, err = o.Applications.SubmitApplication(t.Context(), by(dana.id), id)
	done(t, err)
	end := o.end()
	o.restart()
	repeated, err := o.Work.ReturnForCompletion(t.Context(), lost, staff, id, "other", "Тағы")
	done(t, err)
	if repeated.State.Status != application.StatusSubmitted {
		t.Errorf("repeated, it is %s", repeated.State.Status)
	}
	o.happened(end)
	other := application.Staff{Account: executor.id, Roles: staff.Roles, Provider: otherProvider}
	_, err = o.Work.ReturnForCompletion(t.Context(), lost, other, id, "other", "Тағы")
	refused(t, err, "application-not-found") // somebody who has changed employers meanwhile
}
