package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"

	"github.com/go-chi/chi/v5"
)

// personCommand looks after the data of one person.
type personCommand struct {
	Show showPersonCommand `cmd:"" help:"Write everything that is held on a person into a file: a zip, with what staff wrote among themselves."`
}

// showPersonCommand writes what is held on a person.
type showPersonCommand struct {
	storage
	Number string `arg:"" help:"IIN or BIN, or the account's id."`
	Out    string `short:"o" default:"person.zip" help:"File to write, which must not exist; - for standard output."`
}

// Run asks the running portal, or reads the stores if none is running.
func (c *showPersonCommand) Run(ctx context.Context) error {
	if c.Out == "-" {
		if terminal(os.Stdout) {
			return errors.New("a zip is not for a terminal: name a file, or send standard output into one")
		}
		return c.write(ctx, os.Stdout)
	}
	if err := intoFile(c.Out, func(w io.Writer) error { return c.write(ctx, w) }); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "written to %s: personal data, keep it accordingly\n", c.Out)
	return nil
}

func (c *showPersonCommand) write(ctx context.Context, w io.Writer) (err error) {
	err = askFor(ctx, c.storage, http.MethodPost, "/person", url.Values{"number": {c.Number}}, func(answer io.Reader) error {
		_, err := io.Copy(w, answer)
		return err
	})
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
	return p.writePerson(ctx, w, c.Number)
}

// writePerson writes what is held on the person with this number, or this account id.
func (p *portal) writePerson(ctx context.Context, w io.Writer, number string) error {
	person, err := p.commands.Accounts.IDOf(ctx, number)
	if err != nil {
		return err
	}
	return p.queries.WritePerson(ctx, w, person, true)
}

// controlPerson lets the operator see what is held on a person while the portal runs. The number is in no address.
func (p *portal) controlPerson(router chi.Router) {
	router.Post("/person", func(w http.ResponseWriter, r *http.Request) {
		out := &begun{ResponseWriter: w}
		err := p.writePerson(r.Context(), out, r.FormValue("number"))
		switch {
		case err == nil:
		case !out.any:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default: // cut off, so that the reader sees that it is not whole
			slog.ErrorContext(r.Context(), "a person's data not written to its end", "error", err)
			panic(http.ErrAbortHandler)
		}
	})
}

// begun knows whether anything of an answer was written.
type begun struct {
	http.ResponseWriter
	any bool
}

// Write writes.
func (b *begun) Write(content []byte) (int, error) {
	b.any = true
	return b.ResponseWriter.Write(content)
}
