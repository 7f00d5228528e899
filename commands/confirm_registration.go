package commands

import (
	"context"

	"services.example/portal/domain/account"
)

// ConfirmRegistration makes the account active and signs its owner in. Errors: wrong-code, code-expired,
// too-many-attempts, identity-taken.
func (a *Accounts) ConfirmRegistration(ctx context.Context, req Request, challengeID, code string) (SignedIn, error) {
	ch, err := a.challenges.attempt(ctx, req, challengeID, code, confirmsRegistration, a.challenges.sentCode)
	if err != nil {
		return SignedIn{}, err
	}
	confirm := account.ConfirmRegistration{RegistrationID: ch.Ref, At: a.deps.Now()}
	req.Actor = ch.Account
	outcome, err := a.streams.accounts.execute(ctx, req, ch.Account,
		func(account.State) (account.Command, error) { return confirm, nil })
	if err != nil {
		return SignedIn{}, a.challenges.settle(ctx, ch, err)
	}
	if outcome.State.CredentialEpoch != ch.Epoch { // the command again, after the password was changed
		return SignedIn{}, codeExpired()
	}
	signedIn, err := a.startSession(ctx, req.next(), ch.Account, outcome.State, false)
	return signedIn, a.challenges.settle(ctx, ch, err)
}
