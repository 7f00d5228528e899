package commands

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// register starts a registration and returns its challenge with the code that was sent.
func (w *world) register(p person) (Challenge, string) {
	w.t.Helper()
	ch, err := w.Accounts.Register(w.t.Context(), by(""), p.Registration)
	done(w.t, err)
	return ch, w.outbox.code(w.t, p.Phone)
}

// caller tells whose session a token is.
func (w *world) caller(token string) string {
	w.t.Helper()
	caller, err := w.sessions.Caller(w.t.Context(), token)
	if problem.Has(err, "sign-in-required") {
		return ""
	}
	done(w.t, err)
	return caller.AccountID
}

func TestRegistering(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	ch, code := w.register(p)
	if want := w.clock.Now().Add(5 * time.Minute); ch.ExpiresAt != want {
		t.Errorf("the code holds until %s, want %s", ch.ExpiresAt, want)
	}
	in, err := w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code)
	done(t, err)
	id := w.deps.Secrets.AccountID(p.login)
	if in.ID != id || in.Kind != account.Individual || in.Name != "Самұрық Дана" || in.Login != p.login {
		t.Errorf("signed in as %+v", in)
	}
	if got := w.caller(in.Session.Token); got != id {
		t.Errorf("the session is of %q, want %q", got, id)
	}
	history := w.history("account-" + id)
	if len(history) != 3 {
		t.Fatalf("history %v", history)
	}
	started := history[0].(account.RegistrationStarted)
	if history[1] != (account.RegistrationConfirmed{RegistrationID: started.RegistrationID, At: w.clock.Now()}) ||
		history[2] != (account.SignedIn{SessionRef: in.Session.ID, At: w.clock.Now()}) {
		t.Errorf("history %v", history)
	}
	_, err = w.Accounts.Register(t.Context(), by(""), p.Registration)
	refused(t, err, "identity-taken")
	_, err = w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code)
	refused(t, err, "code-expired")
}

func TestRegisteringAnewTakesThePlaceOfTheFirst(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	first, firstCode := w.register(p)
	q := p
	q.Phone = dana(2).Phone // the first was mistyped
	second, secondCode := w.register(q)
	_, err := w.Accounts.ConfirmRegistration(t.Context(), by(""), first.ID, firstCode)
	refused(t, err, "code-expired")
	_, err = w.Accounts.ConfirmRegistration(t.Context(), by(""), second.ID, secondCode)
	done(t, err)
	s, err := w.streams().accounts.state(t.Context(), w.deps.Secrets.AccountID(p.login))
	done(t, err)
	if s.Phone != q.Phone {
		t.Errorf("registered with the phone %s, want that of the second", s.Phone)
	}
}

func TestARepeatedRegistrationSendsOneCode(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	req := keyed("", "k", "form")
	first, err := w.Accounts.Register(t.Context(), req, p.Registration)
	done(t, err)
	code := w.outbox.code(t, p.Phone)
	end := w.end()
	w.restart()
	again, err := w.Accounts.Register(t.Context(), req, p.Registration)
	done(t, err)
	if again.ID != first.ID || !again.ExpiresAt.Equal(first.ExpiresAt) || w.outbox.count(p.Phone) != 1 {
		t.Errorf("answered %+v and sent %d codes, want %+v and 1", again, w.outbox.count(p.Phone), first)
	}
	w.happened(end)
	_, err = w.Accounts.ConfirmRegistration(t.Context(), by(""), first.ID, code)
	done(t, err)
}

func TestARefusedRegistrationWritesNothing(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	end := w.end()
	p.IIN, p.Password, p.Email = "600101000000", "short", "nobody"
	_, err := w.Accounts.Register(t.Context(), by(""), p.Registration)
	var input *problem.Problem
	if !errors.As(err, &input) || input.Kind != problem.Invalid {
		t.Fatalf("answered %v", err)
	}
	at := map[string]bool{}
	for _, f := range input.Fields {
		at[f.Location] = true
	}
	if len(at) != 3 || !at["iin"] || !at["email"] || !at["password"] {
		t.Errorf("named %v, want iin, email and password", input.Fields)
	}
	w.happened(end)
}

func TestTriesAtACodeAreCounted(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	ch, code := w.register(p)
	for _, other := range wrong(code, 5) {
		_, err := w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, other)
		refused(t, err, "wrong-code")
	}
	end := w.end()
	_, err := w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code)
	refused(t, err, "too-many-attempts")
	w.clock.pass(time.Minute)
	_, err = w.Accounts.ResendCode(t.Context(), ch.ID)
	refused(t, err, "code-expired")
	w.happened(end)
}

