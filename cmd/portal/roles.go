package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"services.example/portal/infra/lease"
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

// follow projects until the context ends: what serve does, without its APIs.
func (c *projectCommand) follow(ctx context.Context) (err error) {
	p, err := open(ctx, c.storage, options{messages: &outbox{}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.engine.Start(ctx); err != nil {
		return err
	}
	control, err := startControl(ctx, p, c.storage)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, control.close()) }()
	fmt.Println("portal projects")
	<-ctx.Done()
	return nil
}
