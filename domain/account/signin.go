package account

import (
	"fmt"
	"slices"
	"time"

	"services.example/portal/domain/problem"
)

// Admit tells whether the person may go on to the code, given whether the password was right. It answers the same for
// an account that does not exist and for a wrong password; that an account is blocked only who knows the password learns.
func (s State) Admit(at time.Time, passwordMatches bool) error {
	if err := s.lock(at); err != nil {
		return err
	}
	switch {
	case !s.Active || !passwordMatches:
		return problem.New(problem.Unauthenticated, "invalid-credentials")
	case s.Blocked:
		return problem.New(problem.Unauthenticated, "account-blocked")
	default:
		return nil
	}
}

// lock refuses tries after too many failures, until the time is over.
func (s State) lock(at time.Time) error {
	if !at.Before(s.LockedUntil) {
		return nil
	}
	return &problem.Problem{Kind: problem.TooMany, Code: "too-many-attempts", RetryAfter: s.LockedUntil.Sub(at)}
}

func recordSignIn(s State, c RecordSignIn) ([]Event, error) {
	if c.SessionRef == "" {
		return nil, fmt.Errorf("record sign-in: %w", errIncomplete)
	}
	if slices.Contains(s.Sessions, c.SessionRef) {
		return nil, nil
	}
	if err := s.Admit(c.At, true); err != nil {
		return nil, err
	}
	return []Event{SignedIn(c)}, nil
}

func recordFailedSignIn(s State, c RecordFailedSignIn) ([]Event, error) {
	if c.AttemptID == "" {
		return nil, fmt.Errorf("record failed sign-in: %w", errIncomplete)
	}
	if err := exists(s); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(s.Failures, func(f SignInFailed) bool { return f.AttemptID == c.AttemptID }) {
		return nil, nil
	}
	if err := s.lock(c.At); err != nil {
		return nil, err
	}
	return []Event{SignInFailed(c)}, nil
}

func recordSignOut(s State, c RecordSignOut) ([]Event, error) {
	if !slices.Contains(s.Sessions, c.SessionRef) {
		return nil, nil
	}
	return []Event{SignedOut(c)}, nil
}
