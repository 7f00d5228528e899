package commands

import (
	"context"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
)

// maxPasswordBytes keeps absurd input away from the hash.
const maxPasswordBytes = 1024

// SignIn checks login and password and sends the code that completes the sign-in; staff with an authenticator use its
// code instead. Errors: invalid-credentials, the same for an unknown login and a wrong password; too-many-attempts.
func (a *Accounts) SignIn(ctx context.Context, req Request, login, password string, stay bool) (Challenge, error) {
	number, err := identity.ParseNumber(login)
	if err != nil || len(password) > maxPasswordBytes {
		return Challenge{}, problem.New(problem.Unauthenticated, "invalid-credentials")
	}
	id, s, err := a.accountOf(ctx, number.String())
	if err != nil {
		return Challenge{}, err
	}
	matches, err := a.passwords.matches(ctx, password, s.PasswordHash)
	if err != nil {
		return Challenge{}, err
	}
	if err := s.Admit(a.deps.Now(), matches); err != nil {
		return Challenge{}, a.refuse(ctx, req, id, s, err)
	}
	ch := challenge{
		Purpose: confirmsSignIn, Account: id, Language: s.Language, Epoch: s.CredentialEpoch, Stay: stay, TOTP: s.TOTPSecret != "",
	}
	if !ch.TOTP {
		if err := a.challenges.quota(ctx, s.Phone); err != nil {
			return Challenge{}, err
		}
	}
	return a.challenges.issue(ctx, challengeID(req, confirmsSignIn), ch, func(code string) error {
		return a.sms(ctx, s.Phone, signInSMS, s.Language, code)
	})
}

// refuse counts a failed try, also at a login that nobody has, so that both look the same.
func (a *Accounts) refuse(ctx context.Context, req Request, id string, s account.State, refusal error) error {
	switch {
	case !problem.Has(refusal, "invalid-credentials"):
		return refusal
	case s.Active:
		if err := a.recordFailure(ctx, req, id, account.WrongPassword); err != nil {
			return err
		}
	default:
		if err := a.challenges.failStranger(ctx, id); err != nil {
			return err
		}
	}
	return refusal
}

// recordFailure keeps a failed try in the account's history; enough of them lock it. Error: too-many-attempts.
func (a *Accounts) recordFailure(ctx context.Context, req Request, id string, reason account.FailureReason) error {
	command := account.RecordFailedSignIn{AttemptID: req.CommandID.String(), Reason: reason, At: a.deps.Now()}
	_, err := a.streams.accounts.execute(ctx, req, id, func(account.State) (account.Command, error) { return command, nil })
	return err
}
