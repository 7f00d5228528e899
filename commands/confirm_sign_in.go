package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/readstore"
)

// ConfirmSignIn completes a sign-in with its code. Errors: wrong-code, code-expired, too-many-attempts.
func (a *Accounts) ConfirmSignIn(ctx context.Context, req Request, challengeID, code string) (SignedIn, error) {
	ch, err := a.challenges.attempt(ctx, req, challengeID, code, confirmsSignIn, func(ch challenge, code string) (bool, error) {
		if ch.TOTP {
			return a.totpMatches(ctx, ch, code)
		}
		return a.challenges.sentCode(ch, code)
	})
	if problem.Has(err, "wrong-code") {
		// An account that was erased in the meantime counts nothing any more.
		if err := a.recordFailure(ctx, req, ch.Account, account.WrongCode); err != nil && !problem.Has(err, "account-not-found") {
			return SignedIn{}, err
		}
	}
	if err != nil {
		return SignedIn{}, err
	}
	signedIn, err := a.completeSignIn(ctx, req, ch)
	return signedIn, a.challenges.settle(ctx, ch, err)
}

// completeSignIn opens the session for which the code was right, unless the password was changed after it was checked.
func (a *Accounts) completeSignIn(ctx context.Context, req Request, ch challenge) (SignedIn, error) {
	s, err := a.streams.accounts.state(ctx, ch.Account)
	if err != nil {
		return SignedIn{}, err
	}
	if s.CredentialEpoch != ch.Epoch || !s.Active || s.Blocked {
		return SignedIn{}, codeExpired()
	}
	return a.startSession(ctx, req, ch.Account, s, ch.Stay)
}

// totpMatches checks a code of an authenticator (RFC 6238): of this half minute or a neighbouring one, and each only once.
func (a *Accounts) totpMatches(ctx context.Context, ch challenge, code string) (bool, error) {
	s, err := a.streams.accounts.state(ctx, ch.Account)
	if err != nil || s.TOTPSecret == "" {
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
			return a.useTOTP(ctx, ch, at.Unix()/totpPeriod)
		}
	}
	return false, nil
}

// totpPeriod is how long a code of an authenticator holds, in seconds.
const totpPeriod = 30

// usedTOTP says for which challenge a time step's code was used.
type usedTOTP struct {
	Challenge string `bson:"challenge"`
}

// useTOTP marks a time step's code as used for a challenge. It answers false if it was used for another one before.
func (a *Accounts) useTOTP(ctx context.Context, ch challenge, step int64) (bool, error) {
	body, err := bson.Marshal(usedTOTP{Challenge: ch.id})
	if err != nil {
		return false, fmt.Errorf("encoding the use of an authenticator code: %w", err)
	}
	name := fmt.Sprintf("totp-%s-%d", ch.Account, step)
	entry := readstore.Entry{ID: name, Expires: a.deps.Now().Add(4 * totpPeriod * time.Second), Body: body}
	_, err = a.deps.Entries.PutEntry(ctx, ChallengeCollection.Name, entry)
	if !errors.Is(err, readstore.ErrChanged) {
		if err != nil {
			return false, fmt.Errorf("marking an authenticator code as used: %w", err)
		}
		return true, nil
	}
	if entry, err = a.deps.Entries.Entry(ctx, ChallengeCollection.Name, name); err != nil {
		return false, fmt.Errorf("finding the use of an authenticator code: %w", err)
	}
	var used usedTOTP
	if err := entry.Decode(&used); err != nil {
		return false, err
	}
	return used.Challenge == ch.id, nil
}
