package commands

import (
	"context"

	"services.example/portal/domain/account"
)

// SignOut ends the caller's session.
func (a *Accounts) SignOut(ctx context.Context, req Request) error {
	if err := a.deps.Sessions.End(ctx, req.Session); err != nil {
		return err
	}
	command := account.RecordSignOut{SessionRef: req.Session, At: a.deps.Now()}
	_, err := a.streams.accounts.execute(ctx, req, req.Actor, func(account.State) (account.Command, error) { return command, nil })
	return err
}
