package account_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
)

var errCredentials = problem.New(problem.Unauthenticated, "invalid-credentials")

func locked(retryAfter time.Duration) error {
	return &problem.Problem{Kind: problem.TooMany, Code: "too-many-attempts", RetryAfter: retryAfter}
}

// failures are n wrong passwords, one each step from noon on.
func failures(n int, step time.Duration) []account.Event { return failuresFrom(noon, n, step) }

func failuresFrom(start time.Time, n int, step time.Duration) []account.Event {
	events := make([]account.Event, n)
	for i := range events {
		events[i] = account.SignInFailed{AttemptID: "f" + strconv.Itoa(i), Reason: account.WrongPassword, At: start.Add(time.Duration(i) * step)}
	}
	return events
}

func TestRecordingSignIns(t *testing.T) {
	t.Parallel()
	run(t, []scenario{
		{
			name: "a sign-in", given: active(),
			when: account.RecordSignIn{SessionRef: "s1", Stay: true, At: noon},
			then: []account.Event{account.SignedIn{SessionRef: "s1", Stay: true, At: noon}},
		},
		{
			name: "a second session", given: active(account.SignedIn{SessionRef: "s1"}),
			when: account.RecordSignIn{SessionRef: "s2", At: noon},
			then: []account.Event{account.SignedIn{SessionRef: "s2", At: noon}},
		},
		{name: "without an account", when: account.RecordSignIn{SessionRef: "s1", At: noon}, refused: errCredentials},
		{
			name: "before the registration is confirmed", given: []account.Event{started("r1")},
			when: account.RecordSignIn{SessionRef: "s1", At: noon}, refused: errCredentials,
		},
		{
			name: "blocked", given: active(account.Blocked{}), when: account.RecordSignIn{SessionRef: "s1", At: noon},
			refused: problem.New(problem.Unauthenticated, "account-blocked"),
		},
		{
			name: "locked", given: active(failures(10, time.Second)...),
			when: account.RecordSignIn{SessionRef: "s1", At: noon.Add(10 * time.Minute)}, refused: locked(5*time.Minute + 9*time.Second),
		},
		{
			name: "a failure", given: active(),
			when: account.RecordFailedSignIn{AttemptID: "f0", Reason: account.WrongCode, At: noon},
			then: []account.Event{account.SignInFailed{AttemptID: "f0", Reason: account.WrongCode, At: noon}},
		},
		{
			name: "the failure that locks, told again", given: active(failures(10, time.Second)...),
			when: account.RecordFailedSignIn{AttemptID: "f9", Reason: account.WrongPassword, At: noon.Add(9 * time.Second)},
		},
		{
			name: "a failure while locked is not even recorded", given: active(failures(10, time.Second)...),
			when: account.RecordFailedSignIn{AttemptID: "f10", At: noon.Add(10 * time.Second)}, refused: locked(15*time.Minute - time.Second),
		},
		{name: "a failure without an account", when: account.RecordFailedSignIn{AttemptID: "f0", At: noon}, refused: errNoAccount},
		{
			name: "a sign-out", given: active(account.SignedIn{SessionRef: "s1"}),
			when: account.RecordSignOut{SessionRef: "s1", At: noon},
			then: []account.Event{account.SignedOut{SessionRef: "s1", At: noon}},
		},
		{
			name:  "a sign-out after a new password ended the session",
			given: active(account.SignedIn{SessionRef: "s1"}, account.PasswordReset{CredentialEpoch: 1}),
			when:  account.RecordSignOut{SessionRef: "s1", At: noon},
		},
	})
}

func TestTenFailuresInAQuarterOfAnHourLockForAQuarter(t *testing.T) {
	t.Parallel()
	tenth := noon.Add(9 * time.Minute)
	for _, tt := range []struct {
		name   string
		events []account.Event
		at     time.Time
		want   error
	}{
		{"nine", failures(9, time.Minute), tenth, nil},
		{"ten", failures(10, time.Minute), tenth, locked(15 * time.Minute)},
		{"the last moment of the lock", failures(10, time.Minute), tenth.Add(15*time.Minute - 1), locked(1)},
		{"the lock is over", failures(10, time.Minute), tenth.Add(15 * time.Minute), nil},
		{"ten, but slowly", failures(10, 100*time.Second), noon.Add(15 * time.Minute), nil},
		{"slowly, then fast", slices.Concat(failuresFrom(noon.Add(-9*time.Hour), 5, 2*time.Hour), failures(10, time.Second)), noon.Add(9 * time.Second), locked(15 * time.Minute)},
		{"a success between", slices.Concat(failures(9, time.Second), []account.Event{account.SignedIn{}}, failures(9, time.Second)), tenth, nil},
		{"a reset of the password unlocks", append(failures(10, time.Minute), account.PasswordReset{}), tenth, nil},
		{"one more after the lock", append(failures(10, time.Minute), account.SignInFailed{At: tenth.Add(16 * time.Minute)}), tenth.Add(17 * time.Minute), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			state := account.Fold(active(tt.events...)...)
			if diff := cmp.Diff(tt.want, state.Admit(tt.at, true)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAdmittingTellsNothingToWhoDoesNotKnowThePassword(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		given   []account.Event
		matches bool
		want    error
	}{
		{"unknown login", nil, false, errCredentials},
		{"unknown login, whatever was compared", nil, true, errCredentials},
		{"wrong password", active(), false, errCredentials},
		{"blocked, wrong password", active(account.Blocked{}), false, errCredentials},
		{"erased", active(account.Erased{}), true, errCredentials},
		{"blocked, right password", active(account.Blocked{}), true, problem.New(problem.Unauthenticated, "account-blocked")},
		{"right password", active(), true, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, account.Fold(tt.given...).Admit(noon, tt.matches)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheStateDoesNotGrowWithUse(t *testing.T) {
	t.Parallel()
	state := account.Fold(active()...)
	for i := range 1000 {
		id := strconv.Itoa(i)
		for _, e := range []account.Event{
			account.SignInFailed{AttemptID: id, At: noon.Add(time.Duration(i) * time.Hour)},
			account.PasswordResetRequested{ResetID: id, ExpiresAt: later},
		} {
			state = account.Evolve(state, e)
		}
	}
	failures, resets := len(state.Failures), len(state.Resets)
	for i := range 1000 {
		state = account.Evolve(state, account.SignedIn{SessionRef: strconv.Itoa(i)})
	}
	got := [3]int{failures, resets, len(state.Sessions)}
	if want := [3]int{10, 3, 64}; got != want {
		t.Errorf("failures, resets, sessions kept: %v, want %v", got, want)
	}
}
