package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/erasure"
)

var errDead = errors.New("the process has died")

// mortal is a process that dies at a step: nothing that it does from then on comes about.
type mortal struct {
	steps int
	dies  int // at this step; 0: it lives
}

func (m *mortal) step() error {
	m.steps++
	if m.dies > 0 && m.steps >= m.dies {
		return errDead
	}
	return nil
}

// mortalFiles are files that a process keeps for as long as it lives.
type mortalFiles struct {
	*files
	step func() error
}

// Put implements Files.
func (f mortalFiles) Put(ctx context.Context, subject string, r io.Reader, limit int64) (StoredFile, error) {
	if err := f.step(); err != nil {
		return StoredFile{}, err
	}
	stored, err := f.files.Put(ctx, subject, r, limit)
	if err != nil {
		return StoredFile{}, err
	}
	return stored, f.step()
}

// almostErased is somebody with a signed act whom one administrator agrees to erase, in a process that may die before and after
// everything that it changes.
func almostErased(t *testing.T) (o *signingOffice, document string, m *mortal) {
	t.Helper()
	o, document = act(t)
	o.accept(o.dauren, document)
	o.accept(o.nurai, document)
	if s := o.stateOf(o.application); !s.Ended() {
		o.append("application-"+o.application, o.nurai.id, application.ApplicationCompleted{Outcome: application.OutcomeAnswered, At: o.clock.Now()})
	}
	m = &mortal{}
	e := o.erasable()
	e.settles, e.step = 5*time.Second, m.step
	o.deps.Files = mortalFiles{o.files, m.step}
	o.restart()
	_, err := o.Erasures.RequestFor(t.Context(), by(aigul), o.nurai.id, "Кіріс № 18")
	done(t, err)
	_, err = o.Erasures.Approve(t.Context(), by(aigul), o.nurai.id)
	done(t, err)
	step := func(string) error { return m.step() }
	o.events.fail(step, step)
	m.steps = 0
	return o, document, m
}

// eraseNow gives the last consent and carries the erasure out, as far as the process lives.
func (o *signingOffice) eraseNow() error {
	if _, err := o.Erasures.Approve(o.t.Context(), by(bolat), o.nurai.id); err != nil {
		return err
	}
	for _, wait := range []time.Duration{time.Hour, 5 * time.Second} {
		o.clock.pass(wait)
		if err := o.Erasures.Carry(o.t.Context(), NewRequest("system"), o.nurai.id); err != nil {
			return err
		}
	}
	return nil
}

// TestAnErasureGoesOnWhereItsProcessDied: whatever the step before or after which it died, the next one ends with the same.
func TestAnErasureGoesOnWhereItsProcessDied(t *testing.T) {
	t.Parallel()
	undisturbed, _, m := almostErased(t)
	end := undisturbed.end()
	done(t, undisturbed.eraseNow())
	want := kindsOf(undisturbed.since(end))
	if diff := cmp.Diff([]string{
		"erasure.Approved", "erasure.Ordered", "account.Blocked", "erasure.Begun", "erasure.KeyDestroyed", "account.Erased", "erasure.Completed",
	}, want); diff != "" || m.steps < 20 {
		t.Fatalf("%d steps: %s", m.steps, diff)
	}
	for dies := range m.steps {
		t.Run(fmt.Sprintf("step %d", dies+1), func(t *testing.T) {
			t.Parallel()
			o, document, m := almostErased(t)
			end := o.end()
			m.dies = dies + 1
			if err := o.eraseNow(); !errors.Is(err, errDead) {
				t.Fatalf("it did not die: %v", err)
			}
			m.dies = 0
			o.restart()
			s, err := o.streams().erasures.state(t.Context(), o.nurai.id)
			done(t, err)
			if s.Stage == erasure.StageApproved { // the administrator was told that it failed
				done(t, o.eraseNow())
			}
			for range 3 {
				o.clock.pass(time.Hour)
				o.carry(o.nurai.id)
			}
			if diff := cmp.Diff(want, kindsOf(o.since(end))); diff != "" {
				t.Error(diff)
			}
			o.onlyKept(document)
			if told := o.outbox.count(dana(1).Email); told > 1 {
				t.Errorf("the person was told %d times", told)
			}
		})
	}
}

