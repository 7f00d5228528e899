package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pquerna/otp/totp"

	"services.example/portal/commands"
	"services.example/portal/domain/account"
)

// staffCommand makes accounts of staff.
type staffCommand struct {
	storage
	IIN        string   `required:"" help:"Login."`
	LastName   string   `required:""`
	FirstName  string   `required:""`
	MiddleName string   ``
	Email      string   `required:""`
	Phone      string   `required:""`
	Role       []string `required:"" help:"operator, executor, provider-admin, admin, auditor, analyst."`
	Provider   string   `help:"Id of the provider, for operators, executors and provider-admins."`
	Language   string   `default:"kk" help:"kk, ru or en."`
}

// Run makes one. The password is read from standard input, so that it is in no list of processes.
func (c *staffCommand) Run(ctx context.Context) (err error) {
	fmt.Fprint(os.Stderr, "password: ")
	password, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && password == "" {
		return fmt.Errorf("reading the password: %w", err)
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "portal", AccountName: c.Role[0]})
	if err != nil {
		return fmt.Errorf("making the authenticator's secret: %w", err)
	}
	p, err := open(ctx, c.storage, options{messages: &outbox{}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	id, err := p.commands.Accounts.CreateStaff(ctx, commands.NewRequest("system"), account.CreateStaff{
		IIN: c.IIN, LastName: c.LastName, FirstName: c.FirstName, MiddleName: c.MiddleName, Email: c.Email, Phone: c.Phone,
		Roles: c.Role, ProviderID: c.Provider, Language: c.Language, TOTPSecret: key.Secret(),
	}, strings.TrimRight(password, "\r\n"))
	if err != nil {
		return err
	}
	fmt.Printf("account %s\nauthenticator %s\n", id, key.URL())
	return nil
}
