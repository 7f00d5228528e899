package commands

import (
	"strings"
	"testing"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/session"
)

// openSessions counts the sessions of an account.
func (w *world) openSessions(id string) int {
	w.t.Helper()
	entries, err := w.deps.Entries.ListEntries(w.t.Context(), session.Collection.Name,
		readstore.Query{Index: "account", Prefix: []any{id}, Limit: 100})
	done(w.t, err)
	return len(entries)
}

// in is a command of somebody in their session.
func in(s SignedIn) Request {
	req := by(s.ID)
	req.Session = s.Session.ID
	return req
}

func TestChangingThePassword(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	id := w.enrol(p)
	here, there := w.signIn(p), w.signIn(p)
	waiting, waitingCode := w.enter(p) // the password was right, the code is still to come

	end := w.end()
	refused(t, w.Accounts.ChangePassword(t.Context(), in(here), "wrong-Parol-1", "Zhana-parol-77"), "invalid")
	w.happened(end, account.SignInFailed{
		AttemptID: w.since(end)[0].(account.SignInFailed).AttemptID, Reason: account.WrongPassword, At: w.clock.Now(),
	})
	end = w.end()
	refused(t, w.Accounts.ChangePassword(t.Context(), in(here), p.Password, "short"), "invalid")
	refused(t, w.Accounts.ChangePassword(t.Context(), in(here), strings.Repeat("x", 2000), "short"), "invalid")
	w.happened(end)

	done(t, w.Accounts.ChangePassword(t.Context(), in(here), p.Password, "Zhana-parol-77"))
	if w.caller(here.Session.Token) != id || w.caller(there.Session.Token) != "" {
		t.Error("the session in which the password was changed goes on, the others end")
	}
	changed := w.since(end)
	if len(changed) != 1 || changed[0].(account.PasswordChanged).SessionRef != here.Session.ID {
		t.Errorf("events %v", changed)
	}
	if told := w.outbox.last(t, p.Email); !strings.HasPrefix(told, passwordChangedSubject.KK) {
		t.Errorf("the owner was told %q", told)
	}
	_, err := w.Accounts.ConfirmSignIn(t.Context(), by(""), waiting.ID, waitingCode)
	refused(t, err, "code-expired")
	_, err = w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
	refused(t, err, "invalid-credentials")
	p.Password = "Zhana-parol-77"
	w.signIn(p)
}

// TestAPasswordThatWasReplacedMeanwhile: who changes the password by one that is no longer right changes nothing, even
// if it still was when it was compared.
func TestAPasswordThatWasReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	id := w.enrol(p)
	intruder := w.signIn(p)
	reset := account.PasswordReset{ResetID: "r", PasswordHash: "$argon2id$of the owner", CredentialEpoch: 1, At: w.clock.Now()}
	first := true
	w.events.fail(func(string) error {
		if first {
			first = false
			w.append("account-"+id, id, reset)
		}
		return nil
	}, nil)
	refused(t, w.Accounts.ChangePassword(t.Context(), in(intruder), p.Password, "Zhana-parol-77"), "invalid")
	s, err := w.streams().accounts.state(t.Context(), id)
	done(t, err)
	if s.PasswordHash != reset.PasswordHash {
		t.Errorf("the owner's new password was replaced: %s", s.PasswordHash)
	}
}

// TestASignInThatRacesAPasswordChange: a session that was about to begin does not outlive the password.
func TestASignInThatRacesAPasswordChange(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	id := w.enrol(p)
	ch, code := w.enter(p)
	first := true
	w.events.fail(func(string) error {
		if first {
			first = false
			w.append("account-"+id, id, account.PasswordChanged{PasswordHash: "$new", CredentialEpoch: 1, At: w.clock.Now()})
		}
		return nil
	}, nil)
	_, err := w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, code)
	refused(t, err, "code-expired")
	if n := w.openSessions(id); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
}

// token asks for a link and returns what it carries.
func (w *world) token(p person) string {
	w.t.Helper()
	done(w.t, w.Accounts.RequestPasswordReset(w.t.Context(), by(""), p.login))
	found := tokenIn.FindStringSubmatch(w.outbox.last(w.t, p.Email))
	if found == nil {
		w.t.Fatal("no link was sent")
	}
	return found[1]
}

