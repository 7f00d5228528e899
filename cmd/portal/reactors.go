package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"services.example/portal/commands/reactors"
	"services.example/portal/domain/notification"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/notifications"
)

// startReactors begins to react to events, in the one of the processes that project which gets the lease. What it returns
// ends that.
func (p *portal) startReactors(ctx context.Context, where storage, with options) (stop func(), err error) {
	webhooks, disconnect, err := p.webhookTask(with.webhooks, with.meter)
	if err != nil {
		return nil, err
	}
	reacting, err := p.run(ctx, where, reactors.Config{
		Meter: with.meter,
		Reactors: []reactors.Reactor{
			reactors.Notices(p.commands.Notices, p.events, p.codec, with.siteURL),
			reactors.Signatures(p.commands.Documents),
		},
		Tasks: append(p.evidenceTasks(), reactors.Terms(p.commands.Terms, p.terms(), p.now, with.terms.every()),
			p.erasureTask(with.erasure), webhooks),
	})
	if err != nil {
		disconnect()
		return nil, err
	}
	return func() {
		reacting()
		disconnect()
	}, nil
}

// startSending begins to send notices, in the one of the processes with gateways which gets the lease of that. What it
// returns ends it.
func (p *portal) startSending(ctx context.Context, where storage, with options) (stop func(), err error) {
	return p.run(ctx, where, reactors.Config{
		Meter: with.meter, Lease: "sending", Tasks: reactors.Sending(p.commands.Notices, p.notices(), p.now),
	})
}

// startNotices begins to react to events, unless other processes do, and to send notices.
func (p *portal) startNotices(ctx context.Context, where storage, with options, noProject bool) (stop func(), err error) {
	stopSending, err := p.startSending(ctx, where, with)
	if err != nil || noProject {
		return stopSending, err
	}
	stopReactors, err := p.startReactors(ctx, where, with)
	if err != nil {
		stopSending()
		return nil, err
	}
	return func() {
		stopReactors()
		stopSending()
	}, nil
}

// run runs reactors and tasks in the background, until what it returns is called.
func (p *portal) run(ctx context.Context, where storage, config reactors.Config) (stop func(), err error) {
	config.Events, config.Reads, config.Decoder, config.Clock = p.events, p.reads, p.codec, p.now
	config.Leases = p.leases(where)
	engine, err := reactors.New(config)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(ctx)
	var reacting sync.WaitGroup
	reacting.Go(func() {
		if err := engine.Run(running); err != nil && running.Err() == nil {
			slog.ErrorContext(running, "the reactors ended", "error", err)
		}
	})
	return func() {
		cancel()
		reacting.Wait()
	}, nil
}

// noticeIndex answers the write side's questions about notices from their read model.
type noticeIndex struct {
	reads  readstore.Store
	serves func(ctx context.Context, name string) (collection string, err error)
}

func (p *portal) notices() noticeIndex {
	return noticeIndex{reads: p.reads, serves: func(ctx context.Context, name string) (string, error) {
		return p.engine.Directory().Serving(ctx, name)
	}}
}

// Due lists notices that are to be tried.
func (n noticeIndex) Due(ctx context.Context, channel notification.Channel, now time.Time, limit int) ([]string, error) {
	var ids []string
	for _, query := range notifications.DueQueries(channel, now, limit) {
		found, err := n.list(ctx, query)
		if err != nil {
			return nil, err
		}
		ids = append(ids, found...)
	}
	return ids, nil
}

// ByRef finds the notice that a gateway calls ref.
func (n noticeIndex) ByRef(ctx context.Context, ref string) (string, error) {
	ids, err := n.list(ctx, readstore.Query{Index: notifications.ByRef, Prefix: []any{ref}, Limit: 1, SeenOnly: true})
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}

// list lists the ids of notices; none while the read model is being built for the first time.
func (n noticeIndex) list(ctx context.Context, query readstore.Query) ([]string, error) {
	collection, err := n.serves(ctx, notifications.Name)
	if errors.Is(err, projections.ErrNotServing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	page, err := n.reads.List(ctx, collection, query)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", notifications.Name, err)
	}
	ids := make([]string, len(page.Documents))
	for i, document := range page.Documents {
		ids[i] = document.ID
	}
	return ids, nil
}
