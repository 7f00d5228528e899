package commands

import (
	"context"

	"services.example/portal/domain/account"
	"services.example/portal/domain/text"
)

// ResendCode sends a new code for a challenge. Errors: resend-too-soon, too-many-codes, code-expired, challenge-not-found.
func (a *Accounts) ResendCode(ctx context.Context, challengeID string) (Challenge, error) {
	return a.challenges.resend(ctx, challengeID, func(ch challenge) (send func(code string) error, err error) {
		s, err := a.streams.accounts.state(ctx, ch.Account)
		if err != nil {
			return nil, err
		}
		if ch.Purpose == confirmsContact && s.EmailChange.ChangeID == ch.Ref {
			address := s.EmailChange.Value
			send = func(code string) error { return a.emailCode(ctx, address, ch.Language, code) }
			return send, a.challenges.quota(ctx, address)
		}
		phone, words := recipient(s, ch)
		if phone == "" {
			return nil, codeExpired()
		}
		send = func(code string) error { return a.sms(ctx, phone, words, ch.Language, code) }
		return send, a.challenges.quota(ctx, phone)
	})
}

// recipient says to which phone a challenge's code goes, and in which words. No phone: the challenge is out of date.
func recipient(s account.State, ch challenge) (phone string, words text.Text) {
	switch {
	case ch.Purpose == confirmsRegistration && s.Pending.RegistrationID == ch.Ref:
		return s.Pending.Phone, registrationSMS
	case ch.Purpose == confirmsSignIn:
		return s.Phone, signInSMS
	case ch.Purpose == confirmsContact && s.PhoneChange.ChangeID == ch.Ref:
		return s.PhoneChange.Value, contactSMS
	default:
		return "", text.Text{}
	}
}
