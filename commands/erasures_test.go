package commands

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
)

// eraser stands in for what lies outside the log.
type eraser struct {
	w       *world
	step    func() error // before and after whatever changes something, and before what is looked up
	settles time.Duration
	cleaned []string
}

// do does something between two steps.
func (e *eraser) do(what func() error) error {
	if err := e.step(); err != nil {
		return err
	}
	if err := what(); err != nil {
		return err
	}
	return e.step()
}

func (e *eraser) Applications(ctx context.Context, person string, _ eventstore.Position) ([]string, error) {
	if err := e.step(); err != nil {
		return nil, err
	}
	var ids []string
	read := eventstore.AllRead{Filter: eventstore.Filter{Types: []string{"application.draft-started."}}}
	for recorded, err := range e.w.events.ReadAll(ctx, read) {
		if err != nil {
			return nil, err
		}
		envelope, err := e.w.deps.Codec.Decode(ctx, recorded)
		if err != nil {
			return nil, err
		}
		if started, _ := envelope.Event.(application.DraftStarted); started.Applicant == person {
			ids = append(ids, strings.TrimPrefix(recorded.Stream, "application-"))
		}
	}
	return ids, nil
}

func (e *eraser) KeyCheck(_ context.Context, subject string) (string, error) {
	return "check of " + subject, e.step()
}

func (e *eraser) DestroyKey(ctx context.Context, subject string) error {
	keys, _ := e.w.deps.Keys.(interface {
		Destroy(ctx context.Context, subject string) error
	})
	return e.do(func() error { return keys.Destroy(ctx, subject) })
}

func (e *eraser) RemoveFiles(_ context.Context, subject string) (removed int, err error) {
	err = e.do(func() error {
		e.w.files.mu.Lock()
		defer e.w.files.mu.Unlock()
		for name := range e.w.files.contents {
			if strings.HasPrefix(name, subject+"/") {
				delete(e.w.files.contents, name)
				removed++
			}
		}
		return nil
	})
	return removed, err
}

func (e *eraser) Clean(_ context.Context, person string, _ eventstore.Position) error {
	return e.do(func() error {
		e.cleaned = append(e.cleaned, person)
		return nil
	})
}

func (e *eraser) Settles() time.Duration { return e.settles }

const (
	aigul = "a1111111-1111-4111-8111-111111111111" // administrators
	bolat = "b1111111-1111-4111-8111-111111111111"
)

// erasable lets a world erase people, an hour after the order.
func (w *world) erasable() *eraser {
	e := &eraser{w: w, step: func() error { return nil }}
	w.deps.Erasing, w.deps.ErasurePause = e, time.Hour
	w.restart()
	return e
}

// carry lets the portal go on with an erasure until nothing more is due.
func (w *world) carry(person string) {
	w.t.Helper()
	done(w.t, w.Erasures.Carry(w.t.Context(), NewRequest("system"), person))
}

// ordered is a person whose erasure two administrators have ordered.
func (w *world) ordered(p person) string {
	w.t.Helper()
	id := w.enrol(p)
	_, err := w.Erasures.Request(w.t.Context(), by(id), p.Password)
	done(w.t, err)
	for _, admin := range []string{aigul, bolat} {
		_, err := w.Erasures.Approve(w.t.Context(), by(admin), id)
		done(w.t, err)
	}
	return id
}

