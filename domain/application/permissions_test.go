package application_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/problem"
)

var (
	errRole = problem.New(problem.WrongState, "role-not-allowed")
	errOnIt = problem.New(problem.WrongState, "not-an-executor")
)

// caller is somebody who tries everything.
type caller struct {
	name string
	application.Staff
}

// callers are everybody who might call, and who of them has which rights on an application of the provider qidi, on which
// Serik is the executor.
var callers = []caller{
	{"an executor on it", serik},
	{"an executor not on it", aliya},
	{"an operator", ospan},
	{"a provider-admin", madina},
	{"an operator who is executor, too", staff("dauren", qidi, account.Operator, account.Executor)},
	{"a provider-admin who is executor, too", staff("gaukhar", qidi, account.Executor, account.ProviderAdmin)},
	{"an executor on it who is operator now", staff("serik", qidi, account.Operator)},
	{"somebody with all roles of another provider", foreign},
	{"somebody on it who went to another provider", staff("serik", other, account.Executor)},
	{"staff of no provider", staff("serik", "", account.Executor)},
	{"an administrator of the portal", staff("admin", "", account.Admin)},
	{"an auditor", staff("auditor", "", account.Auditor)},
	{"an analyst of the provider", staff("analyst", qidi, account.Analyst)},
	{"the applicant", staff(dana, "", account.Applicant)},
	{"the applicant, as if they were of the provider", staff(dana, qidi, account.Applicant)},
	{"somebody without a role", staff("nobody", qidi)},
	{"nobody", application.Staff{}},
}

// TestWhoMayDoWhat is the table of permissions: every act, by everybody.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	acts := []application.Act{
		application.See, application.Assign, application.Take, application.Work, application.SignForProvider, application.SetDueDate,
	}
	nothing := []error{errNotFound, errNotFound, errNotFound, errNotFound, errNotFound, errNotFound}
	want := map[string][]error{
		//                                        see  assign   take     work     sign     due date
		"an executor on it":                              {nil, nil, nil, nil, nil, errRole},
		"an executor not on it":                          {nil, errOnIt, nil, errOnIt, errOnIt, errRole},
		"an operator":                                    {nil, nil, errRole, errRole, errRole, errRole},
		"a provider-admin":                               {nil, nil, errRole, errRole, nil, nil},
		"an operator who is executor, too":               {nil, nil, nil, errOnIt, errOnIt, errRole},
		"a provider-admin who is executor, too":          {nil, nil, nil, errOnIt, nil, nil},
		"an executor on it who is operator now":          {nil, nil, errRole, errRole, errRole, errRole},
		"somebody with all roles of another provider":    nothing,
		"somebody on it who went to another provider":    nothing,
		"staff of no provider":                           nothing,
		"an administrator of the portal":                 nothing,
		"an auditor":                                     nothing,
		"an analyst of the provider":                     nothing,
		"the applicant":                                  nothing,
		"the applicant, as if they were of the provider": nothing,
		"somebody without a role":                        nothing,
		"nobody":                                         nothing,
	}
	for status, history := range histories() {
		state := fold(history)
		for _, who := range callers {
			var got []error
			for _, act := range acts {
				got = append(got, application.May(state, who.Staff, qidi, act))
			}
			expected := want[who.name]
			if status == application.Draft || status == application.Deleted {
				expected = nothing
			}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Errorf("%s, when %s (-want +got):\n%s", who.name, status, diff)
			}
			for _, act := range acts {
				if err := application.May(state, who.Staff, "", act); !problem.Has(err, "application-not-found") {
					t.Errorf("%s, act %d, of no provider's service: %v", who.name, act, err)
				}
			}
		}
	}
	if err := application.May(application.State{}, serik, qidi, application.See); !problem.Has(err, "application-not-found") {
		t.Errorf("what was never started: %v", err)
	}
	if err := application.May(fold(working()), madina, qidi, application.Act(0)); !problem.Has(err, "role-not-allowed") {
		t.Errorf("no act: %v", err)
	}
}

