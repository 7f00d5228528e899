package commands

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/account"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/session"
)

// Accounts are the use cases around being somebody: registration, signing in and out, passwords, the client card.
type Accounts struct {
	deps       Deps
	streams    *streams
	challenges *challenges
	passwords  *passwords
}

func newAccounts(deps Deps, streams *streams) *Accounts {
	return &Accounts{
		deps: deps, streams: streams, passwords: newPasswords(),
		challenges: &challenges{
			entries: deps.Entries, messages: deps.Messages, secret: deps.Secrets.Codes, limits: deps.Limits, now: deps.Now,
		},
	}
}

// AccountID is the id of the first account of an IIN or BIN; accountOf knows of those that follow an erasure. Without the pepper nobody can tell which.
func (s Secrets) AccountID(number string) string {
	mac := hmac.New(sha256.New, s.Pepper)
	mac.Write([]byte(number))
	return uuid.NewSHA1(accountNamespace, mac.Sum(nil)).String()
}

var accountNamespace = uuid.MustParse("6f2b3a52-9c1c-5d0e-8a43-1d6a2f7f0c11")

// SignedIn is somebody who has just got a session.
type SignedIn struct {
	ID      string
	Kind    account.Kind
	Name    string
	Login   string
	Session session.Started

	Position eventstore.Position // from which on every read model knows the account
}

// startSession opens a session on an account. A password changed meanwhile wins: the session does not outlive it.
func (a *Accounts) startSession(ctx context.Context, req Request, id string, s account.State, stay bool) (SignedIn, error) {
	roles := make([]string, len(s.Roles))
	for i, role := range s.Roles {
		roles[i] = string(role)
	}
	started, err := a.deps.Sessions.Start(ctx, session.Account{ID: id, Roles: roles, Provider: s.ProviderID}, stay)
	if err != nil {
		return SignedIn{}, err
	}
	req.Actor = id
	outcome, err := a.streams.accounts.execute(ctx, req, id, func(now account.State) (account.Command, error) {
		if now.CredentialEpoch != s.CredentialEpoch || now.Blocked || now.Erased {
			return nil, codeExpired()
		}
		return account.RecordSignIn{SessionRef: started.ID, Stay: stay, At: a.deps.Now()}, nil
	})
	if err != nil {
		return SignedIn{}, errors.Join(err, a.deps.Sessions.End(ctx, started.ID))
	}
	now := outcome.State
	return SignedIn{
		ID: id, Kind: now.Kind, Name: now.Name(), Login: now.Number, Session: started, Position: outcome.Position,
	}, nil
}

// Challenge is a code that somebody has to enter.
type Challenge struct {
	ID        string
	ExpiresAt time.Time
}
