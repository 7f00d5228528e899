package commands

import (
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/readstore/pebblestore"
)

// BenchmarkMachineToken is what a request of a service account costs beside what it asks for, where there are a hundred.
func BenchmarkMachineToken(b *testing.B) {
	quiet := slog.New(slog.DiscardHandler)
	log, err := pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = log.Close() })
	reads, err := pebblestore.Open("reads", pebblestore.Options{InMemory: true, SweepEvery: -1, Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = reads.Close() })
	if err := reads.Declare(b.Context(), MachineUseCollection); err != nil {
		b.Fatal(err)
	}
	keys := codectest.NewKeys()
	events, err := codec.New(keys, aggregates.All()...)
	if err != nil {
		b.Fatal(err)
	}
	c, err := New(Deps{Events: log, Codec: events, Keys: keys, Entries: reads, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	var token string
	for i := range 100 {
		name := "tool-" + strconv.Itoa(i)
		if _, _, err := c.Machines.Add(b.Context(), NewRequest("system"), name, "Сынақ"); err != nil {
			b.Fatal(err)
		}
		issued, _, err := c.Machines.Issue(b.Context(), NewRequest("system"), IssueToken{
			Machine: name, Scopes: []string{"feed:read"}, Expires: time.Now().Add(time.Hour),
		})
		if err != nil {
			b.Fatal(err)
		}
		token = issued.Token
	}
	for _, test := range []struct {
		name  string
		stale bool
	}{{"remembered", false}, {"looked up", true}} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				if test.stale {
					c.Machines.changed.Add(1)
				}
				if _, err := c.Machines.Caller(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
