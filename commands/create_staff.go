package commands

import (
	"context"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
)

// CreateStaff makes an account of somebody who works with applications, and returns its id. Errors: invalid with every
// fault, identity-taken.
func (a *Accounts) CreateStaff(ctx context.Context, req Request, form account.CreateStaff, password string) (string, error) {
	number, err := identity.ParseNumber(form.IIN)
	if err != nil {
		return "", problem.Input(problem.Field{Location: "iin", Code: "iin-invalid"})
	}
	if faults := account.CheckNewPassword(account.State{Number: number.String()}, "password", password); len(faults) > 0 {
		return "", problem.Input(faults...)
	}
	id, current, err := a.accountOf(ctx, number.String())
	if err != nil {
		return "", err
	}
	if current.Active {
		return id, problem.New(problem.WrongState, "identity-taken")
	}
	if err := a.createKey(ctx, id); err != nil {
		return "", err
	}
	form.At = a.deps.Now()
	if form.PasswordHash, err = a.passwords.hash(ctx, password); err != nil {
		return "", err
	}
	_, err = a.streams.accounts.execute(ctx, req, id, func(account.State) (account.Command, error) { return form, nil })
	return id, err
}
