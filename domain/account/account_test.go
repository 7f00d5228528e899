package account_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// scenario is a test of the decider: given these events, when this is commanded, then these events or this problem.
type scenario struct {
	name    string
	given   []account.Event
	when    account.Command
	then    []account.Event
	refused error
}

// run checks each scenario, and that the same command again, after its events, gives nothing.
func run(t *testing.T, scenarios []scenario) {
	t.Helper()
	for _, tt := range scenarios {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			state := account.Fold(tt.given...)
			got, err := account.Decide(state, tt.when)
			if diff := cmp.Diff(tt.refused, err); diff != "" {
				t.Errorf("problem: %s", diff)
			}
			if diff := cmp.Diff(tt.then, got); diff != "" {
				t.Errorf("events: %s", diff)
			}
			if err != nil {
				return
			}
			for _, e := range got {
				state = account.Evolve(state, e)
			}
			if again, err := account.Decide(state, tt.when); len(again) > 0 || err != nil {
				t.Errorf("the same again: %v, %v", again, err)
			}
		})
	}
}

var (
	noon  = time.Date(2026, 11, 16, 7, 0, 0, 0, time.UTC)
	later = noon.Add(5 * time.Minute)

	iin = identitytest.IIN(1)
	bin = identitytest.BIN(1)

	errCodeExpired   = problem.New(problem.Gone, "code-expired")
	errResetExpired  = problem.New(problem.Gone, "reset-expired")
	errIdentityTaken = problem.New(problem.WrongState, "identity-taken")
	errNoAccount     = problem.New(problem.NotFound, "account-not-found")
)

// form is the registration of an individual, filled in as people do.
func form(id string) account.StartRegistration {
	return account.StartRegistration{
		RegistrationID: id, Kind: "individual", IIN: " " + iin, LastName: " Алтынбай", FirstName: "Жанерке ",
		Email: "Zhanerke@Example.KZ ", Phone: "8 (799) 000-00-01", PasswordHash: "$hash-1",
		NotifyBy: []string{"email", "sms", "sms"}, Language: "ru", At: noon, ExpiresAt: later,
	}
}

// started is what the form leads to.
func started(id string) account.RegistrationStarted {
	return account.RegistrationStarted{
		RegistrationID: id, Kind: account.Individual, Number: iin, LastName: "Алтынбай", FirstName: "Жанерке",
		Email: "Zhanerke@example.kz", Phone: "+77990000001", PasswordHash: "$hash-1",
		NotifyBy: []account.Channel{account.SMS, account.Email}, Language: text.Russian, At: noon, ExpiresAt: later,
	}
}

// legalForm is the registration of a legal entity.
func legalForm(id string) account.StartRegistration {
	c := form(id)
	c.Kind, c.IIN, c.BIN, c.Organization, c.MiddleName = "legal", "", bin, "«Алтын  дән» ЖШС", "Серікқызы"
	return c
}

func legalStarted(id string) account.RegistrationStarted {
	e := started(id)
	e.Kind, e.Number, e.Organization, e.MiddleName = account.Legal, bin, "«Алтын дән» ЖШС", "Серікқызы"
	return e
}

func confirmed(id string) account.RegistrationConfirmed {
	return account.RegistrationConfirmed{RegistrationID: id, At: noon}
}

// active are the events of an individual who has an account; more may follow.
func active(more ...account.Event) []account.Event {
	return append([]account.Event{started("r1"), confirmed("r1")}, more...)
}

// invalid is the problem of input with these faults, each a location and a code.
func invalid(faults ...[2]string) error {
	fields := make([]problem.Field, len(faults))
	for i, f := range faults {
		fields[i] = problem.Field{Location: f[0], Code: f[1]}
	}
	return problem.Input(fields...)
}
