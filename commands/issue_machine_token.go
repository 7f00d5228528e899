package commands

import (
	"context"
	"time"

	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
)

// IssueToken is what is asked of a new token.
type IssueToken struct {
	Machine  string // id or name
	Scopes   []string
	Expires  time.Time
	Operator bool // asked for on the portal's own machine, by whoever makes the accounts of staff
}

// IssuedToken is a new token. Token is shown to whoever asked for it, once, and is nowhere else.
type IssuedToken struct {
	ID      string          `json:"id" format:"uuid" doc:"Names the token, and is no part of it"`
	Machine string          `json:"machine" format:"uuid"`
	Token   string          `json:"token" doc:"For Authorization: Bearer; it is never shown again"`
	Scopes  []machine.Scope `json:"scopes"`
	Expires time.Time       `json:"expires"`
}

// Issue makes a token. Errors: machine-not-found, invalid with every fault, too-many-tokens; token-shown-before, for a
// repeated command whose first answer is not kept any more.
func (m *Machines) Issue(ctx context.Context, req Request, asked IssueToken) (IssuedToken, Outcome[machine.State], error) {
	id, err := m.named(ctx, asked.Machine)
	if err != nil {
		return IssuedToken{}, Outcome[machine.State]{}, err
	}
	secret, hash, err := newToken()
	if err != nil {
		return IssuedToken{}, Outcome[machine.State]{}, err
	}
	tokenID := req.derivedID("token")
	outcome, err := m.execute(ctx, req, machine.Issue{
		Machine: id, Token: tokenID, Hash: hash.String(), Scopes: asked.Scopes, Expires: asked.Expires.UTC().Truncate(time.Millisecond),
		Operator: asked.Operator, At: m.deps.Now(),
	})
	if err != nil {
		return IssuedToken{}, outcome, err
	}
	one, _ := outcome.State.Find(id)
	token, found := one.Token(tokenID)
	if !found || token.Hash != hash.String() {
		return IssuedToken{}, outcome, problem.New(problem.WrongState, "token-shown-before")
	}
	return IssuedToken{ID: tokenID, Machine: id, Token: secret, Scopes: token.Scopes, Expires: token.Expires}, outcome, nil
}
