package commands

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// SavedCard is the client card after saving, with the codes that new contacts wait for.
type SavedCard struct {
	Outcome[account.State]
	ConfirmPhone *Challenge // a new phone takes effect when this code is entered
	ConfirmEmail *Challenge // likewise a new e-mail address
}

// SaveClientCard changes fields of the caller's card, given as a JSON object; those that it lacks stay as they are.
// Errors: invalid with every fault, stale.
func (a *Accounts) SaveClientCard(
	ctx context.Context, req Request, fields json.RawMessage, phone, email string,
) (SavedCard, error) {
	now := a.deps.Now()
	command := account.SaveClientCard{
		Phone: phone, Email: email,
		PhoneChangeID:   uuid.NewSHA1(req.CommandID, []byte("phone")).String(),
		EmailChangeID:   uuid.NewSHA1(req.CommandID, []byte("email")).String(),
		ChangesExpireAt: now.Add(registrationLifetime), At: now,
	}
	// The card has a version of its own: signing in elsewhere changes the account, and is no reason to refuse.
	seen := req.IfMatch
	req.IfMatch = nil
	outcome, err := a.streams.accounts.execute(ctx, req, req.Actor, func(s account.State) (account.Command, error) {
		if seen != nil && *seen != int64(s.CardVersion) {
			return nil, problem.New(problem.Stale, "stale")
		}
		command.Card = s.Card
		if err := json.Unmarshal(fields, &command.Card); err != nil {
			return nil, fmt.Errorf("reading the fields of the card: %w", err)
		}
		return command, nil
	})
	if err != nil {
		return SavedCard{}, err
	}
	saved := SavedCard{Outcome: outcome}
	s := outcome.State
	if s.PhoneChange.ChangeID == command.PhoneChangeID {
		if err := a.challenges.quota(ctx, s.PhoneChange.Value); err != nil {
			return SavedCard{}, err
		}
		saved.ConfirmPhone, err = a.confirmContact(ctx, req, command.PhoneChangeID, s, func(code string) error {
			return a.sms(ctx, s.PhoneChange.Value, contactSMS, s.Language, code)
		})
		if err != nil {
			return SavedCard{}, err
		}
	}
	if s.EmailChange.ChangeID == command.EmailChangeID {
		saved.ConfirmEmail, err = a.confirmContact(ctx, req, command.EmailChangeID, s, func(code string) error {
			return a.emailCode(ctx, s.EmailChange.Value, s.Language, code)
		})
		if err != nil {
			return SavedCard{}, err
		}
	}
	return saved, nil
}

func (a *Accounts) confirmContact(
	ctx context.Context, req Request, change string, s account.State, send func(code string) error,
) (*Challenge, error) {
	ch := challenge{Purpose: confirmsContact, Account: req.Actor, Ref: change, Language: s.Language, Epoch: s.CredentialEpoch}
	issued, err := a.challenges.issue(ctx, change, ch, send)
	return &issued, err
}

func (a *Accounts) emailCode(ctx context.Context, address string, l text.Language, code string) error {
	return a.deps.Messages.Email(ctx, address, contactEmailSubject.In(l), fmt.Sprintf(contactEmail.In(l), code))
}
