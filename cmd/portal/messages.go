package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"services.example/portal/commands"
)

// messages chooses what carries SMS and e-mail: gateways in production, the outbox in a demo.
func (c *serveCommand) messages() (commands.Messages, *outbox, *gateways, error) {
	if !c.Production {
		if c.SMTP != "" || c.SMSGateway != "" {
			return nil, nil, nil, errors.New("gateways are for --production: a demo shows its messages at /dev/outbox")
		}
		box := &outbox{}
		return box, box, nil, nil
	}
	if c.SMTP == "" || c.MailFrom == "" || c.SMSGateway == "" || c.SiteURL == "" {
		return nil, nil, nil, errors.New("--production needs --smtp, --mail-from, --sms-gateway and --site-url: " +
			"the demo's outbox is not for real people")
	}
	carried, err := newGateways(c.SMTP, c.MailFrom, c.SMSGateway)
	if err != nil {
		return nil, nil, nil, err
	}
	return carried, nil, carried, nil
}

// keptMessages is how many messages the outbox shows.
const keptMessages = 10_000

// outbox keeps in memory what SMS or e-mail would have carried.
type outbox struct {
	mu   sync.Mutex
	sent []sentMessage // oldest first
}

// sentMessage is a message that a demo did not send.
type sentMessage struct {
	Channel string    `json:"channel"`
	To      string    `json:"to"`
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
	At      time.Time `json:"at"`

	id string // a message of this id is kept once; empty: none
}

// SMS keeps a text message.
func (o *outbox) SMS(_ context.Context, id, phone, words string) (string, error) {
	o.keep(sentMessage{Channel: "sms", To: phone, Text: words, At: now(), id: id})
	return "", nil
}

// Email keeps an e-mail.
func (o *outbox) Email(_ context.Context, id, address, subject, words string) (string, error) {
	o.keep(sentMessage{Channel: "email", To: address, Subject: subject, Text: words, At: now(), id: id})
	return "", nil
}

func (o *outbox) keep(m sentMessage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if m.id != "" && slices.ContainsFunc(o.sent, func(kept sentMessage) bool { return kept.id == m.id }) {
		return
	}
	if len(o.sent) == keptMessages {
		o.sent = append(o.sent[:0], o.sent[keptMessages/2:]...)
	}
	o.sent = append(o.sent, m)
}

// to lists the messages to somebody (empty: to everybody), newest first.
func (o *outbox) to(address string) []sentMessage {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := []sentMessage{}
	for i := len(o.sent) - 1; i >= 0; i-- {
		if address == "" || o.sent[i].To == address {
			list = append(list, o.sent[i])
		}
	}
	return list
}
