package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"services.example/portal/infra/lease"
	"services.example/portal/infra/telemetry"
)

// leases let several processes share the projections; nil where this process has the read store to itself.
func (p *portal) leases(where storage) *lease.Leases {
	if !where.shared() {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = "portal"
	}
	return lease.New(lease.Options{Store: p.reads, Holder: fmt.Sprintf("%s/%d", host, os.Getpid())})
}

var errNobodyProjects = errors.New("--no-project leaves the projections to other processes, but the read store is embedded and belongs to this one")

// startProjections begins to project, or, if this process is not to, to answer from what others store.
func (p *portal) startProjections(ctx context.Context, where storage, noProject bool) error {
	switch {
	case !noProject:
		return p.engine.Start(ctx)
	case !where.shared():
		return errNobodyProjects
	default:
		return p.engine.StandBy(ctx)
	}
}

// opsFlags offer operators of a process that only projects what serve offers them beside its APIs.
type opsFlags struct {
	Listen string `env:"PORTAL_OPS_LISTEN" placeholder:"ADDR" help:"With --follow: address of /healthz, /readyz and /metrics, such as 127.0.0.1:9080; none if empty. For the private network only."`
}

// serve answers operators, if asked to, until what it returns is called. The address is empty if not.
func (f opsFlags) serve(ctx context.Context, p *portal, metrics *telemetry.Metrics) (address string, stop func() error, err error) {
	if f.Listen == "" {
		return "", func() error { return nil }, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.Listen)
	if err != nil {
		return "", nil, fmt.Errorf("listening for operators: %w", err)
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /healthz", healthz)
	routes.HandleFunc("GET /readyz", p.readyz)
	routes.Handle("GET /metrics", metrics.Handler())
	server := &http.Server{
		Handler: routes, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	return listener.Addr().String(), func() error {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		err := server.Shutdown(ending)
		if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		return err
	}, nil
}

// follow projects until the context ends: what serve does, without its APIs.
func (c *projectCommand) follow(ctx context.Context) (err error) {
	metrics, err := telemetry.New()
	if err != nil {
		return err
	}
	with := options{messages: &outbox{}, siteURL: c.SiteURL, meter: metrics.Meter(), terms: c.Terms, webhooks: c.Webhook, erasure: c.Erasure, eds: &c.EDS, history: c.History}
	p, err := open(ctx, c.storage, with)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.engine.Start(ctx); err != nil {
		return err
	}
	stopReactors, err := p.startReactors(ctx, c.storage, with)
	if err != nil {
		return err
	}
	defer stopReactors()
	defer p.startHistory(ctx, c.storage, c.History)()
	control, err := startControl(ctx, p, c.storage)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, control.close()) }()
	address, stop, err := c.Ops.serve(ctx, p, metrics)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if address == "" {
		fmt.Println("portal projects")
	} else {
		fmt.Printf("portal projects, for operators at http://%s\n", address)
	}
	<-ctx.Done()
	return nil
}
