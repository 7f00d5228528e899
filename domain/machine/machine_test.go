package machine_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
)

var now = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// given folds a history.
func given(events ...machine.Event) machine.State {
	var s machine.State
	for _, event := range events {
		s = machine.Evolve(s, event)
	}
	return s
}

func added(id, name string) machine.Added {
	return machine.Added{Machine: id, Name: name, Purpose: "Есеп", At: now}
}

func issued(id, token string, scopes ...machine.Scope) machine.TokenIssued {
	return machine.TokenIssued{Machine: id, Token: token, Hash: "hash of " + token, Scopes: scopes, Expires: now.Add(day), At: now}
}

func issue(id, token string, scopes ...string) machine.Issue {
	return machine.Issue{Machine: id, Token: token, Hash: "hash of " + token, Scopes: scopes, Expires: now.Add(day), At: now}
}

func TestServiceAccounts(t *testing.T) {
	t.Parallel()
	office := []machine.Event{added("m1", "statistics-office")}
	tokens := slices.Concat(office, []machine.Event{issued("m1", "t1", machine.FeedRead), issued("m1", "t2", machine.AuditRead)})
	full := slices.Clone(office)
	for i := range machine.MaxTokens {
		full = append(full, issued("m1", "t"+strconv.Itoa(i), machine.FeedRead))
	}
	add := func(name string) machine.Add {
		return machine.Add{ID: "m2", Name: name, Purpose: " Ашық  деректер\r\n", At: now}
	}
	lasting := func(d time.Duration) machine.Issue {
		c := issue("m1", "t99", "feed:read")
		c.Expires = now.Add(d)
		return c
	}
	operator := issue("m1", "t3", "audit:personal", "audit:read", "audit:personal")
	operator.Operator = true
	fault := func(location, code string) error { return problem.Input(problem.Field{Location: location, Code: code}) }
	lifetime := problem.Input(problem.Field{Location: "expires", Code: "token-lifetime-wrong", Params: map[string]string{"max": "366"}})
	for _, test := range []struct {
		name    string
		given   []machine.Event
		when    machine.Command
		then    []machine.Event
		refused error
	}{
		{name: "a new one", given: office, when: add("open-data-2"), then: []machine.Event{
			machine.Added{Machine: "m2", Name: "open-data-2", Purpose: "Ашық  деректер", At: now},
		}},
		{name: "the same again", given: []machine.Event{added("m2", "open-data")}, when: add("open-data")},
		{name: "a name that is taken", given: office, when: add("statistics-office"), refused: problem.New(problem.WrongState, "machine-name-taken")},
		{name: "no name", when: add(""), refused: fault("name", "machine-name-wrong")},
		{name: "a person's name", when: add("Дана"), refused: fault("name", "machine-name-wrong")},
		{name: "a person's number", when: add("tool-900101300123"), refused: fault("name", "machine-name-wrong")},
		{name: "a number in groups", when: add("tool-701-123-45-67"), refused: fault("name", "machine-name-wrong")},
		{name: "a long name", when: add(strings.Repeat("a", 61)), refused: fault("name", "machine-name-wrong")},
		{
			name: "no purpose", when: machine.Add{ID: "m2", Name: "x", Purpose: " "},
			refused: fault("purpose", "text-required"),
		},

		{
			name: "a token", given: office, when: issue("m1", "t1", "feed:read", "audit:read", "feed:read"),
			then: []machine.Event{issued("m1", "t1", machine.AuditRead, machine.FeedRead)},
		},
		{name: "the same token again", given: tokens, when: issue("m1", "t1", "feed:read")},
		{name: "a token of nobody", when: issue("m1", "t1", "feed:read"), refused: problem.New(problem.NotFound, "machine-not-found")},
		{name: "a token for nothing", given: office, when: issue("m1", "t1"), refused: fault("scopes", "required")},
		{name: "an unknown scope", given: office, when: issue("m1", "t1", "feed:read", "admin"), refused: fault("scopes[1]", "scope-unknown")},
		{
			name: "personal data, asked for by an administrator", given: office, when: issue("m1", "t1", "audit:personal"),
			refused: fault("scopes[0]", "scope-of-operator"),
		},
		{
			name: "personal data, asked for by the operator", given: office, when: operator,
			then: []machine.Event{issued("m1", "t3", machine.AuditRead, machine.AuditPersonal)},
		},
		{name: "a token that has ended", given: office, when: lasting(0), refused: lifetime},
		{name: "a token for ever", given: office, when: lasting(machine.MaxLifetime + time.Millisecond), refused: lifetime},
		{name: "too many tokens", given: full, when: lasting(day), refused: problem.New(problem.WrongState, "too-many-tokens")},

		{
			name: "one token is revoked", given: tokens, when: machine.Revoke{Machine: "m1", Token: "t1", At: now},
			then: []machine.Event{machine.TokenRevoked{Machine: "m1", Token: "t1", At: now}},
		},
		{name: "all are revoked", given: tokens, when: machine.Revoke{Machine: "m1", At: now}, then: []machine.Event{
			machine.TokenRevoked{Machine: "m1", Token: "t1", At: now}, machine.TokenRevoked{Machine: "m1", Token: "t2", At: now},
		}},
		{name: "all have expired", given: tokens, when: machine.Revoke{Machine: "m1", At: now.Add(day)}},
		{
			name:  "revoked before",
			given: slices.Concat(tokens, []machine.Event{machine.TokenRevoked{Machine: "m1", Token: "t1", At: now}}),
			when:  machine.Revoke{Machine: "m1", Token: "t1", At: now},
		},
		{
			name: "no such token", given: tokens, when: machine.Revoke{Machine: "m1", Token: "t9", At: now},
			refused: problem.New(problem.NotFound, "token-not-found"),
		},
		{name: "nobody's", when: machine.Revoke{Machine: "m1", At: now}, refused: problem.New(problem.NotFound, "machine-not-found")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := machine.Decide(given(test.given...), test.when)
			if diff := cmp.Diff(test.then, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.refused, err); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScopesAreThoseOfPeopleOnlyWhereTheyReadTheSame(t *testing.T) {
	t.Parallel()
	want := map[machine.Scope]account.Role{
		"audit:read": account.Auditor, "audit:personal": account.Auditor, "analytics:read": account.Analyst, "feed:read": account.Analyst,
	}
	got := map[machine.Scope]account.Role{}
	for _, scope := range machine.Scopes() {
		got[scope] = scope.Role()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if role := machine.Scope("admin").Role(); role != "" {
		t.Errorf("what is no scope has the role %s", role)
	}
}

// TestTokensEndAndAreForgotten: whatever is asked, few tokens are valid at once, few are remembered, none comes back, and what
// is in effect gives nothing.
func TestTokensEndAndAreForgotten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, at := given(added("m1", "tool")), now
		revoked := map[string]bool{}
		for i := range rapid.IntRange(1, 120).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "hours")) * time.Hour)
			command := machine.Command(machine.Revoke{Machine: "m1", At: at})
			if rapid.IntRange(0, 20).Draw(t, "kind") > 0 {
				command = machine.Issue{
					Machine: "m1", Token: strconv.Itoa(i), Scopes: []string{"feed:read"},
					Expires: at.Add(time.Duration(rapid.IntRange(1, 9000).Draw(t, "lifetime")) * time.Hour), At: at,
				}
			}
			before := s
			events, err := machine.Decide(s, command)
			if err != nil {
				continue
			}
			for _, event := range events {
				s = machine.Evolve(s, event)
				if e, is := event.(machine.TokenRevoked); is {
					revoked[e.Token] = true
				}
			}
			if again, err := machine.Decide(s, command); len(again) > 0 || err != nil {
				t.Fatalf("the same again gives %v, %v", again, err)
			}
			if repeated, err := machine.Decide(before, command); err != nil || !cmp.Equal(events, repeated) {
				t.Fatalf("a state was changed: %v, %v", repeated, err)
			}
			valid := 0
			for _, token := range s.Machines[0].Tokens {
				if token.Valid(at) {
					valid++
				}
				if token.Valid(at) && revoked[token.ID] {
					t.Fatalf("token %s is valid again", token.ID)
				}
			}
			if valid > machine.MaxTokens || len(s.Machines[0].Tokens) > 4*machine.MaxTokens {
				t.Fatalf("%d of %d tokens are valid", valid, len(s.Machines[0].Tokens))
			}
		}
	})
}
