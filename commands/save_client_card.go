package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity"
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
// Errors: invalid with every fault, stale, too-many-codes.
func (a *Accounts) SaveClientCard(
	ctx context.Context, req Request, fields json.RawMessage, phone, email string,
) (SavedCard, error) {
	now := a.deps.Now()
	command := account.SaveClientCard{
		Phone: phone, Email: email,
		PhoneChangeID:   req.derivedID("phone"),
		EmailChangeID:   req.derivedID("email"),
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
	if newPhone, err := identity.ParsePhone(strings.TrimSpace(phone)); err == nil && s.PhoneChangedBy != s.PhoneChange.ChangeID {
		saved.ConfirmPhone, err = a.confirmContact(ctx, req.Actor, s, s.PhoneChange, newPhone.String(), func(code string) error {
			return a.sms(ctx, s.PhoneChange.Value, contactSMS, s.Language, code)
		})
		if err != nil {
			return SavedCard{}, err
		}
	}
	if newEmail, err := identity.ParseEmail(strings.TrimSpace(email)); err == nil && s.EmailChangedBy != s.EmailChange.ChangeID {
		saved.ConfirmEmail, err = a.confirmContact(ctx, req.Actor, s, s.EmailChange, newEmail.String(), func(code string) error {
			return a.emailCode(ctx, s.EmailChange.Value, s.Language, code)
		})
		if err != nil {
			return SavedCard{}, err
		}
	}
	return saved, nil
}

// confirmContact sends the code for a new contact, if that is what somebody has just asked for. Who asks for the same
// one again, having closed the window perhaps, gets the challenge that waits already.
func (a *Accounts) confirmContact(
	ctx context.Context, id string, s account.State, change account.ContactChangeRequested, wanted string,
	send func(code string) error,
) (*Challenge, error) {
	if change.Value != wanted || !a.deps.Now().Before(change.ExpiresAt) {
		return nil, nil
	}
	ch := challenge{Purpose: confirmsContact, Account: id, Ref: change.ChangeID, Language: s.Language, Epoch: s.CredentialEpoch}
	issued, err := a.challenges.issue(ctx, change.ChangeID, ch, func(code string) error {
		if err := a.challenges.quota(ctx, change.Value); err != nil {
			return err
		}
		return send(code)
	})
	return &issued, err
}

func (a *Accounts) emailCode(ctx context.Context, address string, l text.Language, code string) error {
	_, err := a.deps.Messages.Email(ctx, "", address, contactEmailSubject.In(l), fmt.Sprintf(contactEmail.In(l), code))
	return err
}
