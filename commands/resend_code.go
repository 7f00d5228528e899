package commands

import (
	"context"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// ResendCode sends a new code for a challenge. Errors: resend-too-soon, too-many-codes, code-expired, challenge-not-found.
func (a *Accounts) ResendCode(ctx context.Context, challengeID string) (Challenge, error) {
	return a.challenges.resend(ctx, challengeID, func(ch challenge, code string) error {
		s, err := a.streams.accounts.state(ctx, ch.Account)
		if err != nil {
			return err
		}
		if ch.Purpose == confirmsContact && s.EmailChange.ChangeID == ch.Ref {
			return a.emailCode(ctx, s.EmailChange.Value, ch.Language, code)
		}
		phone, words := recipient(s, ch)
		if phone == "" {
			return problem.New(problem.Gone, "code-expired")
		}
		if err := a.challenges.quota(ctx, phone); err != nil {
			return err
		}
		return a.sms(ctx, phone, words, ch.Language, code)
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