// TestRacingTries: fifty tries at once are no more than five one after another.
func TestRacingTries(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	ch, code := w.register(p)
	var racing sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]int{}
	for _, other := range wrong(code, 50) {
		racing.Go(func() {
			_, err := w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, other)
			var p *problem.Problem
			if !errors.As(err, &p) {
				t.Errorf("answered %v", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			answers[p.Code]++
		})
	}
	racing.Wait()
	if answers["wrong-code"] > 5 || answers["wrong-code"]+answers["too-many-attempts"] != 50 {
		t.Errorf("answered %v", answers)
	}
	for _, other := range wrong(code, 5-answers["wrong-code"]) { // those whose turn never came
		_, err := w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, other)
		refused(t, err, "wrong-code")
	}
	_, err := w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code)
	refused(t, err, "too-many-attempts")
}

// TestACodeWorksOnceAlsoInARace: of twenty that enter the right code at once, one is signed in.
func TestACodeWorksOnceAlsoInARace(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	ch, code := w.register(p)
	var racing sync.WaitGroup
	var mu sync.Mutex
	signedIn := 0
	for range 20 {
		racing.Go(func() {
			_, err := w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				signedIn++
			}
		})
	}
	racing.Wait()
	if signedIn != 1 {
		t.Errorf("%d were signed in by one code", signedIn)
	}
}

func TestACodeHoldsFiveMinutes(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	ch, code := w.register(p)
	w.clock.pass(5*time.Minute - time.Millisecond)
	_, err := w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, wrong(code, 1)[0])
	refused(t, err, "wrong-code")
	w.clock.pass(time.Millisecond)
	_, err = w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code)
	refused(t, err, "code-expired")
	w.clock.pass(2 * time.Hour)
	_, err = w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code)
	refused(t, err, "challenge-not-found")
}

func TestResendingACode(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	ch, first := w.register(p)
	w.clock.pass(time.Minute - time.Second)
	_, err := w.Accounts.ResendCode(t.Context(), ch.ID)
	refused(t, err, "resend-too-soon")
	var soon *problem.Problem
	if errors.As(err, &soon) && soon.RetryAfter != time.Second {
		t.Errorf("to be tried again after %s, want 1s", soon.RetryAfter)
	}
	w.clock.pass(time.Second)
	second := first
	for second == first { // one time in ten thousand the new code is the old one
		again, err := w.Accounts.ResendCode(t.Context(), ch.ID)
		done(t, err)
		if again.ID != ch.ID || again.ExpiresAt != w.clock.Now().Add(5*time.Minute) {
			t.Errorf("answered %+v", again)
		}
		second = w.outbox.code(t, p.Phone)
		w.clock.pass(time.Minute)
	}
	_, err = w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, first)
	refused(t, err, "wrong-code")
	_, err = w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, second)
	done(t, err)
	_, err = w.Accounts.ResendCode(t.Context(), ch.ID)
	refused(t, err, "code-expired")
	_, err = w.Accounts.ResendCode(t.Context(), adviceID)
	refused(t, err, "challenge-not-found")
}

// TestTooManyCodes: a code that could not be sent leaves the one that was sent before as it is.
func TestTooManyCodes(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	w.deps.Limits.CodesPerHour = 2
	w.restart()
	ch, _ := w.register(p)
	w.clock.pass(time.Minute)
	_, err := w.Accounts.ResendCode(t.Context(), ch.ID)
	done(t, err)
	code := w.outbox.code(t, p.Phone)
	w.clock.pass(time.Minute)
	_, err = w.Accounts.ResendCode(t.Context(), ch.ID)
	refused(t, err, "too-many-codes")
	q := dana(2)
	q.Phone = p.Phone
	_, err = w.Accounts.Register(t.Context(), by(""), q.Registration)
	refused(t, err, "too-many-codes")
	if sent := w.outbox.count(p.Phone); sent != 2 {
		t.Errorf("sent %d codes, want 2", sent)
	}
	_, err = w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code)
	done(t, err)
	w.clock.pass(time.Hour)
	_, err = w.Accounts.Register(t.Context(), by(""), q.Registration)
	done(t, err)
}

func TestACodeIsForOnePurpose(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	ch, code := w.register(p)
	_, err := w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, code)
	refused(t, err, "challenge-not-found")
	_, err = w.Accounts.ConfirmContact(t.Context(), by("somebody"), ch.ID, code)
	refused(t, err, "challenge-not-found")
	_, err = w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code)
	done(t, err)
}

