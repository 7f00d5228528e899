package commands

import (
	"context"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
)

// ResetPassword sets a new password by the link that was sent; all sessions end. Errors: reset-expired, invalid.
func (a *Accounts) ResetPassword(ctx context.Context, req Request, token, password string) error {
	id, resetID, err := a.readResetToken(token)
	if err != nil {
		return err
	}
	command := account.ResetPassword{ResetID: resetID, At: a.deps.Now()}
	repeated, err := a.streams.accounts.repeated(ctx, req, id)
	if err != nil {
		return err
	}
	if !repeated {
		if command.NewHash, err = a.hashForReset(ctx, id, command, password); err != nil {
			return err
		}
	}
	outcome, err := a.streams.accounts.execute(ctx, req, id, func(account.State) (account.Command, error) { return command, nil })
	if err != nil {
		return err
	}
	if err := a.deps.Sessions.EndAll(ctx, id, ""); err != nil {
		return err
	}
	return a.tellPasswordChanged(ctx, outcome.State)
}

// hashForReset hashes a new password, once it is clear that it can be set.
func (a *Accounts) hashForReset(ctx context.Context, id string, command account.ResetPassword, password string) (string, error) {
	s, err := a.streams.accounts.state(ctx, id)
	if err != nil {
		return "", err
	}
	if err := s.CheckReset(command.ResetID, command.At); err != nil {
		return "", err
	}
	if faults := account.CheckNewPassword(s, "password", password); len(faults) > 0 {
		return "", problem.Input(faults...)
	}
	return a.passwords.hash(ctx, password)
}

// tellPasswordChanged lets the owner know, so that somebody else's change does not go unseen.
func (a *Accounts) tellPasswordChanged(ctx context.Context, s account.State) error {
	_, err := a.deps.Messages.Email(ctx, "", s.Email, passwordChangedSubject.In(s.Language), passwordChangedEmail.In(s.Language))
	return err
}
