package main

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"services.example/portal/commands"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/mail"
	"services.example/portal/infra/sms"
)

// gateways carry messages to real people.
type gateways struct {
	mail *mail.Sender
	sms  sms.Sender

	notices atomic.Pointer[commands.Notices] // nil: nobody can be told of reports yet
}

// newGateways does not wait for the gateways: one that is down must not keep the portal from starting.
func newGateways(smtp, from, smsGateway string) (*gateways, error) {
	mailer, err := mail.New(smtp, from)
	if err != nil {
		return nil, err
	}
	g := &gateways{mail: mailer}
	g.sms, err = sms.New(smsGateway, sms.Options{Reported: g.reported})
	return g, err
}

// SMS sends a text message.
func (g *gateways) SMS(ctx context.Context, id, phone, words string) (ref string, err error) {
	return g.sms.Send(ctx, id, phone, words)
}

// Email sends an e-mail.
func (g *gateways) Email(ctx context.Context, id, address, subject, words string) (ref string, err error) {
	return "", g.mail.Send(ctx, id, address, subject, words)
}

// tell lets reports be recorded from now on.
func (g *gateways) tell(notices *commands.Notices) {
	if g != nil {
		g.notices.Store(notices)
	}
}

// token is what the SMS gateway's own requests have to bear; empty if it makes none.
func (g *gateways) token() string {
	if g == nil {
		return ""
	}
	return g.sms.Token()
}

func (g *gateways) close() error {
	if g == nil {
		return nil
	}
	return g.sms.Close()
}

var errStarting = errors.New("the portal is starting")

// reported records what the SMS centre reports. One on a message that is no notice is passed by: it would never be known.
func (g *gateways) reported(ctx context.Context, report sms.Report) error {
	notices := g.notices.Load()
	if notices == nil {
		return errStarting
	}
	err := notices.Report(ctx, commands.DeliveryReport(report))
	if problem.Has(err, "notice-not-found") {
		slog.InfoContext(ctx, "a delivery receipt is about no notice")
		return nil
	}
	return err
}
