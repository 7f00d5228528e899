package main

import (
	"context"

	"services.example/portal/commands"
	"services.example/portal/domain/access"
	"services.example/portal/domain/account"
	"services.example/portal/infra/httpapi"
)

// access records a reading of the caller's. It is how the query side, which writes nothing else, keeps who has read what.
func (p *portal) access(ctx context.Context, reading access.Reading) error {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return err
	}
	command := httpapi.QueryCommand(ctx, p.secrets.clients)
	return p.commands.Access.Record(ctx, commands.Request{
		CommandID: command.ID, CausationID: command.ID, CorrelationID: command.CorrelationID, Client: command.Client,
		Actor: caller.AccountID, Role: readingAs(caller), Session: caller.SessionID,
	}, reading)
}

// readingAs is the role in which a caller reads history: that of a program, whatever people may read the same, is its own.
func readingAs(caller httpapi.Caller) string {
	if caller.Machine {
		return "machine"
	}
	if caller.Has(string(account.Auditor)) || len(caller.Roles) == 0 {
		return string(account.Auditor)
	}
	return caller.Roles[0]
}
