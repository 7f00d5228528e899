package main

import (
	"net/netip"

	"go.opentelemetry.io/otel/metric"

	"services.example/portal/commands/reactors"
	"services.example/portal/infra/webhook"
)

// webhookFlags say where webhooks may lead.
type webhookFlags struct {
	Allow []netip.Prefix `env:"PORTAL_WEBHOOK_ALLOW" placeholder:"NETWORK" help:"Private networks that webhooks may reach, such as 10.1.0.0/16; then they may have addresses without TLS, too. Public addresses are reached anyway."`
}

// webhookTask delivers webhooks. What it returns beside the task ends its connections.
func (p *portal) webhookTask(with webhookFlags, meter metric.Meter) (task reactors.Task, stop func(), err error) {
	client := webhook.New(webhook.Options{Allowed: with.Allow})
	task, err = reactors.Webhooks(reactors.Hooks{
		Use: p.commands.Webhooks, Events: p.events, Feed: p.feed, Post: client, Now: p.now, Meter: meter,
	})
	return task, client.Close, err
}
