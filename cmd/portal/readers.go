package main

import (
	"context"

	"github.com/google/uuid"

	"services.example/portal/commands"
	"services.example/portal/infra/session"
)

// readers tells whether whoever listens to an answer that goes on may still do so: a person by the session, a service
// account by the token. Sessions are named by hashes, tokens by UUIDs.
type readers struct {
	sessions *session.Store
	machines *commands.Machines
}

// Valid tells whether a session or a token has neither ended nor run out.
func (r readers) Valid(ctx context.Context, id string) (bool, error) {
	if _, err := uuid.Parse(id); err == nil {
		return r.machines.Valid(ctx, id)
	}
	return r.sessions.Valid(ctx, id)
}
