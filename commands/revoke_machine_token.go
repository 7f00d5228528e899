package commands

import (
	"context"

	"services.example/portal/domain/machine"
)

// Revoke ends a token, or, if token is empty, all tokens of a service account, which is known by its id or its name. It
// holds at once in this process, and within staleToken in every other. Errors: machine-not-found, token-not-found.
func (m *Machines) Revoke(ctx context.Context, req Request, who, token string) (Outcome[machine.State], error) {
	id, err := m.named(ctx, who)
	if err != nil {
		return Outcome[machine.State]{}, err
	}
	return m.execute(ctx, req, machine.Revoke{Machine: id, Token: canonical(token), At: m.deps.Now()})
}
