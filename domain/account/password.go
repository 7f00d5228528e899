package account

import (
	"fmt"
	"slices"
	"time"

	"services.example/portal/domain/problem"
)

func changePassword(s State, c ChangePassword) ([]Event, error) {
	if c.NewHash == "" {
		return nil, fmt.Errorf("change password: %w", errIncomplete)
	}
	if err := exists(s); err != nil {
		return nil, err
	}
	if c.NewHash == s.PasswordHash {
		return nil, nil
	}
	if err := s.lock(c.At); err != nil { // else a stolen session could guess on
		return nil, err
	}
	if !c.CurrentMatches {
		return nil, problem.Input(problem.Field{Location: "current", Code: "wrong-password"})
	}
	return []Event{PasswordChanged{
		PasswordHash: c.NewHash, CredentialEpoch: s.CredentialEpoch + 1, SessionRef: c.SessionRef, At: c.At,
	}}, nil
}

func requestPasswordReset(s State, c RequestPasswordReset) ([]Event, error) {
	if c.ResetID == "" || !c.ExpiresAt.After(c.At) {
		return nil, fmt.Errorf("request password reset: %w", errIncomplete)
	}
	if !s.Active || s.Blocked {
		return nil, notFound()
	}
	if c.ResetID == s.ResetDone || slices.ContainsFunc(s.Resets, reset(c.ResetID)) {
		return nil, nil
	}
	return []Event{PasswordResetRequested(c)}, nil
}

func resetPassword(s State, c ResetPassword) ([]Event, error) {
	if c.ResetID == "" || c.NewHash == "" {
		return nil, fmt.Errorf("reset password: %w", errIncomplete)
	}
	if c.ResetID == s.ResetDone && c.NewHash == s.PasswordHash {
		return nil, nil
	}
	if err := s.CheckReset(c.ResetID, c.At); err != nil {
		return nil, err
	}
	return []Event{PasswordReset{
		ResetID: c.ResetID, PasswordHash: c.NewHash, CredentialEpoch: s.CredentialEpoch + 1, At: c.At,
	}}, nil
}

// CheckReset tells whether a link for a new password can still be used: before its time is over, once, and only one of
// the last three.
func (s State) CheckReset(id string, at time.Time) error {
	i := slices.IndexFunc(s.Resets, reset(id))
	if i < 0 || s.Blocked || !at.Before(s.Resets[i].ExpiresAt) {
		return problem.New(problem.Gone, "reset-expired")
	}
	return nil
}

func reset(id string) func(PasswordResetRequested) bool {
	return func(r PasswordResetRequested) bool { return r.ResetID == id }
}
