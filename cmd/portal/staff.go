package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/go-chi/chi/v5"

	"services.example/portal/commands"
)

// staffCommand looks after the accounts of those who work with applications, on the running portal if there is one.
type staffCommand struct {
	Add     addStaffCommand     `cmd:"" default:"withargs" help:"Make an account (the default)."`
	List    listStaffCommand    `cmd:"" help:"Show every account of staff."`
	Block   blockStaffCommand   `cmd:"" help:"Keep somebody out and end their sessions."`
	Unblock unblockStaffCommand `cmd:"" help:"Let somebody in again."`
}

// listStaffCommand shows the accounts.
type listStaffCommand struct {
	storage
}

// Run shows them.
func (c *listStaffCommand) Run(ctx context.Context) error {
	list, err := either(ctx, c.storage, http.MethodGet, "/staff", nil,
		func(p *portal) ([]commands.StaffMember, error) { return p.commands.Accounts.ListStaff(ctx) })
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(values ...string) { _, _ = fmt.Fprintln(table, strings.Join(values, "\t")) } // Flush tells
	row("ACCOUNT", "NAME", "ROLES", "PROVIDER", "STATE")
	for _, m := range list {
		row(m.ID, m.Name, rolesOf(m), m.Provider, stateOf(m))
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

func rolesOf(m commands.StaffMember) string {
	roles := make([]string, len(m.Roles))
	for i, role := range m.Roles {
		roles[i] = string(role)
	}
	return strings.Join(roles, " ")
}

func stateOf(m commands.StaffMember) string {
	switch {
	case m.Erased:
		return "erased"
	case m.Blocked:
		return "blocked"
	default:
		return "active"
	}
}

// blockStaffCommand keeps somebody out.
type blockStaffCommand struct {
	storage
	Account string `arg:"" help:"Account id, or IIN."`
}

// Run does it.
func (c *blockStaffCommand) Run(ctx context.Context) error {
	member, err := either(ctx, c.storage, http.MethodPost, "/staff/block", url.Values{"account": {c.Account}},
		func(p *portal) (commands.StaffMember, error) {
			return p.commands.Accounts.BlockStaff(ctx, commands.NewRequest("system"), c.Account)
		})
	if err != nil {
		return err
	}
	fmt.Printf("account %s is %s; its sessions have ended\n", member.ID, stateOf(member))
	return nil
}

// unblockStaffCommand lets somebody in again.
type unblockStaffCommand struct {
	storage
	Account string `arg:"" help:"Account id, or IIN."`
}

// Run does it.
func (c *unblockStaffCommand) Run(ctx context.Context) error {
	member, err := either(ctx, c.storage, http.MethodPost, "/staff/unblock", url.Values{"account": {c.Account}},
		func(p *portal) (commands.StaffMember, error) {
			return p.commands.Accounts.UnblockStaff(ctx, commands.NewRequest("system"), c.Account)
		})
	if err != nil {
		return err
	}
	fmt.Printf("account %s is %s\n", member.ID, stateOf(member))
	return nil
}

// controlStaff lets the operator look after staff while the portal runs.
func (p *portal) controlStaff(router chi.Router) {
	accounts := p.commands.Accounts
	router.Get("/staff", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) { return accounts.ListStaff(ctx) })
	})
	router.Post("/staff", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) { return p.addStaff(ctx, r.FormValue) })
	})
	router.Post("/staff/block", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) {
			return accounts.BlockStaff(ctx, commands.NewRequest("system"), r.FormValue("account"))
		})
	})
	router.Post("/staff/unblock", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) {
			return accounts.UnblockStaff(ctx, commands.NewRequest("system"), r.FormValue("account"))
		})
	})
}