// TestACodeIsNotLostWithTheStore: a code that was right is right again after the store failed, or the caller went away.
func TestACodeIsNotLostWithTheStore(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	ch, code := w.register(p)
	end := w.end()
	w.events.fail(once(eventstore.ErrUnavailable), nil)
	if _, err := w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("answered %v, want that the store is unavailable", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.events.fail(func(string) error {
		cancel()
		return ctx.Err()
	}, nil)
	if _, err := w.Accounts.ConfirmRegistration(ctx, by(""), ch.ID, code); !errors.Is(err, context.Canceled) {
		t.Errorf("answered %v, want that the caller has gone", err)
	}
	w.happened(end)
	w.events.fail(nil, nil)
	_, err := w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code)
	done(t, err)
}

// TestAConfirmationWhoseAnswerWasLost: the same command again signs in; another one with the same code does not.
func TestAConfirmationWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	ch, code := w.register(p)
	_, err := w.Accounts.ConfirmRegistration(t.Context(), keyed("", "k", "code"), ch.ID, code)
	done(t, err)
	end := w.end()
	w.restart()
	again, err := w.Accounts.ConfirmRegistration(t.Context(), keyed("", "k", "code"), ch.ID, code)
	done(t, err)
	if who := w.caller(again.Session.Token); who != w.deps.Secrets.AccountID(p.login) {
		t.Errorf("the session is of %q", who)
	}
	_, err = w.Accounts.ConfirmRegistration(t.Context(), keyed("", "k", "code"), ch.ID, wrong(code, 1)[0])
	refused(t, err, "code-expired")
	_, err = w.Accounts.ConfirmRegistration(t.Context(), keyed("", "other", "code"), ch.ID, code)
	refused(t, err, "code-expired")
	w.happened(end)

	done(t, w.Accounts.ChangePassword(t.Context(), by(again.ID), p.Password, "Zhana-parol-77"))
	_, err = w.Accounts.ConfirmRegistration(t.Context(), keyed("", "k", "code"), ch.ID, code)
	refused(t, err, "code-expired")
}

func TestAnUnavailableReadStoreIsSaidToBeSo(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	ch, code := w.register(p)
	w.entries.fail(readstore.ErrUnavailable)
	_, err := w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code)
	if !errors.Is(err, readstore.ErrUnavailable) {
		t.Errorf("answered %v", err)
	}
	if err := w.Accounts.RequestPasswordReset(t.Context(), by(""), p.login); err != nil {
		t.Errorf("who has no account is sent no link, for which no store is needed: %v", err)
	}
}

func TestAnErasedAccount(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	id := w.enrol(p)
	ch, err := w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
	done(t, err)
	code := w.outbox.code(t, p.Phone)
	keys := w.deps.Keys.(interface {
		Destroy(ctx context.Context, subject string) error
	})
	w.append("account-"+id, "", account.Erased{CredentialEpoch: 1, At: w.clock.Now()})
	done(t, keys.Destroy(t.Context(), id))
	for _, restarted := range []bool{false, true} {
		if restarted {
			w.restart()
		}
		end := w.end()
		_, err = w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
		refused(t, err, "invalid-credentials")
		_, err = w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, wrong(code, 1)[0])
		refused(t, err, "wrong-code")
		done(t, w.Accounts.RequestPasswordReset(t.Context(), by(""), p.login))
		_, err = w.Accounts.SaveClientCard(t.Context(), by(id), []byte(`{}`), "", "")
		refused(t, err, "account-not-found")
		w.happened(end)
	}
	_, err = w.Accounts.ConfirmSignIn(t.Context(), by(""), ch.ID, code)
	refused(t, err, "code-expired")
	if n := w.outbox.count(p.Email); n != 0 {
		t.Errorf("%d messages were sent to somebody who was erased", n)
	}
}

// TestAGatewayThatTakesNothing: people are told to come back, who asks for a link learns nothing, and nothing is lost.
func TestAGatewayThatTakesNothing(t *testing.T) {
	t.Parallel()
	w, p, q := newWorld(t), dana(1), dana(2)
	w.enrol(p)
	w.outbox.fail(errors.New("gateway down"))
	_, err := w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
	refused(t, err, "message-not-sent")
	_, err = w.Accounts.Register(t.Context(), by(""), q.Registration)
	refused(t, err, "message-not-sent")
	done(t, w.Accounts.RequestPasswordReset(t.Context(), by(""), p.login))
	w.outbox.fail(nil)
	w.signIn(p)
	ch, code := w.register(q)
	_, err = w.Accounts.ConfirmRegistration(t.Context(), by(""), ch.ID, code)
	done(t, err)
}
