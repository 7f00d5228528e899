package commands

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/session"
)

// enter gives login and password and returns the challenge with the code that was sent.
func (w *world) enter(p person) (Challenge, string) {
	w.t.Helper()
	ch, err := w.Accounts.SignIn(w.t.Context(), by(""), p.login, p.Password, false)
	done(w.t, err)
	return ch, w.outbox.code(w.t, p.Phone)
}

// signIn signs somebody in with password and code.
func (w *world) signIn(p person) SignedIn {
	w.t.Helper()
	ch, code := w.enter(p)
	in, err := w.Accounts.ConfirmSignIn(w.t.Context(), by(""), ch.ID, code)
	done(w.t, err)
	return in
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	id := w.enrol(p)
	end := w.end()
	in := w.signIn(p)
	if in.ID != id || w.caller(in.Session.Token) != id || !in.Session.Expires.Equal(w.clock.Now().Add(session.Lifetime)) {
		t.Errorf("signed in as %+v", in)
	}
	w.happened(end, account.SignedIn{SessionRef: in.Session.ID, At: w.clock.Now()})

	ch, err := w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, true)
	done(t, err)
	stayed, err := w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, w.outbox.code(t, p.Phone))
	done(t, err)
	if !stayed.Session.Stay || !stayed.Session.Expires.Equal(w.clock.Now().Add(session.StayLifetime)) {
		t.Errorf("stays in the system as %+v", stayed.Session)
	}

	end = w.end()
	req := by(id)
	req.Session = in.Session.ID
	done(t, w.Accounts.SignOut(t.Context(), req))
	done(t, w.Accounts.SignOut(t.Context(), req))
	w.happened(end, account.SignedOut{SessionRef: in.Session.ID, At: w.clock.Now()})
	if w.caller(in.Session.Token) != "" || w.caller(stayed.Session.Token) != id {
		t.Error("a sign-out ends its own session and no other")
	}
}

// answers is what somebody sees who tries to sign in: the code of the refusal and when to try again.
func (w *world) answers(login, password string) string {
	w.t.Helper()
	_, err := w.Accounts.SignIn(w.t.Context(), by(""), login, password, false)
	var p *problem.Problem
	if !errors.As(err, &p) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%d %s %s %v", p.Kind, p.Code, p.RetryAfter, p.Fields)
}

// TestNobodyLearnsWhoHasAnAccount: at an account that exists and at one that does not, the same tries at the same times
// have the same answers, through the lock-out and beyond it.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	w.enrol(p)
	pending := dana(3) // has never entered the code
	w.register(pending)
	unknown := identitytest.IIN(2)
	var known, strange, unconfirmed []string
	for n := range 16 {
		switch {
		case n < 9:
			w.clock.pass(time.Second)
		case n == 9:
			w.clock.pass(14 * time.Minute)
		default:
			w.clock.pass(4 * time.Minute)
		}
		known = append(known, w.answers(p.login, "wrong-Parol-1"))
		strange = append(strange, w.answers(unknown, "wrong-Parol-1"))
		unconfirmed = append(unconfirmed, w.answers(pending.login, pending.Password))
	}
	if diff := cmp.Diff(known, strange); diff != "" {
		t.Errorf("answers (-account +none):\n%s", diff)
	}
	if diff := cmp.Diff(known, unconfirmed); diff != "" {
		t.Errorf("answers (-account +registration without its code):\n%s", diff)
	}
	if free := fmt.Sprintf("%d invalid-credentials 0s []", problem.Unauthenticated); known[9] != free || known[14] != free {
		t.Errorf("the tenth failure is answered by %s, and the first after the lock by %s", known[9], known[14])
	}
	if locked := fmt.Sprintf("%d too-many-attempts %s []", problem.TooMany, 11*time.Minute); known[10] != locked {
		t.Errorf("after ten failures: %s, want %s", known[10], locked)
	}
	for _, login := range []string{"", "123", "600101000000", identitytest.BIN(7)} {
		if got, want := w.answers(login, "x"), fmt.Sprintf("%d invalid-credentials 0s []", problem.Unauthenticated); got != want {
			t.Errorf("the login %q: %s, want %s", login, got, want)
		}
	}
}

// TestUnknownLoginsCostAHashToo compares how long the hash of nobody's password takes with somebody's: both are computed.
func TestUnknownLoginsCostAHashToo(t *testing.T) {
	t.Parallel()
	p := newPasswords()
	hash, err := p.hash(t.Context(), "Kok-tobe-2026")
	done(t, err)
	for _, stored := range []string{hash, ""} {
		began := time.Now()
		matches, err := p.matches(t.Context(), "another", stored)
		if matches || err != nil {
			t.Errorf("matches %t, %v", matches, err)
		}
		if took := time.Since(began); took < time.Millisecond {
			t.Errorf("took %s: no hash was computed", took)
		}
	}
	if matches, err := p.matches(t.Context(), "Kok-tobe-2026", hash); !matches || err != nil {
		t.Errorf("the right password: %t, %v", matches, err)
	}
	if other, _ := p.hash(t.Context(), "Kok-tobe-2026"); other == hash {
		t.Error("two hashes of one password are the same: no salt")
	}
}

func TestTheLockEnds(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	id := w.enrol(p)
	wrongPassword := p
	wrongPassword.Password = "wrong-Parol-1"
	for range 10 {
		_, err := w.Accounts.SignIn(t.Context(), by(""), p.login, "wrong-Parol-1", false)
		refused(t, err, "invalid-credentials")
	}
	end := w.end()
	_, err := w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
	refused(t, err, "too-many-attempts")
	w.restart() // the lock is history, not memory
	_, err = w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
	refused(t, err, "too-many-attempts")
	w.happened(end)
	w.clock.pass(15 * time.Minute)
	if in := w.signIn(p); in.ID != id {
		t.Errorf("signed in as %+v", in)
	}
}

