package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"services.example/portal/infra/eventstore/esdbserver"
)

// esdbFlags offer the embedded event log to clients of EventStoreDB: auditors and analysts with tools of their own.
type esdbFlags struct {
	Listen   string `env:"PORTAL_ESDB_LISTEN" placeholder:"ADDR" help:"Offer the event log to clients of EventStoreDB: unix:///socket, or host:port. Beyond this machine it needs a certificate and a password."`
	Cert     string `env:"PORTAL_ESDB_CERT" placeholder:"FILE" help:"Certificate of that address, PEM."`
	Key      string `env:"PORTAL_ESDB_KEY" placeholder:"FILE" help:"Its private key, PEM."`
	Auth     string `env:"PORTAL_ESDB_AUTH" placeholder:"FILE" help:"File with the user:password that clients must give."`
	Writable bool   `env:"PORTAL_ESDB_WRITABLE" help:"Let clients append and delete in production too."`
}

// serve offers the log, if asked to; what it returns stops that. Clients cannot write in production unless allowed to: an
// event that no command has decided is nobody's.
func (f esdbFlags) serve(ctx context.Context, p *portal, production bool) (stop func(), err error) {
	if f.Listen == "" {
		return func() {}, nil
	}
	if p.log == nil {
		return nil, errors.New("--esdb-listen offers the embedded event log, but the events are in EventStoreDB: let clients go there")
	}
	user, password, err := f.credentials()
	if err != nil {
		return nil, err
	}
	server, err := esdbserver.Listen(ctx, p.log, f.Listen, esdbserver.Options{
		ReadOnly: production && !f.Writable, CertFile: f.Cert, KeyFile: f.Key, Username: user, Password: password,
	})
	if err != nil {
		return nil, err
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	slog.InfoContext(ctx, "the event log is offered to clients of EventStoreDB", "address", server.Addr())
	return func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		server.Stop(ending)
		if err := <-served; err != nil {
			slog.ErrorContext(ending, "offering the event log", "error", err)
		}
	}, nil
}

func (f esdbFlags) credentials() (user, password string, err error) {
	if f.Auth == "" {
		return "", "", nil
	}
	content, err := os.ReadFile(f.Auth)
	if err != nil {
		return "", "", fmt.Errorf("reading who may use the event log: %w", err)
	}
	user, password, found := strings.Cut(strings.TrimSpace(string(content)), ":")
	if !found || user == "" || password == "" {
		return "", "", fmt.Errorf("%s does not hold user:password", f.Auth)
	}
	return user, password, nil
}
