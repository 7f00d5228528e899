package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"services.example/portal/commands"
	"services.example/portal/domain/account"
	"services.example/portal/domain/identity"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eventstore"
)

// demo is everything that exists only outside production: invented people and an outbox in place of gateways.
type demo struct {
	outbox   *outbox
	accounts []demoAccount
	signing  *demoSigning
}

// demoAccount is how to sign in as somebody invented.
type demoAccount struct {
	Role     string `json:"role"`
	Name     string `json:"name"`
	Login    string `json:"login"`
	Password string `json:"password"`
	Phone    string `json:"phone"`
	Provider string `json:"provider,omitempty"`
	TOTP     string `json:"totp,omitempty"`
}

// startDemo loads the catalogue and the invented people. Repeating it changes nothing.
func startDemo(ctx context.Context, p *portal, box *outbox, folder string) (*demo, error) {
	if err := seedCatalogue(ctx, p.commands, folder); err != nil {
		return nil, err
	}
	d := &demo{outbox: box, signing: &demoSigning{authority: p.demoCA, people: map[string]dev.Person{}, now: p.now}}
	for _, person := range demoPeople() {
		if err := person.enrol(ctx, p.commands); err != nil {
			return nil, fmt.Errorf("enrolling the %s of the demo: %w", person.role(), err)
		}
		d.accounts = append(d.accounts, person.shown())
		d.signing.know(person.signer())
	}
	head, err := eventstore.Head(ctx, p.events)
	if err != nil {
		return nil, err
	}
	patience := time.AfterFunc(5*time.Second, func() {
		slog.WarnContext(ctx, "the demo waits for its read models: with --no-project another process has to project")
	})
	defer patience.Stop()
	if err := p.awaitAll(ctx, head); err != nil {
		return nil, err
	}
	slog.WarnContext(ctx, "this is a demo: anybody on this machine can read its messages and sign in as anybody")
	return d, nil
}

// routes adds what a demo shows. It answers this machine only, whatever address the portal listens on.
func (d *demo) routes(router chi.Router) {
	router.Group(func(r chi.Router) {
		r.Use(loopbackOnly)
		r.Get("/", d.welcome)
		r.Get("/dev/outbox", func(w http.ResponseWriter, r *http.Request) {
			writeJSON(w, r, d.outbox.to(recipient(r.URL.Query().Get("to"))))
		})
		r.Post("/dev/sign", d.signing.serve)
		r.Post("/dev/revoke", d.signing.revoke)
		d.signing.services(r)
		r.Get("/dev/totp", d.totp)
		r.Get("/dev/accounts", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, r, d.accounts) })
	})
}

// recipient writes a phone as messages are addressed, however it was typed. In a query a plus is a blank.
func recipient(to string) string {
	if phone, err := identity.ParsePhone(to); err == nil {
		return phone.String()
	}
	if address, err := identity.ParseEmail(to); err == nil {
		return address.String()
	}
	return to
}

//go:embed welcome.html
var welcomePage []byte

// welcome says what this is and where to go on.
func (d *demo) welcome(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = w.Write(welcomePage)
}

// loopbackOnly hides a handler from other machines.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func writeJSON(w http.ResponseWriter, r *http.Request, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		slog.DebugContext(r.Context(), "answer not written", "error", err)
	}
}

// demoPassword is everybody's in a demo.
const demoPassword = "Demo-2026-portal"

// enrol makes the person's account unless it is there.
func (d demoPerson) enrol(ctx context.Context, c *commands.Commands) error {
	if d.staff != nil {
		_, err := c.Accounts.CreateStaff(ctx, commands.NewRequest("system"), *d.staff, demoPassword)
		if problem.Has(err, "identity-taken") {
			return nil
		}
		return err
	}
	_, err := c.Accounts.EnrolApplicant(ctx, commands.NewRequest("system"), *d.applicant)
	return err
}

func (d demoPerson) role() string {
	if d.staff != nil {
		return d.staff.Roles[0]
	}
	return string(account.Applicant)
}

func (d demoPerson) shown() demoAccount {
	if d.staff != nil {
		return demoAccount{
			Role: d.role(), Name: d.staff.LastName + " " + d.staff.FirstName, Login: d.staff.IIN, Password: demoPassword,
			Phone: d.staff.Phone, Provider: d.staff.ProviderID, TOTP: d.staff.TOTPSecret,
		}
	}
	login := d.applicant.IIN + d.applicant.BIN
	name := d.applicant.Organization
	if name == "" {
		name = d.applicant.LastName + " " + d.applicant.FirstName
	}
	return demoAccount{Role: d.role(), Name: name, Login: login, Password: demoPassword, Phone: d.applicant.Phone}
}

var errNotLoopback = errors.New("a demo listens on this machine only (127.0.0.1 or ::1): use --production for more")

// checkLoopback refuses a demo that others could reach.
func checkLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("reading the address to listen on: %w", err)
	}
	if host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return errNotLoopback
	}
	return nil
}
