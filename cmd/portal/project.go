package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"text/tabwriter"

	"services.example/portal/projections"
)

// projectCommand shows or rebuilds read models.
type projectCommand struct {
	storage
	Rebuild []string `help:"Read models to build again from the event log; all for every one." placeholder:"NAME"`
	Follow  bool     `help:"Project until stopped: a process of its own beside those that serve with --no-project."`

	SiteURL string `env:"PORTAL_SITE_URL" help:"With --follow: where people reach the portal; links in notices begin with it."`

	Ops   opsFlags   `embed:"" prefix:"ops-"`
	Terms termsFlags `embed:"" prefix:"terms-"`

	Webhook webhookFlags `embed:"" prefix:"webhook-"`

	EDS edsFlags `embed:""`

	History historyFlags `embed:""`

	Erasure erasureFlags `embed:"" prefix:"erasure-"`
}

// Run shows or rebuilds them, on the running portal if there is one.
func (c *projectCommand) Run(ctx context.Context) error {
	if c.Follow {
		return c.follow(ctx)
	}
	if len(c.Rebuild) == 0 {
		return c.show(ctx)
	}
	names := c.Rebuild
	if len(names) == 1 && names[0] == "all" {
		names = nil
	}
	reports, err := either(ctx, c.storage, http.MethodPost, "/projections/rebuild", url.Values{"name": names},
		func(p *portal) ([]projections.Report, error) {
			if err := p.project(ctx); err != nil {
				return nil, err
			}
			return p.engine.Rebuild(ctx, names...)
		})
	if err != nil {
		return err
	}
	different := 0
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(format string, values ...any) { _, _ = fmt.Fprintf(table, format+"\n", values...) } // Flush tells
	row("READ MODEL\tDOCUMENTS\tEVENTS\tTIME\tCOMPARED WITH THE ONE BEFORE")
	for _, r := range reports {
		compared := "not compared: it was not up to date"
		if r.Compared {
			compared = fmt.Sprintf("%d differences", len(r.Differences))
		}
		different += len(r.Differences)
		row("%s\t%d\t%d\t%s\t%s", r.Name, r.Documents, r.Events, r.Duration.Round(1e6), compared)
		for _, id := range r.Differences {
			row("\t\t\t\t%s", id)
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if different > 0 {
		return fmt.Errorf("%d documents were not what the log says; the rebuilt ones serve now", different)
	}
	return nil
}

func (c *projectCommand) show(ctx context.Context) error {
	statuses, err := either(ctx, c.storage, http.MethodGet, "/projections", nil,
		func(p *portal) ([]projections.Status, error) {
			if err := p.project(ctx); err != nil {
				return nil, err
			}
			return p.engine.Status(ctx)
		})
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row := func(format string, values ...any) { _, _ = fmt.Fprintf(table, format+"\n", values...) } // Flush tells
	row("READ MODEL\tVERSION\tSTATE\tPOSITION\tLAG, EVENTS\tLAG, SECONDS\tSKIPPED\tERROR")
	for _, s := range statuses {
		row("%s\t%d\t%s\t%s\t%d\t%.1f\t%d\t%s",
			s.Name, s.Version, s.State, s.Position, s.LagEvents, s.LagSeconds, s.SkippedUnknown, s.LastError)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// project runs the projections until they have seen everything.
func (p *portal) project(ctx context.Context) error {
	if err := p.engine.Start(ctx); err != nil {
		return err
	}
	return p.engine.CaughtUp(ctx)
}
