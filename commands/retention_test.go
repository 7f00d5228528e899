package commands

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/retention"
)

// TestAnUnusedAccountIsProposed: once, when its term has passed, and never again after it was declined.
func TestAnUnusedAccountIsProposed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.erasable()
	rules := retention.Default()
	rules[3].Months = 12
	_, err := w.Erasures.Schedule(t.Context(), by(aigul), rules)
	done(t, err)
	id := w.enrol(dana(1))
	propose := func() { done(t, w.Erasures.EndTerm(t.Context(), NewRequest("system"), retention.Account, id)) }
	end := w.end()
	propose()
	w.happened(end)

	w.clock.pass(0)
	last, err := w.Erasures.lastEvent(t.Context(), "account-"+id)
	done(t, err)
	w.clock.pass(last.Created.AddDate(0, 12, 1).Sub(w.clock.Now()))
	propose()
	propose()
	proposed := w.since(end)
	if len(proposed) != 1 || proposed[0].(erasure.Requested).Origin != erasure.Retention {
		t.Fatalf("proposed %v", proposed)
	}
	_, err = w.Erasures.Decline(t.Context(), by(aigul), id, "Келісім әлі жүріп жатыр")
	done(t, err)
	end = w.end()
	propose()
	w.happened(end)
}

// TestStaffWhoHaveLeftAreErased: not while their account is open, nor before its term has passed, and then by two others.
// What they did stays theirs, under the id of their account and in the role that they had.
func TestStaffWhoHaveLeftAreErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.erasable()
	p := w.manager()
	id, _, err := w.Accounts.accountOf(t.Context(), p.login)
	done(t, err)
	endTerm := func() { done(t, w.Erasures.EndTerm(t.Context(), NewRequest("system"), retention.Staff, id)) }
	refusedFor := func(code string) {
		t.Helper()
		outcome, err := w.Erasures.RequestFor(t.Context(), by(aigul), id, "Кіріс № 17")
		done(t, err)
		history := w.history("erasure-" + id)
		last, is := history[len(history)-1].(erasure.Refused)
		if diff := cmp.Diff([]erasure.Obstacle{{Code: code}}, last.Obstacles); !is || diff != "" || outcome.State.Stage != erasure.StageRefused {
			t.Errorf("%s, %s", outcome.State.Stage, diff)
		}
	}
	refusedFor("staff-account")
	end := w.end()
	w.clock.pass(100 * 365 * 24 * time.Hour)
	endTerm() // they work here
	w.happened(end)

	_, err = w.Accounts.BlockStaff(t.Context(), NewRequest("system"), p.login)
	done(t, err)
	left := w.clock.Now()
	refusedFor("staff-account")
	end = w.end()
	w.clock.pass(left.AddDate(0, 60, 0).Sub(left) - time.Second)
	endTerm()
	w.happened(end)
	w.clock.pass(time.Second)
	endTerm()
	endTerm()
	proposed := w.since(end)
	if len(proposed) != 1 || proposed[0].(erasure.Requested).Origin != erasure.Retention {
		t.Fatalf("proposed %v", proposed)
	}
	_, err = w.Erasures.Approve(t.Context(), by(id), id)
	refused(t, err, "own-account")
	for _, admin := range []string{aigul, bolat} {
		_, err := w.Erasures.Approve(t.Context(), by(admin), id)
		done(t, err)
	}
	w.clock.pass(time.Hour)
	w.carry(id)
	list, err := w.Accounts.ListStaff(t.Context())
	done(t, err)
	if diff := cmp.Diff([]StaffMember{{ID: id, Roles: []account.Role{}, Erased: true}}, list); diff != "" {
		t.Error(diff)
	}
	created := w.history("account-" + id)[0].(account.StaffAccountCreated)
	if created.Number != "" || created.LastName != "" || created.Phone != "" || len(created.Roles) != 1 {
		t.Errorf("what is left is %+v", created)
	}
}

// TestStaffWhoCameBackAreNotProposed: the term begins anew when they leave again.
func TestStaffWhoCameBackAreNotProposed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.erasable()
	p := w.manager()
	id, _, err := w.Accounts.accountOf(t.Context(), p.login)
	done(t, err)
	_, err = w.Accounts.BlockStaff(t.Context(), NewRequest("system"), p.login)
	done(t, err)
	w.clock.pass(59 * 31 * 24 * time.Hour)
	_, err = w.Accounts.UnblockStaff(t.Context(), NewRequest("system"), p.login)
	done(t, err)
	_, err = w.Accounts.BlockStaff(t.Context(), NewRequest("system"), p.login)
	done(t, err)
	end := w.end()
	w.clock.pass(31 * 24 * time.Hour)
	done(t, w.Erasures.EndTerm(t.Context(), NewRequest("system"), retention.Staff, id))
	done(t, w.Erasures.EndTerm(t.Context(), NewRequest("system"), retention.Account, id))
	done(t, w.Erasures.EndTerm(t.Context(), NewRequest("system"), retention.Registration, id))
	w.happened(end)
}

// unconfirmed is somebody who registers and never enters the code.
func (w *world) unconfirmed(p person) (id string, ch Challenge, code string) {
	w.t.Helper()
	ch, code = w.register(p)
	id, _, err := w.Accounts.accountOf(w.t.Context(), p.login)
	done(w.t, err)
	return id, ch, code
}

