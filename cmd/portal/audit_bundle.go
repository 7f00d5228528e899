package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

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
	if c.Out == "" {
		c.Out = c.Number + ".zip"
	}
	return saveZip(c.Out, func(w io.Writer) error { return c.write(ctx, w) })
}

func (c *auditBundleCommand) write(ctx context.Context, w io.Writer) (err error) {
	values := url.Values{"number": {c.Number}, "reason": {c.Reason}}
	err = askFor(ctx, c.storage, http.MethodPost, "/audit/bundle", values, copyAnswer(w))
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
		sendWhole(w, r, "a case", func(ctx context.Context, to io.Writer) error {
			return p.writeBundle(ctx, to, r.FormValue("number"), r.FormValue("reason"))
		})
	})
}
