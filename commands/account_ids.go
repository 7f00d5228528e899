package commands

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
)

// maxErased bounds how often one number can be erased.
const maxErased = 1000

// accountOf is the id of the account of an IIN or BIN. Whoever was erased and comes back is somebody new: the next account
// of the number, under another key. Nobody can tell that from the two ids.
func (a *Accounts) accountOf(ctx context.Context, number string) (string, account.State, error) {
	id := a.deps.Secrets.AccountID(number)
	for again := range maxErased {
		s, err := a.streams.accounts.state(ctx, id)
		if err != nil || !s.Erased {
			return id, s, err
		}
		id = a.deps.Secrets.AccountID(fmt.Sprintf("%s after %d erasures", number, again+1))
	}
	return "", account.State{}, problem.New(problem.WrongState, "account-erased")
}

// IDOf is the id of the account with this IIN, BIN or id, also of one that was erased and is asked for by its id. Error:
// account-not-found.
func (a *Accounts) IDOf(ctx context.Context, who string) (string, error) {
	id := canonical(who)
	number, err := identity.ParseNumber(who)
	if err == nil {
		if id, _, err = a.accountOf(ctx, number.String()); err != nil {
			return "", err
		}
	} else if _, err := uuid.Parse(who); err != nil {
		return "", problem.New(problem.NotFound, "account-not-found")
	}
	s, err := a.streams.accounts.state(ctx, id)
	if err != nil {
		return "", err
	}
	if !s.Active && !s.Erased && s.Pending.RegistrationID == "" {
		return "", problem.New(problem.NotFound, "account-not-found")
	}
	return id, nil
}