func TestTwoAdministratorsEraseAPerson(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	eraser := w.erasable()
	eraser.settles = 5 * time.Second
	id := w.enrol(p)
	token := w.signIn(p).Session.Token
	now := w.clock.Now()

	_, err := w.Erasures.Request(t.Context(), by(id), "not the password")
	refused(t, err, "invalid")
	end := w.end() // the failure counts
	asked := keyed(id, "once", "body")
	for range 2 {
		_, err = w.Erasures.Request(t.Context(), asked, p.Password)
		done(t, err)
	}
	request := asked.CommandID.String()
	_, err = w.Erasures.Request(t.Context(), by(id), p.Password)
	refused(t, err, "erasure-under-way")
	_, err = w.Erasures.Approve(t.Context(), by(id), id)
	refused(t, err, "own-account")
	for _, admin := range []string{aigul, aigul, bolat, bolat} { // nobody counts twice
		_, err = w.Erasures.Approve(t.Context(), by(admin), id)
		done(t, err)
	}
	w.carry(id) // before its pause is over, nothing
	closed := []any{
		erasure.Requested{RequestID: request, Origin: erasure.Self, By: id, At: now},
		erasure.Approved{RequestID: request, By: aigul, At: now},
		erasure.Approved{RequestID: request, By: bolat, At: now},
		erasure.Ordered{RequestID: request, Closes: true, NotBefore: now.Add(time.Hour), At: now},
		account.Blocked{CredentialEpoch: 1, At: now},
	}
	w.happened(end, closed...)
	if who := w.caller(token); who != "" {
		t.Errorf("a session of %s goes on", who)
	}
	if n := w.outbox.count(p.Email); n != 1 {
		t.Errorf("the person was told %d times", n)
	}
	_, err = w.Erasures.Withdraw(t.Context(), by(id))
	refused(t, err, "erasure-decided")

	end = w.end()
	w.clock.pass(time.Hour)
	w.carry(id)
	w.clock.pass(5 * time.Second) // until no process can have the key any more
	w.carry(id)
	then := now.Add(time.Hour)
	w.happened(end,
		erasure.Begun{RequestID: request, KeyCheck: "check of " + id, At: then},
		erasure.KeyDestroyed{RequestID: request, KeyCheck: "check of " + id, Unreadable: 1, At: then},
		account.Erased{CredentialEpoch: 2, At: then.Add(5 * time.Second)},
		erasure.Completed{RequestID: request, At: then.Add(5 * time.Second)})
	if diff := cmp.Diff([]string{id}, eraser.cleaned); diff != "" {
		t.Errorf("cleaned: %s", diff)
	}
	end = w.end()
	w.carry(id)
	w.happened(end)

	again, _ := w.register(p) // whoever comes back is somebody new
	if again.ID == "" || w.history("account-" + id)[0].(account.RegistrationStarted).Number != "" {
		t.Error("what was erased is there, or nobody can register with the number again")
	}
	newID, _, err := w.Accounts.accountOf(t.Context(), p.login)
	if done(t, err); newID == id {
		t.Error("the new account is the old one")
	}
}

// TestBetweenTheKeyAndTheEndNobodyGetsIn: while other processes may still use the key, the account is neither open nor
// somebody else's.
func TestBetweenTheKeyAndTheEndNobodyGetsIn(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	w.erasable().settles = 5 * time.Second
	id := w.ordered(p)
	w.clock.pass(time.Hour)
	w.carry(id)
	w.restart()
	if s, err := w.streams().erasures.state(t.Context(), id); err != nil || s.Stage != erasure.StageDestroyed {
		t.Fatalf("it is %s, %v", s.Stage, err)
	}
	_, err := w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
	refused(t, err, "invalid-credentials")
	_, err = w.Accounts.Register(t.Context(), by(""), p.Registration)
	refused(t, err, "identity-taken")
	w.clock.pass(5 * time.Second)
	w.carry(id)
	if again, _ := w.register(p); again.ID == "" {
		t.Error("nobody can register with the number again")
	}
}

func TestAnErasureIsRefusedForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	w.erasable()
	p := dana(1)
	id := w.enrol(p)
	w.start(id) // a draft is nobody else's business
	sent := w.sent(id)
	outcome, err := w.Erasures.RequestFor(t.Context(), by(aigul), id, "Кіріс № 15, жеке куәлік тексерілді")
	done(t, err)
	if outcome.State.Stage != erasure.StageRefused {
		t.Errorf("it is %s", outcome.State.Stage)
	}
	history := w.history("erasure-" + id)
	want := []erasure.Obstacle{{Code: "application-open", ApplicationID: sent}}
	if diff := cmp.Diff(want, history[len(history)-1].(erasure.Refused).Obstacles); diff != "" {
		t.Error(diff)
	}
	_, err = w.Erasures.RequestFor(t.Context(), by(aigul), aigul, "Өзім")
	refused(t, err, "account-not-found")
	_, err = w.Erasures.RequestFor(t.Context(), by(id), id, "Өзім")
	refused(t, err, "own-account")
	_, err = w.Erasures.RequestFor(t.Context(), by(aigul), id, " ")
	refused(t, err, "invalid")
	_, err = w.Erasures.Approve(t.Context(), by(bolat), id)
	refused(t, err, "erasure-decided")
}