// TestALockHoldsAlsoForWhoKnowsThePassword: the lock that wrong codes bring keeps an earlier code from working.
func TestALockHoldsAlsoForWhoKnowsThePassword(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	w.enrol(p)
	early, earlyCode := w.enter(p)
	for range 2 {
		ch, code := w.enter(p)
		for _, other := range wrong(code, 5) {
			_, err := w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, other)
			refused(t, err, "wrong-code")
		}
		_, err := w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, code)
		refused(t, err, "too-many-attempts")
	}
	_, err := w.Accounts.ConfirmSignIn(t.Context(), by(""), early.ID, earlyCode)
	refused(t, err, "too-many-attempts")
}

func TestARefusedSignInLeavesNoSession(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	id := w.enrol(p)
	ch, code := w.enter(p)
	w.events.fail(once(eventstore.ErrUnavailable), nil)
	if _, err := w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, code); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("answered %v", err)
	}
	if n := w.openSessions(id); n != 0 {
		t.Errorf("%d sessions are open after a sign-in that failed", n)
	}
	_, err := w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, code)
	done(t, err)
	if n := w.openSessions(id); n != 1 {
		t.Errorf("%d sessions are open, want 1", n)
	}
}

func TestABlockedAccount(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	id := w.enrol(p)
	ch, code := w.enter(p)
	w.append("account-"+id, "", account.Blocked{CredentialEpoch: 1, At: w.clock.Now()})
	_, err := w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, code)
	refused(t, err, "code-expired")
	_, err = w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
	refused(t, err, "account-blocked")
	_, err = w.Accounts.SignIn(t.Context(), by(""), p.login, "wrong-Parol-1", false)
	refused(t, err, "invalid-credentials")
	end := w.end()
	done(t, w.Accounts.RequestPasswordReset(t.Context(), by(""), p.login))
	w.happened(end)
	if n := w.outbox.count(p.Email); n != 0 {
		t.Errorf("%d links were sent to somebody who is blocked", n)
	}
}

const authenticator = "JBSWY3DPEHPK3PXPJBSWY3DP"

// manager is staff with an authenticator.
func (w *world) manager() person {
	w.t.Helper()
	p := dana(9)
	_, err := w.Accounts.CreateStaff(w.t.Context(), NewRequest("system"), account.CreateStaff{
		IIN: p.IIN, LastName: p.LastName, FirstName: p.FirstName, Email: p.Email, Phone: p.Phone, TOTPSecret: authenticator,
		Roles: []string{"executor"}, ProviderID: providerID,
	}, p.Password)
	done(w.t, err)
	return p
}

// shows is what the authenticator shows at a time.
func shows(t *testing.T, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCodeCustom(authenticator, at, totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	done(t, err)
	return code
}

func TestAnAuthenticator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.manager()
	confirm := func(code string) error {
		ch, err := w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
		done(t, err)
		_, err = w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, code)
		return err
	}
	now := shows(t, w.clock.Now())
	done(t, confirm(now))
	refused(t, confirm(now), "wrong-code") // replayed
	done(t, confirm(shows(t, w.clock.Now().Add(-30*time.Second))))
	done(t, confirm(shows(t, w.clock.Now().Add(30*time.Second))))
	refused(t, confirm(shows(t, w.clock.Now().Add(-time.Minute))), "wrong-code")
	refused(t, confirm(shows(t, w.clock.Now().Add(time.Minute))), "wrong-code")
	for _, code := range []string{"", "12345", "1234567", "abcdef", "٠١٢٣٤٥", now + now} {
		refused(t, confirm(code), "wrong-code")
	}
	if n := w.outbox.count(p.Phone); n != 0 {
		t.Errorf("%d codes were sent by SMS", n)
	}
	ch, err := w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
	done(t, err)
	w.clock.pass(time.Minute)
	_, err = w.Accounts.ResendCode(t.Context(), ch.ID)
	refused(t, err, "code-expired")
}

func TestAnAuthenticatorCodeIsNotLostWithTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.manager()
	ch, err := w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
	done(t, err)
	code := shows(t, w.clock.Now())
	w.events.fail(once(eventstore.ErrUnavailable), nil)
	if _, err := w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, code); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("answered %v", err)
	}
	_, err = w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, code)
	done(t, err)
}

func TestCreatingStaff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.manager()
	end := w.end()
	_, err := w.Accounts.CreateStaff(t.Context(), NewRequest("system"), account.CreateStaff{IIN: p.IIN}, "Another-parol-1")
	refused(t, err, "identity-taken")
	_, err = w.Accounts.CreateStaff(t.Context(), NewRequest("system"), account.CreateStaff{IIN: "12"}, p.Password)
	refused(t, err, "invalid")
	_, err = w.Accounts.CreateStaff(t.Context(), NewRequest("system"), account.CreateStaff{IIN: identitytest.IIN(10)}, "short")
	refused(t, err, "invalid")
	_, err = w.Accounts.CreateStaff(t.Context(), NewRequest("system"), account.CreateStaff{IIN: identitytest.IIN(10)}, p.Password)
	refused(t, err, "invalid")
	w.happened(end)
}

func TestEnrollingTwice(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	id := w.enrol(p)
	end := w.end()
	if again := w.enrol(p); again != id {
		t.Errorf("enrolled as %s and as %s", id, again)
	}
	w.happened(end)
}
