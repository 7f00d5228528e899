package commands

import (
	"context"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
)

// ConfirmContact puts the caller's new phone or e-mail address into effect. Errors: wrong-code, code-expired,
// too-many-attempts.
func (a *Accounts) ConfirmContact(ctx context.Context, req Request, challengeID, code string) (Outcome[account.State], error) {
	ch, err := a.challenges.attempt(ctx, req, challengeID, code, confirmsContact, func(ch challenge, code string) (bool, error) {
		if ch.Account != req.Actor {
			return false, problem.New(problem.NotFound, "challenge-not-found")
		}
		return a.challenges.sentCode(ch, code)
	})
	if err != nil {
		return Outcome[account.State]{}, err
	}
	command := account.ConfirmContact{ChangeID: ch.Ref, At: a.deps.Now()}
	outcome, err := a.streams.accounts.execute(ctx, req, req.Actor, func(account.State) (account.Command, error) { return command, nil })
	return outcome, a.challenges.settle(ctx, ch, err)
}
