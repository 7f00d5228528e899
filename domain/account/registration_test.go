package account_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

func with(c account.StartRegistration, change func(*account.StartRegistration)) account.StartRegistration {
	change(&c)
	return c
}

func TestStartingARegistration(t *testing.T) {
	t.Parallel()
	run(t, []scenario{
		{
			name: "an individual",
			when: form("r1"),
			then: []account.Event{started("r1")},
		},
		{
			name: "a legal entity",
			when: legalForm("r1"),
			then: []account.Event{legalStarted("r1")},
		},
		{
			name: "Kazakh is the default",
			when: with(form("r1"), func(c *account.StartRegistration) { c.Language = "" }),
			then: []account.Event{func() account.Event { e := started("r1"); e.Language = text.Kazakh; return e }()},
		},
		{
			name:  "a new one takes the place of one that waits",
			given: []account.Event{started("r1")},
			when:  form("r2"),
			then:  []account.Event{started("r2")},
		},
		{
			name:  "the number of an account is taken",
			given: active(), when: form("r2"), refused: errIdentityTaken,
		},
		{
			name:  "the number of a blocked account is taken",
			given: active(account.Blocked{}), when: form("r2"), refused: errIdentityTaken,
		},
		{
			name:  "the same form again changes nothing after it was confirmed",
			given: active(), when: form("r1"),
		},
		{
			name:    "an erased account does not come back",
			given:   active(account.Erased{}),
			when:    form("r2"),
			refused: problem.New(problem.WrongState, "account-erased"),
		},
		{
			name: "everything wrong is told at once",
			when: account.StartRegistration{
				RegistrationID: "r1", Kind: "individual", IIN: "123", BIN: bin, Organization: "x", LastName: "1",
				MiddleName: "2", Email: "nobody", Phone: "+7 717 212 34 56", PasswordHash: "$hash-1",
				NotifyBy: []string{"pigeon", "sms", "drum"}, Language: "de", At: noon, ExpiresAt: later,
			},
			refused: invalid(
				[2]string{"iin", "not-12-digits"}, [2]string{"bin", "not-expected"}, [2]string{"organization", "not-expected"},
				[2]string{"lastName", "name-characters"}, [2]string{"firstName", "required"}, [2]string{"middleName", "name-characters"},
				[2]string{"email", "email-invalid"}, [2]string{"phone", "phone-not-mobile"},
				[2]string{"notifyBy", "unknown-value"}, [2]string{"language", "unknown-value"},
			),
		},
		{
			name: "an empty form of a legal entity",
			when: account.StartRegistration{RegistrationID: "r1", Kind: "legal", IIN: iin, PasswordHash: "$hash-1", At: noon, ExpiresAt: later},
			refused: invalid(
				[2]string{"bin", "required"}, [2]string{"iin", "not-expected"}, [2]string{"organization", "required"},
				[2]string{"lastName", "required"}, [2]string{"firstName", "required"}, [2]string{"email", "required"},
				[2]string{"phone", "required"}, [2]string{"notifyBy", "required"},
			),
		},
		{
			name:    "of no kind",
			when:    with(form("r1"), func(c *account.StartRegistration) { c.Kind = "robot" }),
			refused: invalid([2]string{"kind", "unknown-value"}),
		},
		{
			name:    "a person gives the number of an organisation",
			when:    with(form("r1"), func(c *account.StartRegistration) { c.IIN = bin }),
			refused: invalid([2]string{"iin", "iin-expected"}),
		},
		{
			name:    "an organisation gives the number of a person",
			when:    with(legalForm("r1"), func(c *account.StartRegistration) { c.BIN = iin }),
			refused: invalid([2]string{"bin", "bin-expected"}),
		},
	})
}

func TestConfirmingARegistration(t *testing.T) {
	t.Parallel()
	run(t, []scenario{
		{
			name:  "in time",
			given: []account.Event{started("r1")},
			when:  account.ConfirmRegistration{RegistrationID: "r1", At: later.Add(-1)},
			then:  []account.Event{account.RegistrationConfirmed{RegistrationID: "r1", At: later.Add(-1)}},
		},
		{
			name:    "too late",
			given:   []account.Event{started("r1")},
			when:    account.ConfirmRegistration{RegistrationID: "r1", At: later},
			refused: errCodeExpired,
		},
		{
			name:    "another one took its place",
			given:   []account.Event{started("r1"), started("r2")},
			when:    account.ConfirmRegistration{RegistrationID: "r1", At: noon},
			refused: errCodeExpired,
		},
		{
			name:  "twice, the second time late",
			given: active(),
			when:  account.ConfirmRegistration{RegistrationID: "r1", At: later.Add(time.Hour)},
		},
		{
			name:    "of an account that another registration made",
			given:   active(),
			when:    account.ConfirmRegistration{RegistrationID: "r2", At: noon},
			refused: errCodeExpired,
		},
		{
			name:    "that nobody started",
			when:    account.ConfirmRegistration{RegistrationID: "r1", At: noon},
			refused: errCodeExpired,
		},
	})
}

