package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/go-chi/chi/v5"

	"services.example/portal/commands"
)

// machineCommand looks after service accounts, on the running portal if there is one.
type machineCommand struct {
	Add    addMachineCommand    `cmd:"" help:"Make a service account, which can do nothing before it has a token."`
	List   listMachinesCommand  `cmd:"" help:"Show every service account and its tokens."`
	Token  machineTokenCommand  `cmd:"" help:"Make a token and print it, once."`
	Revoke revokeMachineCommand `cmd:"" help:"End a token, or all tokens of a service account, before their time."`
}

// addMachineCommand makes a service account.
type addMachineCommand struct {
	storage
	Name    string `arg:"" help:"Such as statistics-office."`
	Purpose string `required:"" help:"What it reads, and for whom."`
}

// Run makes it and prints its id.
func (c *addMachineCommand) Run(ctx context.Context) error {
	form := url.Values{"name": {c.Name}, "purpose": {c.Purpose}}
	id, err := either(ctx, c.storage, http.MethodPost, "/machines", form,
		func(p *portal) (string, error) { return p.addMachine(ctx, form.Get) })
	if err != nil {
		return err
	}
	fmt.Println("machine", id)
	return nil
}

// listMachinesCommand shows the service accounts.
type listMachinesCommand struct {
	storage
}

// Run shows them, a line for each token.
func (c *listMachinesCommand) Run(ctx context.Context) error {
	list, err := either(ctx, c.storage, http.MethodGet, "/machines", nil,
		func(p *portal) ([]commands.Machine, error) { return p.commands.Machines.List(ctx) })
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(values ...string) { _, _ = fmt.Fprintln(table, strings.Join(values, "\t")) } // Flush tells
	row("MACHINE", "NAME", "TOKEN", "STATE", "EXPIRES", "LAST USED", "SCOPES")
	for _, m := range list {
		for _, t := range m.Tokens {
			used, scopes := "never", make([]string, len(t.Scopes))
			if t.LastUsed != nil {
				used = t.LastUsed.Format(time.RFC3339)
			}
			for i, scope := range t.Scopes {
				scopes[i] = string(scope)
			}
			row(m.ID, m.Name, t.ID, string(t.State), t.Expires.Format(time.RFC3339), used, strings.Join(scopes, " "))
		}
		if len(m.Tokens) == 0 {
			row(m.ID, m.Name, "none")
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// machineTokenCommand makes a token.
type machineTokenCommand struct {
	storage
	Machine string   `arg:"" help:"Id or name of the service account."`
	Scope   []string `required:"" help:"audit:read, audit:personal, analytics:read, feed:read."`
	Days    int      `default:"90" help:"For how many days it is valid, at most 366."`
}

// Run makes it. The token alone goes to standard output, so that it can be piped to where it is kept.
func (c *machineTokenCommand) Run(ctx context.Context) error {
	form := url.Values{"machine": {c.Machine}, "scopes": {strings.Join(c.Scope, " ")}, "days": {strconv.Itoa(c.Days)}}
	token, err := either(ctx, c.storage, http.MethodPost, "/machines/tokens", form,
		func(p *portal) (commands.IssuedToken, error) { return p.issueMachineToken(ctx, form.Get) })
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "token %s is valid until %s; it is shown only now:\n", token.ID, token.Expires.Format(time.RFC3339))
	fmt.Println(token.Token)
	return nil
}

// revokeMachineCommand ends tokens.
type revokeMachineCommand struct {
	storage
	Machine string `arg:"" help:"Id or name of the service account."`
	Token   string `arg:"" optional:"" help:"Id of the token; all if none."`
}

// Run ends them.
func (c *revokeMachineCommand) Run(ctx context.Context) error {
	form := url.Values{"machine": {c.Machine}, "token": {c.Token}}
	_, err := either(ctx, c.storage, http.MethodPost, "/machines/revoke", form,
		func(p *portal) (struct{}, error) { return struct{}{}, p.revokeMachine(ctx, form.Get) })
	if err != nil {
		return err
	}
	if c.Token == "" {
		fmt.Printf("no token of %s is valid any more\n", c.Machine)
	} else {
		fmt.Printf("token %s is not valid any more\n", c.Token)
	}
	return nil
}

// operator is the role of whoever gives commands on the portal's own machine.
const operator = "system"

func (p *portal) addMachine(ctx context.Context, form func(field string) string) (string, error) {
	id, _, err := p.commands.Machines.Add(ctx, commands.NewRequest(operator), form("name"), form("purpose"))
	return id, err
}

var errDays = errors.New("the number of days is not a number")

func (p *portal) issueMachineToken(ctx context.Context, form func(field string) string) (commands.IssuedToken, error) {
	var days int
	if _, err := fmt.Sscan(form("days"), &days); err != nil {
		return commands.IssuedToken{}, fmt.Errorf("%w: %w", errDays, err)
	}
	token, _, err := p.commands.Machines.Issue(ctx, commands.NewRequest(operator), commands.IssueToken{
		Machine: form("machine"), Scopes: strings.Fields(form("scopes")), Expires: p.now().AddDate(0, 0, days), Operator: true,
	})
	return token, err
}

func (p *portal) revokeMachine(ctx context.Context, form func(field string) string) error {
	_, err := p.commands.Machines.Revoke(ctx, commands.NewRequest(operator), form("machine"), form("token"))
	return err
}

// controlMachines lets the operator look after service accounts while the portal runs.
func (p *portal) controlMachines(router chi.Router) {
	router.Get("/machines", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) { return p.commands.Machines.List(ctx) })
	})
	router.Post("/machines", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) { return p.addMachine(ctx, r.FormValue) })
	})
	router.Post("/machines/tokens", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) { return p.issueMachineToken(ctx, r.FormValue) })
	})
	router.Post("/machines/revoke", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, func(ctx context.Context) (any, error) { return struct{}{}, p.revokeMachine(ctx, r.FormValue) })
	})
}
