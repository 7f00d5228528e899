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

// analyticsCommand asks history.
type analyticsCommand struct {
	Run analyticsRunCommand `cmd:"" help:"Fold the history anew into figures, as it was or under other rules, also of a portal that is running."`
}

// analyticsRunCommand folds the history anew.
type analyticsRunCommand struct {
	storage
	Projection string   `arg:"" help:"applications (a row each), figures (counts), service_statistics, statistics_by_category or popular_services."`
	Set        []string `placeholder:"NAME=VALUE" help:"Other rules: term=10, term-kind=working, calendar=kz."`
	Calendar   string   `placeholder:"FILE" help:"Another calendar, as YAML or JSON: holidays and workingWeekends, each a list of days."`
	From       string   `placeholder:"MONTH" help:"First month, such as 2026-01."`
	To         string   `placeholder:"MONTH" help:"Last month."`
	By         []string `enum:"month,service,provider,region,status" default:"month" help:"What figures are told apart by."`
	Format     string   `enum:"csv,ndjson,parquet" default:"csv" help:"Of applications: ${enum}. Everything else is lines of JSON."`
	Key        string   `env:"PORTAL_EXPORT_KEY" help:"Export key in base64: applications have the same pseudonyms in every answer with it. Without it they join with nothing."`
	Out        string   `short:"o" default:"-" placeholder:"FILE" help:"File to write, which must not exist; - for standard output."`
}

// Run asks the running portal, or a store that nobody uses.
func (c *analyticsRunCommand) Run(ctx context.Context) error {
	form := url.Values{
		"projection": {c.Projection}, "set": c.Set, "from": {c.From}, "to": {c.To}, "by": c.By, "format": {c.Format}, "key": {c.Key},
	}
	if c.Calendar != "" {
		file, err := os.ReadFile(c.Calendar)
		if err != nil {
			return fmt.Errorf("reading the calendar: %w", err)
		}
		form.Set("calendar", string(file))
	}
	question, err := parseWhatIf(form)
	if err != nil {
		return err
	}
	run := func(w io.Writer) error { return c.run(ctx, form, question, w) }
	if c.Out == "-" {
		return run(os.Stdout)
	}
	return intoFile(c.Out, run)
}

func (c *analyticsRunCommand) run(ctx context.Context, form url.Values, question whatIf, w io.Writer) (err error) {
	err = askFor(ctx, c.storage, http.MethodPost, "/analytics/run", form, copyAnswer(w))
	if !errors.Is(err, errNotRunning) {
		return err
	}
	p, err := open(ctx, c.storage, options{messages: &outbox{}, alone: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	return p.whatIf(ctx, c.storage, question, w)
}

// controlAnalytics lets the operator ask history while the portal runs. It begins with none of the questions that a
// process before was killed over.
func (p *portal) controlAnalytics(router chi.Router, where storage) {
	if err := removeWhatIfs(where.Data); err != nil {
		slog.Warn("something of a question to history stays", "error", err)
	}
	router.Post("/analytics/run", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, "reading the question: "+err.Error(), http.StatusInternalServerError)
			return
		}
		question, err := parseWhatIf(r.Form)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		sendWhole(w, r, "a question to history", func(ctx context.Context, to io.Writer) error {
			return p.whatIf(ctx, where, question, to)
		})
	})
}
