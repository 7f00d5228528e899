package tlog_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/infra/transparency"
	"services.example/portal/infra/transparency/tlog"
)

var (
	quiet = slog.New(slog.DiscardHandler)
	noon  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

// office is a log with its tree.
type office struct {
	t      testing.TB
	files  vfs.FS
	events *pebblelog.Log
	reads  readstore.Store
	signer *transparency.Signer
	anchor *tlog.Anchor
	log    *tlog.Log
}

func openReads(tb testing.TB) readstore.Store {
	tb.Helper()
	reads, err := pebblestore.Open("reads", pebblestore.Options{InMemory: true, SweepEvery: -1, Logger: quiet})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = reads.Close() })
	return reads
}

func newOffice(tb testing.TB, reads readstore.Store, witnesses ...string) *office {
	tb.Helper()
	o := &office{t: tb, reads: reads, files: vfs.NewMem(), anchor: &tlog.Anchor{Path: filepath.Join(tb.TempDir(), "checkpoint")}}
	seed := make([]byte, ed25519.SeedSize)
	var err error
	if o.signer, err = transparency.NewSigner(seed); err != nil {
		tb.Fatal(err)
	}
	o.openEvents()
	tb.Cleanup(func() { _ = o.events.Close() })
	o.use(reads, witnesses...)
	return o
}

// use lets the tree be kept in a read store.
func (o *office) use(reads readstore.Store, witnesses ...string) {
	o.t.Helper()
	o.reads = reads
	err := tlog.Declare(o.t.Context(), reads)
	if err == nil {
		o.log, err = tlog.New(tlog.Options{Reads: reads, Signer: o.signer, Now: func() time.Time { return noon }, Witnesses: witnesses, Anchor: o.anchor})
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) openEvents() {
	o.t.Helper()
	var err error
	o.events, err = pebblelog.Open("log", pebblelog.Options{FS: o.files, Logger: quiet, Clock: func() time.Time { return noon }})
	if err != nil {
		o.t.Fatal(err)
	}
}

func event(n int) eventstore.Event {
	return eventstore.Event{
		ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)), Type: "application.step-saved.v1", JSON: true,
		Data: fmt.Appendf(nil, `{"n":%d}`, n), Metadata: fmt.Appendf(nil, `{"actor":"a-%d"}`, n),
	}
}

// write appends the events numbered from to to-1, a hundred to a stream.
func (o *office) write(from, to int) eventstore.Position {
	o.t.Helper()
	var last eventstore.Position
	for n := from; n < to; {
		stream := n / 100
		var events []eventstore.Event
		for ; n < to && n/100 == stream; n++ {
			events = append(events, event(n))
		}
		appended, err := o.events.Append(o.t.Context(), fmt.Sprintf("application-%d", stream), eventstore.Any, events...)
		if err != nil {
			o.t.Fatal(err)
		}
		last = appended.Position
	}
	return last
}

// keep lets a keeper run until stop is called.
func (o *office) keep() (stop func()) {
	ctx, cancel := context.WithCancel(o.t.Context())
	keeper := &tlog.Keeper{Log: o.log, Events: o.events, Every: time.Hour, Pause: time.Millisecond, Logger: quiet}
	var running sync.WaitGroup
	running.Go(func() { keeper.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// cover keeps the tree until it has a position, and signs it.
func (o *office) cover(position eventstore.Position) transparency.Signed {
	o.t.Helper()
	stop := o.keep()
	defer stop()
	signed, err := o.log.Cover(o.t.Context(), position)
	if err != nil {
		o.t.Fatal(err)
	}
	return signed
}

func (o *office) records() []eventstore.Recorded {
	o.t.Helper()
	var list []eventstore.Recorded
	for record, err := range o.events.ReadAll(o.t.Context(), eventstore.AllRead{}) {
		if err != nil {
			o.t.Fatal(err)
		}
		list = append(list, record)
	}
	return list
}

// eventually waits until something is so.
func (o *office) eventually(so func() bool) {
	o.t.Helper()
	for !so() {
		select {
		case <-o.t.Context().Done():
			o.t.Fatal("it never came")
		case <-time.After(time.Millisecond):
		}
	}
}

func withCancel(tb testing.TB) (context.Context, context.CancelFunc) {
	tb.Helper()
	return context.WithCancel(tb.Context())
}
