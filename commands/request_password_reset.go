package commands

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
)

const resetLifetime = time.Hour

// RequestPasswordReset sends a link by e-mail with which a new password can be set once. Nobody learns from the answer
// whether there is such an account.
func (a *Accounts) RequestPasswordReset(ctx context.Context, req Request, login string) error {
	number, err := identity.ParseNumber(login)
	if err != nil {
		return nil //nolint:nilerr // the answer is the same whatever the login is
	}
	id, s, err := a.accountOf(ctx, number.String())
	if err != nil {
		return err
	}
	if !s.Active || s.Blocked || s.Erased {
		return nil
	}
	err = a.challenges.quota(ctx, s.Email)
	if problem.Has(err, "too-many-codes") {
		slog.WarnContext(ctx, "password reset not sent: too many for one address", "account", id)
		return nil
	}
	if err != nil {
		return err
	}
	now := a.deps.Now()
	command := account.RequestPasswordReset{
		ResetID: req.derivedID("reset"), ExpiresAt: now.Add(resetLifetime), At: now,
	}
	_, err = a.streams.accounts.execute(ctx, req, id, func(account.State) (account.Command, error) { return command, nil })
	if err != nil {
		return err
	}
	link := a.deps.SiteURL + "/password-reset#token=" + a.resetToken(id, command.ResetID)
	_, err = a.deps.Messages.Email(ctx, "", s.Email, resetSubject.In(s.Language), fmt.Sprintf(resetEmail.In(s.Language), link))
	if err != nil { // another answer would tell that the account exists
		slog.ErrorContext(ctx, "password reset not sent", "account", id, "error", err)
	}
	return nil
}

// resetToken is what the link carries: account and reset, and a seal that only the portal can make. It is nowhere stored.
func (a *Accounts) resetToken(accountID, resetID string) string {
	return accountID + "." + resetID + "." + hex.EncodeToString(a.challenges.hash("reset", accountID+"."+resetID))
}

// readResetToken takes a token apart. Error: reset-expired, as for one that was used or is too old.
func (a *Accounts) readResetToken(token string) (accountID, resetID string, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || !hmac.Equal([]byte(token), []byte(a.resetToken(parts[0], parts[1]))) {
		return "", "", problem.New(problem.Gone, "reset-expired")
	}
	return parts[0], parts[1], nil
}
