package commands

import (
	"context"

	"services.example/portal/domain/machine"
)

// Valid tells whether a token, by its id, opens anything now: for answers that go on for as long as their reader listens.
func (m *Machines) Valid(ctx context.Context, token string) (bool, error) {
	s, err := m.streams.machines.state(ctx, machine.Stream)
	if err != nil {
		return false, err
	}
	for _, one := range s.Machines {
		if t, found := one.Token(token); found {
			return t.Valid(m.deps.Now()), nil
		}
	}
	return false, nil
}
