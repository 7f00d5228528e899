package main

import (
	"context"
	"time"

	"services.example/portal/commands"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/session"
)

// lookEvery is how often it is looked whether whoever reads for long may still do so. In the process that ended a session
// or a token it holds with the next look; in another one a little later, as there what was looked up is kept for a moment.
const lookEvery = 2 * time.Second

// readers tells whether whoever reads an answer that goes on may still do so.
type readers struct {
	sessions *session.Store
	machines *commands.Machines
}

// Valid tells whether a person's session, or a program's token, has neither ended nor run out.
func (r readers) Valid(ctx context.Context, caller httpapi.Caller) (bool, error) {
	if caller.Machine {
		return r.machines.Valid(ctx, caller.SessionID)
	}
	return r.sessions.Valid(ctx, caller.SessionID)
}