// TestWhatCameInBeforeTheOrderWasCarriedOutEndsIt: the account is open again, and nothing was lost.
func TestWhatCameInBeforeTheOrderWasCarriedOutEndsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	w.erasable()
	id := w.ordered(dana(1))
	w.sent(id)
	w.clock.pass(time.Hour)
	w.carry(id)
	w.carry(id)
	s, err := w.streams().erasures.state(t.Context(), id)
	done(t, err)
	a, err := w.streams().accounts.state(t.Context(), id)
	done(t, err)
	if s.Stage != erasure.StageRefused || a.Blocked || a.Erased {
		t.Errorf("the request is %s, the account blocked %t, erased %t", s.Stage, a.Blocked, a.Erased)
	}
}

func TestAnOrderCanBeStoppedUntilItBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.erasable()
	id := w.ordered(dana(1))
	_, err := w.Erasures.Decline(t.Context(), by(aigul), id, "Өтінішті басқа адам жазған")
	done(t, err)
	w.clock.pass(time.Hour)
	w.carry(id)
	if a, err := w.streams().accounts.state(t.Context(), id); err != nil || a.Blocked || a.Erased {
		t.Errorf("blocked %t, erased %t, error %v", a.Blocked, a.Erased, err)
	}

	_, err = w.Erasures.PlaceLegalHold(t.Context(), by(aigul), id, "Сот ұйғарымы")
	done(t, err)
	outcome, err := w.Erasures.Request(t.Context(), by(id), dana(1).Password)
	if done(t, err); outcome.State.Stage != erasure.StageRefused {
		t.Errorf("under a legal hold the request is %s", outcome.State.Stage)
	}
	_, err = w.Erasures.LiftLegalHold(t.Context(), by(aigul), id)
	done(t, err)
	outcome, err = w.Erasures.Request(t.Context(), by(id), dana(1).Password)
	if done(t, err); outcome.State.Stage != erasure.StageRequested {
		t.Errorf("after the legal hold the request is %s", outcome.State.Stage)
	}
	outcome, err = w.Erasures.Withdraw(t.Context(), by(id))
	if done(t, err); outcome.State.Stage != erasure.StageWithdrawn {
		t.Errorf("withdrawn, the request is %s", outcome.State.Stage)
	}
}

// TestASignedDocumentIsKeptForItsTerm: an act that both sides accepted is readable under a key of its own after its
// applicant was erased, and nobody can read it when its term has passed.
func TestASignedDocumentIsKeptForItsTerm(t *testing.T) {
	t.Parallel()
	o, document := act(t)
	w := o.world
	w.erasable()
	o.accept(o.dauren, document)
	o.accept(o.nurai, document)
	signed := w.clock.Now()
	if s := w.stateOf(o.application); !s.Ended() {
		w.append("application-"+o.application, o.nurai.id, application.ApplicationCompleted{Outcome: application.OutcomeAnswered, At: signed})
		w.restart()
	}
	digest := w.stateOf(o.application).Documents[0].File.SHA256

	_, err := w.Erasures.RequestFor(t.Context(), by(aigul), o.nurai.id, "Кіріс № 16")
	done(t, err)
	for _, admin := range []string{aigul, bolat} {
		_, err := w.Erasures.Approve(t.Context(), by(admin), o.nurai.id)
		done(t, err)
	}
	w.clock.pass(time.Hour)
	end := w.end()
	w.carry(o.nurai.id)
	if n := w.history("erasure-" + o.nurai.id); n[len(n)-1].(erasure.Completed).Files == 0 || len(w.since(end)) != 4 {
		t.Errorf("carried out as %v", w.since(end))
	}
	s, err := w.streams().erasures.state(t.Context(), o.nurai.id)
	done(t, err)
	until := signed.AddDate(0, 60, 0)
	want := []erasure.Held{{DocumentID: document, ApplicationID: o.application, Kind: "act", Files: []string{digest}, Until: until}}
	if diff := cmp.Diff(want, s.Held); diff != "" || s.Stage != erasure.StageCompleted {
		t.Fatalf("%s, held (-want +got):\n%s", s.Stage, diff)
	}
	holder, err := w.Erasures.HeldBy(t.Context(), o.nurai.id, digest)
	done(t, err)
	kept := func() (string, error) {
		content, err := w.files.Open(t.Context(), holder, digest)
		if err != nil {
			return "", err
		}
		raw, err := io.ReadAll(content)
		return string(raw), err
	}
	if content, err := kept(); err != nil || content != string(documentBytes("акт")) {
		t.Errorf("kept is %q, error %v", content, err)
	}
	if _, err := w.files.Open(t.Context(), o.nurai.id, digest); !problem.Has(err, "file-not-found") {
		t.Errorf("under the person's own key: %v", err)
	}

	w.clock.pass(until.Sub(w.clock.Now()) - time.Second)
	done(t, w.Erasures.EndHold(t.Context(), NewRequest("system"), o.nurai.id, document))
	if _, err := kept(); err != nil {
		t.Errorf("a second before its term: %v", err)
	}
	end = w.end()
	w.clock.pass(time.Second)
	for range 2 {
		done(t, w.Erasures.EndHold(t.Context(), NewRequest("system"), o.nurai.id, document))
	}
	w.happened(end, erasure.HoldEnded{DocumentID: document, Files: 1, At: until})
	if _, err := kept(); !problem.Has(err, "file-not-found") {
		t.Errorf("after its term: %v", err)
	}
}

