package commands

import (
	"context"

	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
)

// EnrolApplicant makes an active account whose phone is taken to be confirmed, and returns its id. It serves the demo
// and the measurements; people register themselves. An account that exists stays as it is.
func (a *Accounts) EnrolApplicant(ctx context.Context, req Request, form Registration) (string, error) {
	now := a.deps.Now()
	start := form.command(req, now)
	if faults := account.CheckRegistration(start, form.Password); len(faults) > 0 {
		return "", problem.Input(faults...)
	}
	id, current, err := a.accountOf(ctx, start.Login())
	if err != nil || current.Active {
		return id, err
	}
	if start.PasswordHash, err = a.passwords.hash(ctx, form.Password); err != nil {
		return "", err
	}
	if err := a.createKey(ctx, id); err != nil {
		return "", err
	}
	_, err = a.streams.accounts.execute(ctx, req, id, func(account.State) (account.Command, error) { return start, nil })
	if err != nil {
		return "", err
	}
	confirm := account.ConfirmRegistration{RegistrationID: start.RegistrationID, At: now}
	_, err = a.streams.accounts.execute(ctx, req.next(), id, func(account.State) (account.Command, error) { return confirm, nil })
	return id, err
}

// NewRequest describes a command that the system itself gives.
func NewRequest(role string) Request {
	id := uuid.Must(uuid.NewV7())
	return Request{CommandID: id, CausationID: id, CorrelationID: id, Role: role}
}
