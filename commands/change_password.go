package commands

import (
	"context"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
)

// ChangePassword replaces the caller's password; all their other sessions end. Errors: wrong-password, invalid.
func (a *Accounts) ChangePassword(ctx context.Context, req Request, current, chosen string) error {
	s, err := a.streams.accounts.state(ctx, req.Actor)
	if err != nil {
		return err
	}
	if faults := account.CheckNewPassword(s, "new", chosen); len(faults) > 0 {
		return problem.Input(faults...)
	}
	if len(current) > maxPasswordBytes {
		current = ""
	}
	matches, err := a.passwords.matches(ctx, current, s.PasswordHash)
	if err != nil {
		return err
	}
	command := account.ChangePassword{SessionRef: req.Session, At: a.deps.Now()}
	if command.NewHash, err = a.passwords.hash(ctx, chosen); err != nil {
		return err
	}
	outcome, err := a.streams.accounts.execute(ctx, req, req.Actor, func(now account.State) (account.Command, error) {
		// The password that was compared may have been replaced since, by a link for instance.
		command.CurrentMatches = matches && now.PasswordHash == s.PasswordHash
		return command, nil
	})
	if problem.Has(err, "invalid") && !matches {
		// A stolen session must not become a place to guess the password.
		if err := a.recordFailure(ctx, req.next(), req.Actor, account.WrongPassword); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if err := a.deps.Sessions.EndAll(ctx, req.Actor, req.Session); err != nil {
		return err
	}
	return a.tellPasswordChanged(ctx, outcome.State)
}
