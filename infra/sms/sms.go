// Package sms sends text messages through a gateway: over HTTP, or over SMPP 3.4 to an operator's centre. Both are the same
// Sender.
package sms

import (
	"context"
	"errors"
	"net"
	"net/url"
)

// Sender sends text messages. It is safe for use by several goroutines at once.
type Sender interface {
	// Send sends words to a phone. When it returns without an error the gateway has taken the message over; ref is by what
	// it will report on it, empty if it will not. A message that is sent again, because nobody knows whether the gateway has
	// it, has the same id; a good gateway then passes on only one. Without an id nothing is reported. No error holds the
	// number or the words. Errors: those of ctx and of the connection, and of the gateway, which know whether they are
	// Permanent and their Reason.
	Send(ctx context.Context, id, phone, words string) (ref string, err error)
	// Token is what the gateway's own requests to the portal have to bear; empty if it makes none.
	Token() string
	Close() error
}

// Report is what a gateway says of a message some time after it took it over.
type Report struct {
	Ref       string // as Send returned it
	Delivered bool   // else it will never be
	Reason    string // of what was not delivered: a code
}

// Options are what a gateway needs beside its URL.
type Options struct {
	// Reported is told what a gateway reports over the connection on which messages are sent to it. After an error the
	// gateway reports again. Nil: nobody wants to know.
	Reported func(ctx context.Context, report Report) error
}

var errURL = errors.New("the SMS gateway's URL must be https://[token@]host/path, plain http only on this machine, " +
	"or smpp://user:password@host[:port]?source=…, or smpps:// with TLS")

// New returns a sender through the gateway at a URL. It does not wait for the gateway. No error repeats the URL, which
// holds secrets.
func New(gateway string, options Options) (Sender, error) {
	u, err := url.Parse(gateway)
	if err != nil || u.Hostname() == "" || u.Fragment != "" {
		return nil, errURL
	}
	switch u.Scheme {
	case "https", "http":
		return newHTTP(u)
	case "smpp", "smpps":
		return newSMPP(u, options)
	default:
		return nil, errURL
	}
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
