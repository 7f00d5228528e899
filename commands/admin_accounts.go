package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// AnyAccount is somebody's account, as the portal's administrators see it.
type AnyAccount struct {
	ID       string         `json:"id" format:"uuid"`
	Kind     account.Kind   `json:"kind" enum:"individual,legal"`
	Name     string         `json:"name"`
	Login    string         `json:"login" doc:"IIN or BIN"`
	Roles    []account.Role `json:"roles"`
	Provider string         `json:"provider,omitempty" doc:"Of staff, by its id"`
	Phone    string         `json:"phone"`
	Email    string         `json:"email"`
	Active   bool           `json:"active"`
	Blocked  bool           `json:"blocked"`
}

// FindAccount finds the account of an IIN or BIN; nil if there is none, or none any more. Nobody can be found by less than
// the whole number. Error: invalid, for what is no number.
func (a *Accounts) FindAccount(ctx context.Context, login string) (*AnyAccount, error) {
	number, err := identity.ParseNumber(login)
	if fault, ok := errors.AsType[*identity.Error](err); ok {
		return nil, problem.Input(fault.Field("login"))
	}
	if err != nil {
		return nil, fmt.Errorf("reading a login: %w", err)
	}
	id, s, err := a.accountOf(ctx, number.String())
	if err != nil || !s.Active {
		return nil, err
	}
	return &AnyAccount{
		ID: id, Kind: s.Kind, Name: s.Name(), Login: s.Number, Roles: slices.Clone(s.Roles), Provider: s.ProviderID,
		Phone: s.Phone, Email: s.Email, Active: s.Active, Blocked: s.Blocked,
	}, nil
}

// BlockAccount keeps somebody out, whoever they are, and ends their sessions. Errors: account-not-found, own-account,
// stale, invalid for a reason that says nothing.
func (a *Accounts) BlockAccount(ctx context.Context, req Request, id, reason string) (Outcome[account.State], error) {
	outcome, err := a.commandOther(ctx, req, id, reason, account.Block{Reason: reason, At: a.deps.Now()})
	if err != nil {
		return Outcome[account.State]{}, err
	}
	// Also of who was blocked before: the process that did it may have died before it came to this.
	return outcome, a.deps.Sessions.EndAll(ctx, canonical(id), "")
}

// UnblockAccount lets somebody in again. Errors: those of BlockAccount.
func (a *Accounts) UnblockAccount(ctx context.Context, req Request, id, reason string) (Outcome[account.State], error) {
	return a.commandOther(ctx, req, id, reason, account.Unblock{Reason: reason, At: a.deps.Now()})
}

// CorrectContacts puts another phone, another e-mail address or both into effect at once, for somebody whose identity was
// checked. Their sessions end, and the contacts that were replaced are told. Errors: those of BlockAccount, invalid with
// every fault, message-not-sent: the contacts are in effect, and the same command again tells the replaced ones.
func (a *Accounts) CorrectContacts(
	ctx context.Context, req Request, id, phone, email, reason string,
) (Outcome[account.State], error) {
	command := account.CorrectContacts{Phone: phone, Email: email, Reason: reason, At: a.deps.Now()}
	outcome, err := a.commandOther(ctx, req, id, reason, command)
	if err != nil {
		return Outcome[account.State]{}, err
	}
	if err := a.deps.Sessions.EndAll(ctx, canonical(id), ""); err != nil {
		return Outcome[account.State]{}, err
	}
	return outcome, a.tellContactsCorrected(ctx, req, outcome.State, phone != "", email != "")
}

// commandOther gives a command to somebody else's account: nobody checks their own identity.
func (a *Accounts) commandOther(
	ctx context.Context, req Request, id, reason string, command account.Command,
) (Outcome[account.State], error) {
	if _, err := uuid.Parse(id); err != nil {
		return Outcome[account.State]{}, problem.New(problem.NotFound, "account-not-found")
	}
	id = canonical(id)
	if id == req.Actor {
		return Outcome[account.State]{}, problem.New(problem.WrongState, "own-account")
	}
	return a.streams.accounts.execute(ctx, req, id, func(s account.State) (account.Command, error) {
		if !s.Active {
			return nil, problem.New(problem.NotFound, "account-not-found")
		}
		if _, corrects := command.(account.CorrectContacts); corrects {
			return command, nil // which reads the reason with everything else
		}
		_, faults := text.Written("reason", reason, text.MaxWritten)
		return command, problem.Input(faults...)
	})
}

// tellContactsCorrected tells the contacts that were replaced, so that somebody else's change does not go unseen. What
// cannot be reached at all any more is why contacts are corrected: it is left. The same command tells under the same ids.
func (a *Accounts) tellContactsCorrected(ctx context.Context, req Request, s account.State, phone, email bool) error {
	id := func(channel account.Channel) string { return req.derivedID(string(channel)) }
	var faults []error
	tell := func(channel account.Channel, send func() (string, error)) {
		_, err := send()
		var fault GatewayFault
		if errors.As(err, &fault) && fault.Permanent() {
			slog.InfoContext(ctx, "a replaced contact cannot be reached", "channel", channel, "reason", fault.Reason())
			return
		}
		if err != nil {
			faults = append(faults, notSent(ctx, err))
		}
	}
	if phone && s.FormerPhone != "" {
		tell(account.SMS, func() (string, error) {
			return a.deps.Messages.SMS(ctx, id(account.SMS), s.FormerPhone, contactCorrectedSMS.In(s.Language))
		})
	}
	if email && s.FormerEmail != "" {
		tell(account.Email, func() (string, error) {
			return a.deps.Messages.Email(ctx, id(account.Email), s.FormerEmail,
				contactCorrectedSubject.In(s.Language), contactCorrectedEmail.In(s.Language))
		})
	}
	return errors.Join(faults...)
}
