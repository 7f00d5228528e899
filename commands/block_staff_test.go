package commands

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/session"
)

// TestBlockingStaff: who is blocked has no session any more and gets none until unblocked. Repeating changes nothing but
// ends sessions that a crash left.
func TestBlockingStaff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.manager()
	id := w.deps.Secrets.AccountID(p.login)
	list, err := w.Accounts.ListStaff(t.Context())
	done(t, err)
	want := StaffMember{ID: id, Name: "Самұрық Дана", Roles: []account.Role{account.Executor}, Provider: providerID}
	if diff := cmp.Diff([]StaffMember{want}, list); diff != "" {
		t.Errorf("staff (-want +got):\n%s", diff)
	}

	end := w.end()
	_, err = w.sessions.Start(t.Context(), session.Account{ID: id}, true)
	done(t, err)
	got, err := w.Accounts.BlockStaff(t.Context(), NewRequest("system"), p.login)
	done(t, err)
	want.Blocked = true
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("blocked (-want +got):\n%s", diff)
	}
	if n := w.openSessions(id); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
	_, err = w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
	refused(t, err, "account-blocked")
	w.happened(end, account.Blocked{CredentialEpoch: 1, At: w.clock.Now()})

	end = w.end()
	_, err = w.sessions.Start(t.Context(), session.Account{ID: id}, true)
	done(t, err)
	_, err = w.Accounts.BlockStaff(t.Context(), NewRequest("system"), id)
	done(t, err)
	if n := w.openSessions(id); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
	w.happened(end)

	_, err = w.Accounts.UnblockStaff(t.Context(), NewRequest("system"), id)
	done(t, err)
	_, err = w.Accounts.UnblockStaff(t.Context(), NewRequest("system"), id)
	done(t, err)
	w.happened(end, account.Unblocked{At: w.clock.Now()})
	_, err = w.Accounts.SignIn(t.Context(), by(""), p.login, p.Password, false)
	done(t, err)
}

// TestOnlyStaffIsBlockedAsStaff: applicants, and who has no account, are not found.
func TestOnlyStaffIsBlockedAsStaff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	applicant := w.enrol(dana(1))
	end := w.end()
	for _, who := range []string{applicant, dana(1).login, identitytest.IIN(2), adviceID, "", "x"} {
		_, err := w.Accounts.BlockStaff(t.Context(), NewRequest("system"), who)
		refused(t, err, "account-not-found")
		_, err = w.Accounts.UnblockStaff(t.Context(), NewRequest("system"), who)
		refused(t, err, "account-not-found")
	}
	list, err := w.Accounts.ListStaff(t.Context())
	done(t, err)
	if len(list) != 0 {
		t.Errorf("%d are listed", len(list))
	}
	w.happened(end)
}
