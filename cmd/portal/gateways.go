package main

import (
	"context"

	"services.example/portal/infra/mail"
	"services.example/portal/infra/sms"
)

// gateways carry messages to real people.
type gateways struct {
	mail *mail.Sender
	sms  *sms.Sender
}

// newGateways connects to nothing yet: a gateway that is down must not keep the portal from starting.
func newGateways(smtp, from, smsGateway string) (*gateways, error) {
	mailer, err := mail.New(smtp, from)
	if err != nil {
		return nil, err
	}
	texter, err := sms.New(smsGateway)
	if err != nil {
		return nil, err
	}
	return &gateways{mail: mailer, sms: texter}, nil
}

// SMS sends a text message.
func (g *gateways) SMS(ctx context.Context, phone, words string) error {
	return g.sms.Send(ctx, phone, words)
}

// Email sends an e-mail.
func (g *gateways) Email(ctx context.Context, address, subject, words string) error {
	return g.mail.Send(ctx, address, subject, words)
}
