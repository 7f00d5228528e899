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

	"services.example/portal/infra/casebundle"
)

// auditBundleCommand takes a case out of the portal.
type auditBundleCommand struct {
	storage
	Number string `arg:"" help:"Number of the application, such as 2065-15-11-18, or its id."`
	Out    string `short:"o" default:"" placeholder:"FILE" help:"File to write, which must not exist; NUMBER.zip by default; - for standard output."`
	Reason string `required:"" help:"Why the case is taken out, in 10 to 500 characters. It is recorded, and the next auditor sees it."`
}

// Run asks the running portal, or reads the stores if none is running.
func (c *auditBundleCommand) Run(ctx context.Context) error {
	switch c.Out {
	case "-":
		if terminal(os.Stdout) {
			return errors.New("a zip is not for a terminal: name a file, or send standard output into one")
		}
		return c.write(ctx, os.Stdout)
	case "":
		c.Out = c.Number + ".zip"
	}
	if err := intoFile(c.Out, func(w io.Writer) error { return c.write(ctx, w) }); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "written to %s: personal data, keep it accordingly\n", c.Out)
	return nil
}

func (c *auditBundleCommand) write(ctx context.Context, w io.Writer) (err error) {
	values := url.Values{"number": {c.Number}, "reason": {c.Reason}}
	err = askFor(ctx, c.storage, http.MethodPost, "/audit/bundle", values, func(answer io.Reader) error {
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
	defer p.startHistory(ctx, c.storage, historyFlags{})()
	return p.writeBundle(ctx, w, c.Number, c.Reason)
}

// writeBundle writes a case, which is recorded like every other reading.
func (p *portal) writeBundle(ctx context.Context, w io.Writer, number, reason string) error {
	contents, err := p.queries.CaseBundle(ctx, number, reason, p.consoleAccess)
	if err != nil {
		return err
	}
	return casebundle.Write(w, contents, p.history)
}

// controlBundle lets the operator take a case out while the portal runs.
func (p *portal) controlBundle(router chi.Router) {
	router.Post("/audit/bundle", func(w http.ResponseWriter, r *http.Request) {
		out := &begun{ResponseWriter: w}
		err := p.writeBundle(r.Context(), out, r.FormValue("number"), r.FormValue("reason"))
		switch {
		case err == nil:
		case !out.any:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default: // cut off, so that the reader sees that it is not whole
			slog.ErrorContext(r.Context(), "bundle of a case not written to its end", "error", err)
			panic(http.ErrAbortHandler)
		}
	})
}