func TestAConfirmedRegistrationIsTheAccount(t *testing.T) {
	t.Parallel()
	got := account.Fold(legalStarted("r1"), confirmed("r1"))
	want := account.State{
		Active: true, Kind: account.Legal, Number: bin, RegistrationID: "r1", CardVersion: 1,
		Card:  account.Card{LastName: "Алтынбай", FirstName: "Жанерке", MiddleName: "Серікқызы", Organization: "«Алтын дән» ЖШС"},
		Phone: "+77990000001", Email: "Zhanerke@example.kz", PasswordHash: "$hash-1",
		NotifyBy: []account.Channel{account.SMS, account.Email}, Language: text.Russian, Roles: []account.Role{account.Applicant},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Name() != "«Алтын дән» ЖШС" {
		t.Errorf("name %s", got.Name())
	}
	if name := account.Fold(active()...).Name(); name != "Алтынбай Жанерке" {
		t.Errorf("name %s", name)
	}
}

func TestAPasswordIsCheckedTogetherWithTheForm(t *testing.T) {
	t.Parallel()
	wrong := with(form("r1"), func(c *account.StartRegistration) { c.Email, c.PasswordHash = "nobody", "" })
	got := account.CheckRegistration(wrong, iin)
	want := []problem.Field{
		{Location: "email", Code: "email-invalid"},
		{Location: "password", Code: "password-needs-letter"},
		{Location: "password", Code: "password-is-login"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if faults := account.CheckRegistration(form("r1"), "Tulpar2031"); len(faults) > 0 {
		t.Errorf("faults %v", faults)
	}
	if faults := account.CheckRegistration(legalForm("r1"), bin); len(faults) != 2 {
		t.Errorf("the login of a legal entity as password: %v", faults)
	}
}

func TestCreatingStaff(t *testing.T) {
	t.Parallel()
	order := account.CreateStaff{
		IIN: identitytest.IIN(2), LastName: "Сыдық", FirstName: "Ернар", Email: "ernar@provider.example", Phone: "+7 799 000 00 02",
		PasswordHash: "$hash-2", TOTPSecret: "jbswy3dpehpk3pxpjbswy3dpehpk3pxp", Roles: []string{"operator", "executor", "operator"},
		ProviderID: "p1", At: noon,
	}
	created := account.StaffAccountCreated{
		Number: identitytest.IIN(2), LastName: "Сыдық", FirstName: "Ернар", Email: "ernar@provider.example", Phone: "+77990000002",
		PasswordHash: "$hash-2", TOTPSecret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Roles: []account.Role{account.Executor, account.Operator},
		ProviderID: "p1", NotifyBy: []account.Channel{account.Email}, Language: text.Kazakh, At: noon,
	}
	change := func(change func(*account.CreateStaff)) account.CreateStaff {
		c := order
		change(&c)
		return c
	}
	run(t, []scenario{
		{name: "with roles of a provider", when: order, then: []account.Event{created}},
		{
			name: "again with another password, as seeding does", given: []account.Event{created},
			when: change(func(c *account.CreateStaff) { c.PasswordHash = "$hash-3" }),
		},
		{
			name: "in place of a registration that waits", given: []account.Event{started("r1")},
			when: order, then: []account.Event{created},
		},
		{
			name: "with other roles", given: []account.Event{created}, refused: errIdentityTaken,
			when: change(func(c *account.CreateStaff) { c.Roles = []string{"admin"} }),
		},
		{name: "for somebody who is an applicant", given: active(), when: order, refused: errIdentityTaken},
		{
			name: "a role of a provider needs a provider", refused: invalid([2]string{"providerId", "required"}),
			when: change(func(c *account.CreateStaff) { c.ProviderID = "" }),
		},
		{
			name: "an auditor needs none",
			when: change(func(c *account.CreateStaff) {
				c.ProviderID, c.Roles, c.NotifyBy, c.TOTPSecret = "", []string{"auditor"}, []string{"sms"}, ""
			}),
			then: []account.Event{func() account.Event {
				e := created
				e.ProviderID, e.Roles, e.NotifyBy, e.TOTPSecret = "", []account.Role{account.Auditor}, []account.Channel{account.SMS}, ""
				return e
			}()},
		},
		{
			name: "everything wrong is told at once",
			when: account.CreateStaff{PasswordHash: "$h", TOTPSecret: "JBSWY", Roles: []string{"applicant"}, NotifyBy: []string{"x"}, Language: "x"},
			refused: invalid(
				[2]string{"iin", "required"}, [2]string{"lastName", "required"}, [2]string{"firstName", "required"},
				[2]string{"email", "required"}, [2]string{"phone", "required"}, [2]string{"totpSecret", "totp-invalid"},
				[2]string{"roles", "unknown-value"}, [2]string{"language", "unknown-value"}, [2]string{"notifyBy", "unknown-value"},
			),
		},
		{
			name: "without a role", refused: invalid([2]string{"roles", "required"}),
			when: change(func(c *account.CreateStaff) { c.Roles = nil }),
		},
	})
	staff := account.Fold(created)
	if !staff.Active || staff.Kind != account.Individual || staff.Name() != "Сыдық Ернар" || staff.TOTPSecret != created.TOTPSecret {
		t.Errorf("state %+v", staff)
	}
}

func TestBlockingAndErasing(t *testing.T) {
	t.Parallel()
	run(t, []scenario{
		{
			name: "blocking ends every session", given: active(account.SignedIn{SessionRef: "s1"}),
			when: account.Block{At: noon}, then: []account.Event{account.Blocked{CredentialEpoch: 1, At: noon}},
		},
		{name: "blocking nobody", when: account.Block{At: noon}, refused: errNoAccount},
		{
			name: "unblocking", given: active(account.Blocked{CredentialEpoch: 1}),
			when: account.Unblock{At: noon}, then: []account.Event{account.Unblocked{At: noon}},
		},
		{name: "unblocking who is not blocked", given: active(), when: account.Unblock{At: noon}},
		{
			name: "erasing an account", given: active(account.PasswordChanged{CredentialEpoch: 4}),
			when: account.Erase{At: noon}, then: []account.Event{account.Erased{CredentialEpoch: 5, At: noon}},
		},
		{
			name: "erasing a registration that was never confirmed", given: []account.Event{started("r1")},
			when: account.Erase{At: noon}, then: []account.Event{account.Erased{CredentialEpoch: 1, At: noon}},
		},
		{name: "erasing what is not there", when: account.Erase{At: noon}, refused: errNoAccount},
	})
	if diff := cmp.Diff(account.State{Erased: true, CredentialEpoch: 5}, account.Fold(active(account.Erased{CredentialEpoch: 5})...)); diff != "" {
		t.Error(diff)
	}
}

// A caller that forgets an id, a hash or a time gets an error of the program, which no person is shown as theirs.
func TestIncompleteCommandsAreErrorsOfTheProgram(t *testing.T) {
	t.Parallel()
	state := account.Fold(active()...)
	for _, c := range []account.Command{
		nil,
		with(form(""), func(*account.StartRegistration) {}),
		with(form("r2"), func(c *account.StartRegistration) { c.PasswordHash = "" }),
		with(form("r2"), func(c *account.StartRegistration) { c.ExpiresAt = c.At }),
		account.ConfirmRegistration{At: noon},
		account.CreateStaff{At: noon},
		account.RecordSignIn{At: noon},
		account.RecordFailedSignIn{At: noon},
		account.ChangePassword{At: noon},
		account.RequestPasswordReset{ResetID: "x", At: noon, ExpiresAt: noon},
		account.RequestPasswordReset{At: noon, ExpiresAt: later},
		account.ResetPassword{ResetID: "x", At: noon},
		account.ResetPassword{NewHash: "x", At: noon},
		account.ConfirmContact{At: noon},
		account.SaveClientCard{Card: state.Card, Phone: "+77990000009", At: noon, ChangesExpireAt: later},
		account.SaveClientCard{Card: state.Card, Email: "a@example.kz", EmailChangeID: "c1", At: noon},
	} {
		events, err := account.Decide(state, c)
		if _, ok := errors.AsType[*problem.Problem](err); ok || err == nil || len(events) > 0 {
			t.Errorf("%T: %v, %v", c, events, err)
		}
	}
}