// TestAKeyThatWasRestoredIsDestroyedAgain: a keyring is restored from a copy that still has the keys of whoever was erased.
func TestAKeyThatWasRestoredIsDestroyedAgain(t *testing.T) {
	t.Parallel()
	o, document := act(t)
	w := o.world
	w.erasable()
	o.accept(o.dauren, document)
	o.accept(o.nurai, document)
	if s := w.stateOf(o.application); !s.Ended() {
		w.append("application-"+o.application, o.nurai.id, application.ApplicationCompleted{Outcome: application.OutcomeAnswered, At: w.clock.Now()})
		w.restart()
	}
	_, err := w.Erasures.RequestFor(t.Context(), by(aigul), o.nurai.id, "Кіріс № 21")
	done(t, err)
	for _, admin := range []string{aigul, bolat} {
		_, err := w.Erasures.Approve(t.Context(), by(admin), o.nurai.id)
		done(t, err)
	}
	w.clock.pass(time.Hour)
	restore := func() *codectest.Keys {
		restored := codectest.NewKeys()
		for _, subject := range []string{o.nurai.id, Holder(o.nurai.id, document)} {
			done(t, restored.Create(t.Context(), subject))
		}
		w.deps.Keys = restored
		w.deps.Codec, err = codec.New(restored, aggregates.All()...)
		done(t, err)
		w.restart()
		return restored
	}
	name := func() string {
		return w.history("account-" + o.nurai.id)[0].(account.RegistrationStarted).FirstName
	}
	done(t, w.Erasures.KeepErased(t.Context(), o.nurai.id))
	if name() == "" {
		t.Fatal("what is only ordered was erased")
	}
	w.carry(o.nurai.id)

	restored := restore()
	if name() == "" {
		t.Fatal("nothing was restored")
	}
	done(t, w.Erasures.KeepErased(t.Context(), o.nurai.id))
	if name() != "" {
		t.Error("whoever was erased is there again")
	}
	if _, err := restored.AEAD(t.Context(), Holder(o.nurai.id, document)); err != nil {
		t.Errorf("a document that is kept: %v", err)
	}

	w.clock.pass(61 * 31 * 24 * time.Hour)
	done(t, w.Erasures.EndHold(t.Context(), NewRequest("system"), o.nurai.id, document))
	restored = restore()
	done(t, w.Erasures.KeepErased(t.Context(), o.nurai.id))
	if _, err := restored.AEAD(t.Context(), Holder(o.nurai.id, document)); !errors.Is(err, codec.ErrKeyDestroyed) {
		t.Errorf("a document whose term has passed: %v", err)
	}
}
