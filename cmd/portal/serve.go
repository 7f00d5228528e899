package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"services.example/portal/commands"
	"services.example/portal/infra/telemetry"
)

// serveCommand serves the portal.
type serveCommand struct {
	storage
	Listen         string   `env:"PORTAL_LISTEN" default:"127.0.0.1:8080" help:"Address to listen on."`
	SiteURL        string   `env:"PORTAL_SITE_URL" help:"Where people reach the portal; links in e-mails begin with it."`
	TrustedProxies []string `env:"PORTAL_TRUSTED_PROXIES" help:"Networks of reverse proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8."`
	Production     bool     `env:"PORTAL_PRODUCTION" help:"Refuse everything that belongs to a demo."`
	SMTP           string   `env:"PORTAL_SMTP" help:"Mail server, smtp://user:password@host:587 (production)."`
	MailFrom       string   `env:"PORTAL_MAIL_FROM" help:"Sender of e-mails (production)."`
	SMSGateway     string   `env:"PORTAL_SMS_GATEWAY" help:"Gateway for SMS, https://token@host/path or smpp://user:password@host:2775?source=NAME (production)."`
	Catalogue      string   `env:"PORTAL_CATALOGUE" help:"Folder with the catalogue to load in a demo; the built-in one if empty."`

	MessagesPerMinute int `env:"PORTAL_MESSAGES_PER_MINUTE" default:"30" help:"Messages that one person may write in one application within a minute, at most 60, and in all applications four times as many; 0: any number."`

	MachineRequestsPerMinute int `env:"PORTAL_MACHINE_REQUESTS_PER_MINUTE" default:"600" help:"Requests that one service account may make within a minute; 0: any number."`

	NoProject bool `env:"PORTAL_NO_PROJECT" help:"Leave the projections to other processes, such as portal project --follow."`

	Terms termsFlags `embed:"" prefix:"terms-"`

	Webhook webhookFlags `embed:"" prefix:"webhook-"`

	Erasure erasureFlags `embed:"" prefix:"erasure-"`

	Esdb esdbFlags `embed:"" prefix:"esdb-"`

	History historyFlags `embed:""`

	EDS edsFlags `embed:""`
}

const (
	shutdownTime = 20 * time.Second
	maxHeader    = 64 << 10 // bytes
)

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context) (err error) {
	if !c.Production {
		if err := checkLoopback(c.Listen); err != nil {
			return err
		}
	}
	if c.Production && c.Erasure.Pause < leastErasurePause {
		return errErasurePauseShort
	}
	messages, outbox, gateways, err := c.messages()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, gateways.close()) }()
	metrics, err := telemetry.New()
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	defer listener.Close() //nolint:errcheck // closed by the server already
	site := c.SiteURL
	if site == "" {
		site = "http://" + listener.Addr().String()
	}
	with := options{messages: messages, limits: c.limits(), siteURL: site, meter: metrics.Meter(), demo: !c.Production, terms: c.Terms, webhooks: c.Webhook, erasure: c.Erasure, eds: &c.EDS, history: c.History}
	p, err := open(ctx, c.storage, with)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	gateways.tell(p.commands.Notices)
	if err := p.startProjections(ctx, c.storage, c.NoProject); err != nil {
		return err
	}
	stopNotices, err := p.startNotices(ctx, c.storage, with, c.NoProject)
	if err != nil {
		return err
	}
	defer stopNotices()
	if !c.NoProject {
		defer p.startHistory(ctx, c.storage, c.History)()
	}
	stopForgetting, err := p.startForgetting(ctx)
	if err != nil {
		return err
	}
	defer stopForgetting()
	var demo *demo
	if !c.Production {
		if demo, err = startDemo(ctx, p, outbox, c.Catalogue); err != nil {
			return fmt.Errorf("preparing the demo: %w", err)
		}
	}
	control, err := startControl(ctx, p, c.storage)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, control.close()) }()
	stopEsdb, err := c.Esdb.serve(ctx, p, c.Production)
	if err != nil {
		return err
	}
	defer stopEsdb()
	return c.serve(ctx, p, listener, handler(p, handlerOptions{ //nolint:contextcheck // every request has a context of its own
		production: c.Production, demo: demo, metrics: metrics, trustedProxies: c.TrustedProxies, smsToken: gateways.token(),
		machineRequests: c.MachineRequestsPerMinute,
	}))
}

// serve answers requests until the context ends, then lets those that are running end.
func (c *serveCommand) serve(ctx context.Context, p *portal, listener net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		p.queries.Listen(running) // open pages end with it, so that Shutdown need not wait for them
		return nil
	})
	group.Go(func() error {
		roomForOpenPages(running, p.queries.Listening)
		return nil
	})
	group.Go(func() error {
		<-running.Done()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		if err := server.Shutdown(ending); err != nil {
			return errors.Join(fmt.Errorf("ending requests: %w", err), server.Close())
		}
		return nil
	})
	mode := "demo: invented people, messages at /dev/outbox, this machine only"
	if c.Production {
		mode = "production"
	}
	fmt.Printf("portal ready at http://%s (%s)\n", listener.Addr(), mode)
	return group.Wait()
}

// accountFactor is how many times as much one person may write in all applications as in one.
const accountFactor = 4

// limits are strict in production. A demo has one user, who may be a test.
func (c *serveCommand) limits() commands.Limits {
	limits := commands.Limits{
		CodesPerHour: 20, MessagesPerMinute: c.MessagesPerMinute, WritingPerMinute: accountFactor * c.MessagesPerMinute,
	}
	if !c.Production {
		limits.CodesPerHour = 10_000
	}
	return limits
}
