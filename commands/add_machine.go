package commands

import (
	"context"

	"services.example/portal/domain/machine"
)

// Add makes a service account, which can do nothing before it has a token, and returns its id. Errors: invalid with every
// fault, machine-name-taken, too-many-machines.
func (m *Machines) Add(ctx context.Context, req Request, name, purpose string) (string, Outcome[machine.State], error) {
	id := req.derivedID("machine") // the same for a repeated command
	outcome, err := m.execute(ctx, req, machine.Add{ID: id, Name: name, Purpose: purpose, At: m.deps.Now()})
	return id, outcome, err
}
