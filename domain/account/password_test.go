package account_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
)

func TestChangingThePassword(t *testing.T) {
	t.Parallel()
	change := account.ChangePassword{CurrentMatches: true, NewHash: "$hash-2", SessionRef: "s1", At: noon}
	wrong := change
	wrong.CurrentMatches = false
	changed := account.PasswordChanged{PasswordHash: "$hash-2", CredentialEpoch: 1, SessionRef: "s1", At: noon}
	run(t, []scenario{
		{name: "with the current one", given: active(), when: change, then: []account.Event{changed}},
		{
			name: "with a wrong current one", given: active(), when: wrong,
			refused: invalid([2]string{"current", "wrong-password"}),
		},
		{name: "told again, when the current one is no longer current", given: active(changed), when: wrong},
		{
			name: "while locked", given: active(failures(10, time.Second)...), when: change,
			refused: locked(15*time.Minute + 9*time.Second),
		},
		{name: "without an account", when: change, refused: errNoAccount},
	})
}

func TestANewPasswordEndsOtherSessionsAndLinks(t *testing.T) {
	t.Parallel()
	given := active(
		account.SignedIn{SessionRef: "s1"}, account.SignedIn{SessionRef: "s2"},
		account.PasswordResetRequested{ResetID: "x1", ExpiresAt: later},
	)
	changed := account.Fold(append(given, account.PasswordChanged{PasswordHash: "$new", CredentialEpoch: 1, SessionRef: "s2"})...)
	if diff := cmp.Diff([]string{"s2"}, changed.Sessions); diff != "" || changed.CredentialEpoch != 1 || len(changed.Resets) > 0 {
		t.Errorf("after a change: %s%+v", diff, changed)
	}
	reset := account.Fold(append(given, account.PasswordReset{ResetID: "x1", PasswordHash: "$new", CredentialEpoch: 1})...)
	if len(reset.Sessions) > 0 || reset.PasswordHash != "$new" || len(reset.Resets) > 0 {
		t.Errorf("after a reset: %+v", reset)
	}
}

func TestResettingThePassword(t *testing.T) {
	t.Parallel()
	request := func(id string) account.PasswordResetRequested {
		return account.PasswordResetRequested{ResetID: id, ExpiresAt: later, At: noon}
	}
	use := func(id string) account.ResetPassword {
		return account.ResetPassword{ResetID: id, NewHash: "$hash-2", At: noon}
	}
	done := account.PasswordReset{ResetID: "x1", PasswordHash: "$hash-2", CredentialEpoch: 1, At: noon}
	otherHash := use("x1")
	otherHash.NewHash = "$hash-3"
	late := use("x1")
	late.At = later
	run(t, []scenario{
		{
			name: "asking for a link", given: active(),
			when: account.RequestPasswordReset{ResetID: "x1", ExpiresAt: later, At: noon}, then: []account.Event{request("x1")},
		},
		{
			name: "asking for another link", given: active(request("x1")),
			when: account.RequestPasswordReset{ResetID: "x2", ExpiresAt: later, At: noon}, then: []account.Event{request("x2")},
		},
		{
			name: "asking again for a link that was used", given: active(request("x1"), done),
			when: account.RequestPasswordReset{ResetID: "x1", ExpiresAt: later, At: noon},
		},
		{
			name: "asking without an account", refused: errNoAccount,
			when: account.RequestPasswordReset{ResetID: "x1", ExpiresAt: later, At: noon},
		},
		{
			name: "asking while blocked", given: active(account.Blocked{}), refused: errNoAccount,
			when: account.RequestPasswordReset{ResetID: "x1", ExpiresAt: later, At: noon},
		},
		{name: "using the link", given: active(request("x1")), when: use("x1"), then: []account.Event{done}},
		{
			name: "using the first of three", given: active(request("x1"), request("x2"), request("x3")),
			when: use("x1"), then: []account.Event{done},
		},
		{
			name: "using the first of four", given: active(request("x1"), request("x2"), request("x3"), request("x4")),
			when: use("x1"), refused: errResetExpired,
		},
		{name: "using it too late", given: active(request("x1")), when: late, refused: errResetExpired},
		{name: "using it again for another password", given: active(request("x1"), done), when: otherHash, refused: errResetExpired},
		{
			name: "using another link after that", given: active(request("x1"), request("x2"), done),
			when: use("x2"), refused: errResetExpired,
		},
		{name: "using a link that nobody sent", given: active(), when: use("x1"), refused: errResetExpired},
		{
			name: "using it while blocked", given: active(request("x1"), account.Blocked{}), when: use("x1"), refused: errResetExpired,
		},
	})
}

func TestANewPasswordIsCheckedAgainstTheLogin(t *testing.T) {
	t.Parallel()
	state := account.Fold(active()...)
	want := []problem.Field{{Location: "new", Code: "password-needs-letter"}, {Location: "new", Code: "password-is-login"}}
	if diff := cmp.Diff(want, account.CheckNewPassword(state, "new", iin)); diff != "" {
		t.Error(diff)
	}
	if faults := account.CheckNewPassword(state, "new", "Tulpar2031"); len(faults) > 0 {
		t.Errorf("faults %v", faults)
	}
}