func (w *world) lapse(id string) {
	w.t.Helper()
	done(w.t, w.Erasures.EndTerm(w.t.Context(), NewRequest("system"), retention.Registration, id))
}

// TestARegistrationThatNobodyConfirmedIsErased a month later, without anybody having to decide.
func TestARegistrationThatNobodyConfirmedIsErased(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	w.erasable().settles = 5 * time.Second
	id, _, _ := w.unconfirmed(p)
	end := w.end()
	month := w.clock.Now().AddDate(0, 1, 0).Sub(w.clock.Now())
	w.clock.pass(month - time.Second)
	w.lapse(id)
	w.happened(end)
	w.clock.pass(time.Second)
	w.lapse(id)
	w.lapse(id)
	w.carry(id)
	at := w.clock.Now()
	w.clock.pass(5 * time.Second)
	w.carry(id)
	events := w.since(end)
	if len(events) == 0 {
		t.Fatal("nothing happened")
	}
	request := events[0].(erasure.Requested).RequestID
	w.happened(end,
		erasure.Requested{RequestID: request, Origin: erasure.Unconfirmed, At: at},
		erasure.Ordered{RequestID: request, NotBefore: at, At: at},
		account.Erased{CredentialEpoch: 1, At: at},
		erasure.Begun{RequestID: request, KeyCheck: "check of " + id, At: at},
		erasure.KeyDestroyed{RequestID: request, KeyCheck: "check of " + id, Unreadable: 1, At: at},
		erasure.Completed{RequestID: request, At: at.Add(5 * time.Second)})
	end = w.end()
	w.lapse(id)
	w.happened(end)

	again, _, code := w.unconfirmed(p) // whoever registers later is somebody new
	if again == id || code == "" {
		t.Errorf("registered as %s, before as %s", again, id)
	}
}

// TestWhoRegistersAfterAllIsNotErased: not who confirms, nor who starts anew, in the moment in which the old one lapses.
func TestWhoRegistersAfterAllIsNotErased(t *testing.T) {
	t.Parallel()
	for name, comes := range map[string]func(w *world, p person){
		"registers again": func(w *world, p person) { w.register(p) },
		"and confirms": func(w *world, p person) {
			ch, code := w.register(p)
			_, err := w.Accounts.ConfirmRegistration(w.t.Context(), by(""), ch.ID, code)
			done(w.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := newWorld(t), dana(1)
			w.erasable()
			id, _, _ := w.unconfirmed(p)
			w.clock.pass(32 * 24 * time.Hour)
			w.lapse(id)
			comes(w, p)
			w.carry(id)
			w.carry(id)
			history := w.history("erasure-" + id)
			refused, is := history[len(history)-1].(erasure.Refused)
			if diff := cmp.Diff([]erasure.Obstacle{{Code: "account-in-use"}}, refused.Obstacles); !is || diff != "" {
				t.Errorf("%T, %s", history[len(history)-1], diff)
			}
			end := w.end()
			w.lapse(id)
			w.happened(end)
			now, s, err := w.Accounts.accountOf(t.Context(), p.login)
			if done(t, err); now != id || s.Erased || s.Number+s.Pending.Number != p.login {
				t.Errorf("the account is %s, erased %t", now, s.Erased)
			}
		})
	}
}

// TestALegalHoldKeepsARegistration also when it is placed after the registration has lapsed.
func TestALegalHoldKeepsARegistration(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	w.erasable()
	id, _, _ := w.unconfirmed(p)
	w.clock.pass(32 * 24 * time.Hour)
	w.lapse(id)
	_, err := w.Erasures.PlaceLegalHold(t.Context(), by(aigul), id, "Сот ұйғарымы")
	done(t, err)
	w.carry(id)
	w.lapse(id)
	_, s, err := w.Accounts.accountOf(t.Context(), p.login)
	if done(t, err); s.Erased || s.Pending.Number != p.login {
		t.Error("a registration under a legal hold was erased")
	}
	_, err = w.Erasures.LiftLegalHold(t.Context(), by(aigul), id)
	done(t, err)
	w.lapse(id)
	w.carry(id)
	if s, err := w.streams().accounts.state(t.Context(), id); err != nil || !s.Erased {
		t.Errorf("without the legal hold it is erased %t, %v", s.Erased, err)
	}
}

func TestTheRetentionScheduleIsReplacedAsAWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.erasable()
	_, err := w.Erasures.Schedule(t.Context(), by(aigul), retention.Default()[1:])
	refused(t, err, "invalid")
	_, err = w.Erasures.Schedule(t.Context(), by(aigul), append(retention.Default(), retention.Rule{Kind: "song", Months: 0, Basis: ""}))
	refused(t, err, "invalid")
	end := w.end()
	req := by(aigul)
	req.CommandID = uuid.NewSHA1(uuid.NameSpaceOID, []byte("schedule"))
	for range 2 {
		_, err = w.Erasures.Schedule(t.Context(), req, retention.Default())
		done(t, err)
	}
	w.happened(end, retention.Scheduled{Rules: retention.Default(), At: w.clock.Now()})
}