func TestResettingThePassword(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	id := w.enrol(p)
	here := w.signIn(p)
	token := w.token(p)
	parts := strings.Split(token, ".")
	other := w.token(p)

	end := w.end()
	for name, forged := range map[string]string{
		"empty": "", "one part": "x", "four parts": token + ".x", "no seal": parts[0] + "." + parts[1] + ".",
		"another account": strings.Replace(token, parts[0], adviceID, 1), "another reset": strings.Replace(token, parts[1], adviceID, 1),
		"another seal": parts[0] + "." + parts[1] + "." + strings.Repeat("0", len(parts[2])), "upper case": strings.ToUpper(token),
	} {
		if err := w.Accounts.ResetPassword(t.Context(), by(""), forged, "Zhana-parol-77"); err == nil || !strings.Contains(err.Error(), "reset-expired") {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused(t, w.Accounts.ResetPassword(t.Context(), by(""), token, "short"), "invalid")
	w.happened(end)

	done(t, w.Accounts.ResetPassword(t.Context(), keyed("", "k", token), token, "Zhana-parol-77"))
	if n := len(w.since(end)); n != 1 || w.caller(here.Session.Token) != "" || w.openSessions(id) != 0 {
		t.Errorf("%d events, %d sessions", n, w.openSessions(id))
	}
	end = w.end()
	refused(t, w.Accounts.ResetPassword(t.Context(), by(""), token, "Taghy-parol-99"), "reset-expired")
	refused(t, w.Accounts.ResetPassword(t.Context(), by(""), other, "Taghy-parol-99"), "reset-expired")
	w.restart()
	done(t, w.Accounts.ResetPassword(t.Context(), keyed("", "k", token), token, "Zhana-parol-77")) // the answer was lost
	refused(t, w.Accounts.ResetPassword(t.Context(), keyed("", "k", "other"), token, "Taghy-parol-99"), "idempotency-key-reused")
	w.happened(end)
	p.Password = "Zhana-parol-77"
	w.signIn(p)
}

func TestALinkHoldsAnHour(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	w.enrol(p)
	token := w.token(p)
	w.clock.pass(time.Hour)
	refused(t, w.Accounts.ResetPassword(t.Context(), by(""), token, "Zhana-parol-77"), "reset-expired")
	token = w.token(p)
	w.clock.pass(time.Hour - time.Millisecond)
	done(t, w.Accounts.ResetPassword(t.Context(), by(""), token, "Zhana-parol-77"))
}

// TestALinkEndsALock: who proves to own the address need not wait.
func TestALinkEndsALock(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	id := w.enrol(p)
	for n := range 10 {
		w.append("account-"+id, "", account.SignInFailed{AttemptID: string(rune('a' + n)), Reason: account.WrongPassword, At: w.clock.Now()})
	}
	_, err := w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
	refused(t, err, "too-many-attempts")
	done(t, w.Accounts.ResetPassword(t.Context(), by(""), w.token(p), "Zhana-parol-77"))
	p.Password = "Zhana-parol-77"
	w.signIn(p)
}

func TestAskingForALink(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	w.deps.Limits.CodesPerHour = 3
	w.restart()
	w.enrol(p)
	end := w.end()
	for _, login := range []string{"", "x", dana(2).login} {
		done(t, w.Accounts.RequestPasswordReset(t.Context(), by(""), login))
	}
	w.happened(end)
	for range 5 {
		done(t, w.Accounts.RequestPasswordReset(t.Context(), by(""), p.login))
	}
	if n := w.outbox.count(p.Email); n != 3 {
		t.Errorf("sent %d links within an hour, want 3", n)
	}
	w.entries.fail(readstore.ErrUnavailable)
	if err := w.Accounts.RequestPasswordReset(t.Context(), by(""), p.login); err == nil {
		t.Error("a link that could not be sent was said to be")
	}
	w.entries.fail(nil)
	w.clock.pass(time.Hour)
	w.events.fail(once(eventstore.ErrUnavailable), nil)
	if err := w.Accounts.RequestPasswordReset(t.Context(), by(""), p.login); err == nil {
		t.Error("a link that could not be sent was said to be")
	}
}
