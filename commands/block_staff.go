package commands

import (
	"context"
	"slices"

	"services.example/portal/domain/account"
	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
)

// BlockStaff keeps somebody of the staff out, known by account id or IIN, and ends their sessions. What they are
// responsible for stays theirs until somebody else is. Error: account-not-found for who is not staff.
func (a *Accounts) BlockStaff(ctx context.Context, req Request, who string) (StaffMember, error) {
	member, err := a.commandStaff(ctx, req, who, account.Block{At: a.deps.Now()})
	if err != nil {
		return StaffMember{}, err
	}
	// Also of who was blocked before: the process that did it may have died before it came to this.
	return member, a.deps.Sessions.EndAll(ctx, member.ID, "")
}

// UnblockStaff lets somebody of the staff in again. Error: account-not-found for who is not staff.
func (a *Accounts) UnblockStaff(ctx context.Context, req Request, who string) (StaffMember, error) {
	return a.commandStaff(ctx, req, who, account.Unblock{At: a.deps.Now()})
}

func (a *Accounts) commandStaff(ctx context.Context, req Request, who string, command account.Command) (StaffMember, error) {
	id := canonical(who)
	if number, err := identity.ParseNumber(who); err == nil {
		if id, _, err = a.accountOf(ctx, number.String()); err != nil {
			return StaffMember{}, err
		}
	}
	outcome, err := a.streams.accounts.execute(ctx, req, id, func(s account.State) (account.Command, error) {
		if !slices.ContainsFunc(s.Roles, account.Role.Staff) {
			return nil, problem.New(problem.NotFound, "account-not-found")
		}
		return command, nil
	})
	if err != nil {
		return StaffMember{}, err
	}
	return memberOf(id, outcome.State), nil
}