// commandsOf are all commands of staff, as somebody gives them, with the act that each needs.
func commandsOf(by application.Staff) []struct {
	act  application.Act
	when application.Command
} {
	return []struct {
		act  application.Act
		when application.Command
	}{
		{application.See, uploadByStaff(by, "s2")},
		{application.Assign, assign(by, aliya)},
		{application.Assign, unassign(by, serik)},
		{application.Take, take(by)},
		{application.Work, giveBack(by)},
		{application.Work, respond(by)},
		{application.Work, approve(by)},
		{application.Work, refuse(by)},
		{application.Work, issue(by, "d2", "act", advice)},
		{application.Work, complete(by, advice)},
		{application.SetDueDate, move(by, later.Add(day))},
	}
}

// TestEveryCommandAsksForItsPermission: every command of staff, by everybody and in every status, is refused for want of
// rights exactly as its act is, before anything else about it is told.
func TestEveryCommandAsksForItsPermission(t *testing.T) {
	t.Parallel()
	for status, history := range histories() {
		state := fold(history)
		for _, who := range callers {
			for _, c := range commandsOf(who.Staff) {
				may := application.May(state, who.Staff, qidi, c.act)
				events, err := application.Decide(state, c.when)
				switch {
				case may != nil && (events != nil || !cmp.Equal(may, err)):
					t.Errorf("%s: %T when %s gave %v, %v; want %v", who.name, c.when, status, events, err, may)
				case may == nil && (problem.Has(err, "application-not-found") || problem.Has(err, "role-not-allowed") || problem.Has(err, "not-an-executor")):
					t.Errorf("%s: %T when %s is allowed and yet refused: %v", who.name, c.when, status, err)
				}
			}
		}
	}
}

// TestWhoMayBecomeExecutor: only somebody who can do the work is made responsible for it.
func TestWhoMayBecomeExecutor(t *testing.T) {
	t.Parallel()
	noExecutor := problem.Input(problem.Field{Location: "executor", Code: "not-an-executor-account"})
	of := func(change func(*application.Colleague)) application.AssignExecutor {
		c := assign(ospan, aliya)
		change(&c.Executor)
		return c
	}
	run(t, []scenario{
		{name: "a colleague", given: sent(), when: assign(ospan, aliya), then: []application.Event{assigned(aliya)}},
		{
			name: "a colleague with other roles, too", given: sent(), then: []application.Event{assigned(aliya)},
			when: of(func(c *application.Colleague) { c.Roles = []account.Role{account.Operator, account.Executor} }),
		},
		{name: "a colleague who is blocked", given: sent(), refused: noExecutor, when: of(func(c *application.Colleague) { c.Active = false })},
		{name: "somebody of another provider", given: sent(), refused: noExecutor, when: of(func(c *application.Colleague) { c.Provider = other })},
		{
			name: "somebody who only is operator", given: sent(), refused: noExecutor,
			when: of(func(c *application.Colleague) { c.Roles = []account.Role{account.Operator} }),
		},
		{name: "an account that does not exist", given: sent(), refused: noExecutor, when: of(func(c *application.Colleague) { *c = application.Colleague{Account: "x"} })},
		{name: "who is on it, though blocked now", given: sent(), when: application.AssignExecutor{By: ospan, Provider: qidi, Executor: application.Colleague{Account: "serik"}, At: noon}},
		{name: "by an executor who hands over", given: sent(), when: assign(serik, aliya), then: []application.Event{assigned(aliya)}},
		{name: "by an executor who leaves", given: sent(assigned(aliya)), when: unassign(serik, serik), then: []application.Event{application.ExecutorRemoved{Executor: "serik", At: noon}}},
		{name: "by one who left already", given: sent(assigned(aliya), application.ExecutorRemoved{Executor: "serik"}), when: unassign(serik, serik), refused: errOnIt},
	})
}
