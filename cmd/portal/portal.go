package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/metric"

	"services.example/portal/commands"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/blob"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/feed"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/infra/session"
	"services.example/portal/infra/transparency/tlog"
	"services.example/portal/projections"
	"services.example/portal/projections/all"
	"services.example/portal/readapi"
)

// portal is everything that runs in one process. It is wired here and nowhere else.
type portal struct {
	events   eventstore.Store
	log      *pebblelog.Log // the event store, where it is embedded
	reads    readstore.Store
	keys     keys
	blobs    *blob.Files
	codec    *codec.Codec
	feed     *feed.Feed
	sessions *session.Store
	commands *commands.Commands
	engine   *projections.Engine
	rebuilds *rebuilds
	queries  *readapi.Queries
	history  *tlog.Log
	secrets  secrets
	now      func() time.Time
	load     httpapi.Load
	closers  []func() error

	verifier  eds.Verifier
	evidences eds.Evidences // nil: nobody is asked for evidence of signatures
	demoCA    *dev.CA       // nil in production
}

// secrets are random, made at first start and kept in the keyring.
type secrets struct {
	commands.Secrets
	clients   []byte // for the hashes of network addresses
	feed      []byte // for pseudonyms in the feed, and the secrets of webhooks
	analytics []byte // for pseudonyms in exports, and the chance by which figures are rounded
}

// options are what the ways to start the portal differ in.
type options struct {
	messages commands.Messages
	limits   commands.Limits
	siteURL  string
	meter    metric.Meter
	demo     bool // take the signatures that its own certification authority makes
	alone    bool // nobody reads what this process writes before it has ended
	terms    termsFlags
	webhooks webhookFlags
	erasure  erasureFlags
	history  historyFlags
	eds      *edsFlags // nil: as in a demo, or none outside of one
}

// now is the portal's clock: UTC in milliseconds, which every store keeps exactly.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// open opens the stores and wires the portal on them. The projections are not running yet.
func open(ctx context.Context, where storage, with options) (_ *portal, err error) {
	if err := os.MkdirAll(where.Data, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	p := &portal{now: now}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if err := p.openEvents(where); err != nil { //nolint:contextcheck // the store lives until it is closed
		return nil, err
	}
	if err := p.openReads(where); err != nil { //nolint:contextcheck // the store lives until it is closed
		return nil, err
	}
	if err := p.openKeys(ctx, where); err != nil {
		return nil, err
	}
	if err := p.openFiles(ctx, where); err != nil {
		return nil, err
	}
	if p.codec, err = codec.New(p.keys, aggregates.All()...); err != nil {
		return nil, err
	}
	if p.feed, err = feed.New(p.codec, p.secrets.feed, aggregates.All()...); err != nil {
		return nil, err
	}
	if err := p.reads.Declare(ctx, ephemeral...); err != nil {
		return nil, err
	}
	if err := p.openHistory(ctx, where, with); err != nil {
		return nil, err
	}
	p.sessions = session.New(p.reads, p.now, !where.shared())
	if err := p.openSigning(ctx, where, with); err != nil {
		return nil, err
	}
	if p.commands, err = commands.New(commands.Deps{
		Events: p.events, Codec: p.codec, Keys: p.keys, Entries: p.reads, Sessions: p.sessions, Files: p.files(),
		Messages: with.messages, Secrets: p.secrets.Secrets, Limits: with.limits, Now: p.now, SiteURL: with.siteURL,
		Threads: threads{p}, Verifier: p.verifier, Evidences: p.evidences, Notified: p.notices(),
		Feed: p.feed, PlainWebhooks: len(with.webhooks.Allow) > 0,
		Erasing: &erasing{p: p, shared: where.shared()}, ErasurePause: with.erasure.Pause,
	}); err != nil {
		return nil, err
	}
	config := projections.Config{
		Events: p.events, Reads: p.reads, Decoder: p.codec, Projections: all.Projections(), Meter: with.meter, Leases: p.leases(where),
	}
	if store, ok := p.reads.(*pebblestore.Store); ok && with.alone {
		config.DeferCompactions = store.DeferCompactions
	}
	if p.log == nil {
		config.MostLag = countedByReading
	}
	if p.engine, err = projections.New(config); err != nil {
		return nil, err
	}
	p.rebuilds = newRebuilds(p.engine)
	p.queries = readapi.New(readapi.Deps{
		Reads: p.reads, Progress: p.engine, Files: p.files(), Now: p.now, Events: p.events,
		Status: p.engine, History: p.history, Codec: p.codec, Feed: p.feed, Access: p.access, AnalyticsSecret: p.secrets.analytics, Busy: p.load.Busy, Meter: with.meter,
	})
	return p, nil
}

// countedByReading is how many events are counted where every one must be read for that.
const countedByReading = 10_000

// ephemeral are the collections of short-lived state.
var ephemeral = []readstore.Collection{session.Collection, commands.ChallengeCollection, httpapi.IdempotencyCollection, commands.MachineUseCollection, commands.DeliveryCollection}

// close closes what was opened, the last first.
func (p *portal) close() error {
	var faults []error
	if p.rebuilds != nil {
		p.rebuilds.close()
	}
	if p.engine != nil {
		faults = append(faults, p.engine.Close())
	}
	for i := len(p.closers) - 1; i >= 0; i-- {
		faults = append(faults, p.closers[i]())
	}
	return errors.Join(faults...)
}

// files adapts the blob store to both sides.
type files struct {
	blobs *blob.Files
	held  func(ctx context.Context, subject, sha256 string) (holder string, err error) // nil: nothing is kept of those who were erased
}

// Put stores a file.
func (f files) Put(ctx context.Context, subject string, r io.Reader, limit int64) (commands.StoredFile, error) {
	info, err := f.blobs.Put(ctx, subject, r, limit)
	var tooLarge *blob.TooLargeError
	if errors.As(err, &tooLarge) {
		return commands.StoredFile{}, &problem.Problem{Kind: problem.TooLarge, Code: "file-too-large", Fields: []problem.Field{
			{Location: "file", Code: "file-too-large", Params: map[string]string{"max": strconv.FormatInt(limit>>20, 10)}},
		}}
	}
	return commands.StoredFile{SHA256: info.SHA256, MIME: info.MIME, Size: info.Size}, err
}

// Open reads a file.
func (f files) Open(ctx context.Context, subject, sha256 string) (io.ReadCloser, error) {
	content, err := f.blobs.Open(ctx, subject, sha256)
	switch {
	case errors.Is(err, blob.ErrErased):
		return f.openHeld(ctx, subject, sha256)
	case errors.Is(err, blob.ErrNotFound):
		return nil, problem.New(problem.NotFound, "file-not-found")
	default:
		return content, err
	}
}

// awaitAll waits until every read model has seen everything up to a position.
func (p *portal) awaitAll(ctx context.Context, position eventstore.Position) error {
	for _, projection := range all.Projections() {
		if err := p.engine.Await(ctx, projection.Name, position); err != nil {
			return err
		}
	}
	return nil
}