// onlyKept expects that of all files of the applicant only those of one document can be read, under a key of their own.
func (o *signingOffice) onlyKept(document string) {
	o.t.Helper()
	s, err := o.streams().erasures.state(o.t.Context(), o.nurai.id)
	done(o.t, err)
	kept := map[string]bool{}
	for _, held := range s.Held {
		for _, sha256 := range held.Files {
			kept[Holder(o.nurai.id, document)+"/"+sha256] = true
		}
	}
	left := map[string]bool{}
	for name := range o.files.contents {
		left[name] = true
	}
	if diff := cmp.Diff(kept, left); diff != "" || len(kept) == 0 {
		o.t.Errorf("files that are kept (-want +got): %s", diff)
	}
}

func kindsOf(events []any) []string {
	var kinds []string
	for _, event := range events {
		kinds = append(kinds, fmt.Sprintf("%T", event))
	}
	return kinds
}

// TestThePersonIsToldAlthoughTheProcessDied after the order, before it had closed the account.
func TestThePersonIsToldAlthoughTheProcessDied(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	w.erasable()
	id := w.enrol(p)
	_, err := w.Erasures.Request(t.Context(), by(id), p.Password)
	done(t, err)
	_, err = w.Erasures.Approve(t.Context(), by(aigul), id)
	done(t, err)
	w.events.fail(nil, once(errDead))
	if _, err := w.Erasures.Approve(t.Context(), by(bolat), id); !errors.Is(err, errDead) {
		t.Fatalf("it did not die: %v", err)
	}
	w.restart()
	w.carry(id)
	if a, err := w.streams().accounts.state(t.Context(), id); err != nil || !a.Blocked || w.outbox.count(p.Email) != 1 {
		t.Errorf("the account is closed %t, the person was told %d times, %v", a.Blocked, w.outbox.count(p.Email), err)
	}
}

// TestADeclinedOrderOpensTheAccountOnce: also when whoever declined it died before, and not again when somebody else has
// closed it since.
func TestADeclinedOrderOpensTheAccountOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.erasable()
	id := w.ordered(dana(1))
	decline := func() error {
		_, err := w.Erasures.Decline(t.Context(), by(aigul), id, "Өтінішті басқа адам жазған")
		return err
	}
	blocked := func() bool {
		t.Helper()
		s, err := w.streams().accounts.state(t.Context(), id)
		done(t, err)
		return s.Blocked
	}
	w.events.fail(nil, once(errDead))
	if err := decline(); !errors.Is(err, errDead) || !blocked() {
		t.Fatalf("it did not die: %v", err)
	}
	w.restart()
	w.carry(id)
	if blocked() {
		t.Error("the account stays closed")
	}
	_, err := w.Accounts.BlockAccount(t.Context(), by(bolat), id, "Алаяқтық")
	done(t, err)
	done(t, decline())
	w.carry(id)
	if !blocked() {
		t.Error("who was kept out for another reason is in again")
	}
}

// TestCopiesOfAnErasureThatWasStoppedGoWithTheNext: an erasure has copied a document and was stopped before it began. When
// the person is erased years later, after the document's term, nothing of it can be read.
func TestCopiesOfAnErasureThatWasStoppedGoWithTheNext(t *testing.T) {
	t.Parallel()
	o, document, m := almostErased(t)
	copied := func() bool {
		for name := range o.files.contents {
			if len(name) > 36 && name[:36] == Holder(o.nurai.id, document) {
				return true
			}
		}
		return false
	}
	for dies := 1; !copied(); dies++ { // the first step after the copy
		m.steps, m.dies = 0, dies
		if err := o.eraseNow(); !errors.Is(err, errDead) {
			t.Fatalf("it did not die: %v", err)
		}
		o.restart()
	}
	m.dies = 0
	_, err := o.Erasures.Decline(t.Context(), by(aigul), o.nurai.id, "Қателік")
	done(t, err)
	o.clock.pass(61 * 31 * 24 * time.Hour)
	_, err = o.Erasures.RequestFor(t.Context(), by(aigul), o.nurai.id, "Кіріс № 19")
	done(t, err)
	_, err = o.Erasures.Approve(t.Context(), by(aigul), o.nurai.id)
	done(t, err)
	done(t, o.eraseNow())
	s, err := o.streams().erasures.state(t.Context(), o.nurai.id)
	done(t, err)
	if a, err := o.streams().accounts.state(t.Context(), o.nurai.id); err != nil || s.Stage != erasure.StageCompleted || len(s.Held) != 0 || !cmp.Equal(a, account.State{Erased: true, CredentialEpoch: a.CredentialEpoch}) {
		t.Fatalf("%s, held %v, %v", s.Stage, s.Held, err)
	}
	if copied() {
		t.Error("a copy is left")
	}
}
