package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/pquerna/otp/totp"

	"services.example/portal/commands"
	"services.example/portal/domain/account"
)

// addStaffCommand makes an account of staff.
type addStaffCommand struct {
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

// addedStaff is an account that was just made, with the address by which an authenticator takes its secret.
type addedStaff struct {
	Account       string `json:"account"`
	Authenticator string `json:"authenticator"`
}

// Run makes one. The password is read from standard input, so that it is in no list of processes.
func (c *addStaffCommand) Run(ctx context.Context) error {
	fmt.Fprint(os.Stderr, "password: ")
	password, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && password == "" {
		return fmt.Errorf("reading the password: %w", err)
	}
	form := url.Values{
		"iin": {c.IIN}, "lastName": {c.LastName}, "firstName": {c.FirstName}, "middleName": {c.MiddleName},
		"email": {c.Email}, "phone": {c.Phone}, "roles": {strings.Join(c.Role, " ")}, "provider": {c.Provider},
		"language": {c.Language}, "password": {strings.TrimRight(password, "\r\n")},
	}
	added, err := either(ctx, c.storage, http.MethodPost, "/staff", form,
		func(p *portal) (addedStaff, error) { return p.addStaff(ctx, form.Get) })
	if err != nil {
		return err
	}
	fmt.Printf("account %s\nauthenticator %s\n", added.Account, added.Authenticator)
	return nil
}

// addStaff makes an account from a form, with a new secret for its authenticator.
func (p *portal) addStaff(ctx context.Context, form func(field string) string) (addedStaff, error) {
	roles := strings.Fields(form("roles"))
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "portal", AccountName: strings.Join(roles, "+")})
	if err != nil {
		return addedStaff{}, fmt.Errorf("making the authenticator's secret: %w", err)
	}
	id, err := p.commands.Accounts.CreateStaff(ctx, commands.NewRequest("system"), account.CreateStaff{
		IIN: form("iin"), LastName: form("lastName"), FirstName: form("firstName"), MiddleName: form("middleName"),
		Email: form("email"), Phone: form("phone"), Roles: roles, ProviderID: form("provider"), Language: form("language"),
		TOTPSecret: key.Secret(),
	}, form("password"))
	return addedStaff{Account: id, Authenticator: key.URL()}, err
}
