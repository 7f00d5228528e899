package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
)

// Registration is the registration form.
type Registration struct {
	Kind, IIN, BIN, Organization     string
	LastName, FirstName, MiddleName  string
	Email, Phone, Password, Language string
	NotifyBy                         []string
}

// Register starts a registration and sends the code that confirms the phone. Errors: invalid with every fault,
// identity-taken, too-many-codes.
func (a *Accounts) Register(ctx context.Context, req Request, form Registration) (Challenge, error) {
	command := form.command(req, a.deps.Now())
	if faults := account.CheckRegistration(command, form.Password); len(faults) > 0 {
		return Challenge{}, problem.Input(faults...)
	}
	id, current, err := a.accountOf(ctx, command.Login())
	if err != nil {
		return Challenge{}, err
	}
	if current.Active {
		return Challenge{}, problem.New(problem.WrongState, "identity-taken")
	}
	if command.PasswordHash, err = a.passwords.hash(ctx, form.Password); err != nil {
		return Challenge{}, err
	}
	if err := a.createKey(ctx, id); err != nil {
		return Challenge{}, err
	}
	outcome, err := a.streams.accounts.execute(ctx, req, id, func(account.State) (account.Command, error) { return command, nil })
	if err != nil {
		return Challenge{}, err
	}
	pending := outcome.State.Pending
	if err := a.challenges.quota(ctx, pending.Phone); err != nil {
		return Challenge{}, err
	}
	ch := challenge{Purpose: confirmsRegistration, Account: id, Ref: pending.RegistrationID, Language: pending.Language}
	return a.challenges.issue(ctx, challengeID(req, confirmsRegistration), ch, func(code string) error {
		return a.sms(ctx, pending.Phone, registrationSMS, pending.Language, code)
	})
}

// command is the form as the decider takes it.
func (form Registration) command(req Request, at time.Time) account.StartRegistration {
	return account.StartRegistration{
		RegistrationID: req.derivedID("registration"),
		Kind:           form.Kind, IIN: form.IIN, BIN: form.BIN, Organization: form.Organization,
		LastName: form.LastName, FirstName: form.FirstName, MiddleName: form.MiddleName,
		Email: form.Email, Phone: form.Phone, NotifyBy: form.NotifyBy, Language: form.Language,
		At: at, ExpiresAt: at.Add(registrationLifetime),
	}
}

// registrationLifetime is how long a registration waits for its code.
const registrationLifetime = challengeGrace

// createKey makes sure that the personal data of an account can be encrypted.
func (a *Accounts) createKey(ctx context.Context, id string) error {
	err := a.deps.Keys.Create(ctx, id)
	if errors.Is(err, codec.ErrKeyDestroyed) {
		return problem.New(problem.WrongState, "account-erased")
	}
	if err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	return nil
}

func (a *Accounts) sms(ctx context.Context, phone string, words text.Text, l text.Language, code string) error {
	_, err := a.deps.Messages.SMS(ctx, "", phone, fmt.Sprintf(words.In(l), code))
	return err
}
