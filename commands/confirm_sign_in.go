package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/readstore"
)

// ConfirmSignIn completes a sign-in with its code. Errors: wrong-code, code-expired, too-many-attempts.
func (a *Accounts) ConfirmSignIn(ctx context.Context, req Request, challengeID, code string) (SignedIn, error) {
	ch, err := a.challenges.attempt(ctx, challengeID, code, confirmsSignIn, func(ch challenge, code string) (bool, error) {
		if ch.TOTP {
			return a.totpMatches(ctx, ch.Account, code)
		}
		return a.challenges.sentCode(ch, code)
	})
	if problem.Has(err, "wrong-code") {
		if err := a.recordFailure(ctx, req, ch.Account, account.WrongCode); err != nil {
			return SignedIn{}, err
		}
	}
	if err != nil {
		return SignedIn{}, err
	}
	s, err := a.streams.accounts.state(ctx, ch.Account)
	if err != nil {
		return SignedIn{}, err
	}
	if s.CredentialEpoch != ch.Epoch || !s.Active || s.Blocked {
		return SignedIn{}, problem.New(problem.Gone, "code-expired")
	}
	signedIn, err := a.startSession(ctx, req, ch.Account, s, ch.Stay)
	return signedIn, a.challenges.settle(ctx, ch, err)
}

// totpMatches checks a code of an authenticator (RFC 6238): of this half minute or a neighbouring one, and each only once.
func (a *Accounts) totpMatches(ctx context.Context, id, code string) (bool, error) {
	s, err := a.streams.accounts.state(ctx, id)
	if err != nil {
		return false, err
	}
	options := totp.ValidateOpts{Period: totpPeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}
	for _, step := range []int64{0, -1, 1} {
		at := a.deps.Now().Add(time.Duration(step) * totpPeriod * time.Second)
		valid, err := totp.ValidateCustom(code, s.TOTPSecret, at, options)
		if err != nil && !errors.Is(err, otp.ErrValidateInputInvalidLength) {
			return false, fmt.Errorf("checking an authenticator code: %w", err)
		}
		if valid {
			return a.useTOTP(ctx, id, at.Unix()/totpPeriod)
		}
	}
	return false, nil
}

// totpPeriod is how long a code of an authenticator holds, in seconds.
const totpPeriod = 30

// useTOTP marks a time step's code as used. It answers false if it was used before.
func (a *Accounts) useTOTP(ctx context.Context, id string, step int64) (bool, error) {
	name := fmt.Sprintf("totp-%s-%d", id, step)
	entry := readstore.Entry{ID: name, Expires: a.deps.Now().Add(4 * totpPeriod * time.Second), Body: emptyDocument}
	_, err := a.deps.Entries.PutEntry(ctx, ChallengeCollection.Name, entry)
	if errors.Is(err, readstore.ErrChanged) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("marking an authenticator code as used: %w", err)
	}
	return true, nil
}

// emptyDocument is a BSON document without members.
var emptyDocument = []byte{5, 0, 0, 0, 0}
