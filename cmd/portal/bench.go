package main

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"services.example/portal/cmd/portal/bench"
)

// benchHost is this program for its benchmark.
type benchHost struct{}

// Open opens a portal that sends its messages nowhere.
func (benchHost) Open(ctx context.Context, data string, alone bool) (*bench.Portal, error) {
	p, err := open(ctx, embeddedIn(data), options{messages: &outbox{}, alone: alone})
	if err != nil {
		return nil, err
	}
	return &bench.Portal{
		Events: p.events, Codec: p.codec, Keys: p.keys, Sessions: p.sessions, Engine: p.engine, AccountID: p.secrets.AccountID,
		Seed:    func(ctx context.Context) error { return seedCatalogue(ctx, p.commands, "") },
		Project: p.project, Close: p.close,
	}, nil
}

// Collect asks for a profile of the heap, which begins with a collection.
func (benchHost) Collect(ctx context.Context, data string) error {
	return askFor(ctx, embeddedIn(data), http.MethodGet, "/debug/pprof/heap", url.Values{"gc": {"1"}}, func(profile io.Reader) error {
		_, err := io.Copy(io.Discard, profile)
		return err
	})
}

func embeddedIn(data string) storage {
	return storage{Data: data, EventStore: embedded, ReadStore: embedded}
}
