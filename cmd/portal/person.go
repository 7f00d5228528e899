package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"services.example/portal/domain/access"
)

// personCommand looks after the data of one person.
type personCommand struct {
	Show showPersonCommand `cmd:"" help:"Write everything that is held on a person into a file: a zip, with what staff wrote among themselves."`
}

// showPersonCommand writes what is held on a person.
type showPersonCommand struct {
	storage
	Number string `arg:"" help:"IIN or BIN, or the account's id."`
	Reason string `required:"" help:"Why it is read, in 10 to 500 characters. It is recorded, and the next auditor sees it."`
	Out    string `short:"o" default:"person.zip" help:"File to write, which must not exist; - for standard output."`
}

// Run asks the running portal, or reads the stores if none is running.
func (c *showPersonCommand) Run(ctx context.Context) error {
	return saveZip(c.Out, func(w io.Writer) error { return c.write(ctx, w) })
}

func (c *showPersonCommand) write(ctx context.Context, w io.Writer) (err error) {
	err = askFor(ctx, c.storage, http.MethodPost, "/person", url.Values{"number": {c.Number}, "reason": {c.Reason}}, copyAnswer(w))
	if !errors.Is(err, errNotRunning) {
		return err
	}
	p, err := open(ctx, c.storage, options{messages: &outbox{}, alone: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.project(ctx); err != nil {
		return err
	}
	return p.writePerson(ctx, w, c.Number, c.Reason)
}

// writePerson writes what is held on the person with this number, or this account id, to somebody at the portal's own
// machine, which is recorded like every other reading.
func (p *portal) writePerson(ctx context.Context, w io.Writer, number, reason string) error {
	person, err := p.commands.Accounts.IDOf(ctx, number)
	if err != nil {
		return err
	}
	err = p.consoleAccess(ctx, access.Reading{What: access.Person, Streams: []string{"account-" + person}, Personal: true, Reason: reason})
	if err != nil {
		return err
	}
	return p.queries.WritePerson(ctx, w, person, true)
}

// controlPerson lets the operator see what is held on a person while the portal runs. The number is in no address.
func (p *portal) controlPerson(router chi.Router) {
	router.Post("/person", func(w http.ResponseWriter, r *http.Request) {
		sendWhole(w, r, "what is held on a person", func(ctx context.Context, to io.Writer) error {
			return p.writePerson(ctx, to, r.FormValue("number"), r.FormValue("reason"))
		})
	})
}
