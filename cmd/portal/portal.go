package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/metric"

	"services.example/portal/commands"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/blob"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/keyring"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/infra/session"
	"services.example/portal/projections"
	"services.example/portal/projections/all"
)

// storage says where the portal keeps its data.
type storage struct {
	Data       string `env:"PORTAL_DATA" default:"./portal-data" help:"Folder of the embedded stores."`
	EventStore string `env:"PORTAL_EVENT_STORE" default:"embedded" help:"embedded."`
	ReadStore  string `env:"PORTAL_READ_STORE" default:"embedded" help:"embedded."`
	MasterKey  string `env:"PORTAL_MASTER_KEY" help:"Master key of the keyring, 32 bytes in base64. Without it, a file in the data folder."`
}

func (s storage) events() string { return filepath.Join(s.Data, "events") }
func (s storage) reads() string  { return filepath.Join(s.Data, "read") }
func (s storage) keys() string   { return filepath.Join(s.Data, "keys") }
func (s storage) files() string  { return filepath.Join(s.Data, "files") }
func (s storage) master() string { return filepath.Join(s.Data, "master.key") }

// portal is everything that runs in one process. It is wired here and nowhere else.
type portal struct {
	events   *pebblelog.Log
	reads    *pebblestore.Store
	keys     *keyring.Keyring
	blobs    *blob.Files
	codec    *codec.Codec
	sessions *session.Store
	commands *commands.Commands
	engine   *projections.Engine
	secrets  secrets
	now      func() time.Time
	closers  []func() error
}

// secrets are random, made at first start and kept in the keyring.
type secrets struct {
	commands.Secrets
	clients []byte // for the hashes of network addresses
}

// options are what the ways to start the portal differ in.
type options struct {
	messages commands.Messages
	limits   commands.Limits
	siteURL  string
	meter    metric.Meter
}

// now is the portal's clock: UTC in milliseconds, which every store keeps exactly.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// open opens the stores and wires the portal on them. The projections are not running yet.
func open(ctx context.Context, where storage, with options) (_ *portal, err error) {
	if where.EventStore != "embedded" || where.ReadStore != "embedded" {
		return nil, errors.New("this build has the embedded stores only: leave --event-store and --read-store at embedded")
	}
	if err := os.MkdirAll(where.Data, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	p := &portal{now: now}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.events, err = pebblelog.Open(where.events(), pebblelog.Options{}); err != nil {
		return nil, err
	}
	p.closers = append(p.closers, p.events.Close)
	if p.reads, err = pebblestore.Open(where.reads(), pebblestore.Options{}); err != nil {
		return nil, err
	}
	p.closers = append(p.closers, p.reads.Close)
	if err := p.openKeys(ctx, where); err != nil {
		return nil, err
	}
	if err := p.openFiles(ctx, where); err != nil {
		return nil, err
	}
	if p.codec, err = codec.New(p.keys, commands.AggregateTypes()...); err != nil {
		return nil, err
	}
	if err := p.reads.Declare(ctx, ephemeral...); err != nil {
		return nil, err
	}
	p.sessions = session.New(p.reads, p.now, true)
	if p.commands, err = commands.New(commands.Deps{
		Events: p.events, Codec: p.codec, Keys: p.keys, Entries: p.reads, Sessions: p.sessions, Files: files{p.blobs},
		Messages: with.messages, Secrets: p.secrets.Secrets, Limits: with.limits, Now: p.now, SiteURL: with.siteURL,
	}); err != nil {
		return nil, err
	}
	p.engine, err = projections.New(projections.Config{
		Events: p.events, Reads: p.reads, Decoder: p.codec, Projections: all.Projections(), Meter: with.meter,
	})
	return p, err
}

// ephemeral are the collections of short-lived state.
var ephemeral = []readstore.Collection{session.Collection, commands.ChallengeCollection, httpapi.IdempotencyCollection}

func (p *portal) openKeys(ctx context.Context, where storage) error {
	master, err := loadMaster(where)
	if err != nil {
		return err
	}
	if p.keys, err = keyring.Open(where.keys(), master); err != nil {
		return err
	}
	p.closers = append(p.closers, p.keys.Close)
	for name, into := range map[string]*[]byte{
		"account-pepper": &p.secrets.Pepper, "codes": &p.secrets.Codes, "clients": &p.secrets.clients,
	} {
		if *into, err = p.keys.Named(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func loadMaster(where storage) (keyring.Master, error) {
	if where.MasterKey != "" {
		return keyring.ParseMaster(where.MasterKey)
	}
	return keyring.LoadMaster(where.master(), true)
}

func (p *portal) openFiles(ctx context.Context, where storage) error {
	folder, err := filepath.Abs(where.files())
	if err != nil {
		return fmt.Errorf("finding the folder of files: %w", err)
	}
	bucket := url.URL{Scheme: "file", Path: filepath.ToSlash(folder)}
	p.blobs, err = blob.Open(ctx, blob.Options{
		URL: bucket.String(), Spool: filepath.Join(where.Data, "uploads"), Keys: p.keys,
	})
	if err != nil {
		return err
	}
	p.closers = append(p.closers, p.blobs.Close)
	return nil
}

// close closes what was opened, the last first.
func (p *portal) close() error {
	var faults []error
	if p.engine != nil {
		faults = append(faults, p.engine.Close())
	}
	for i := len(p.closers) - 1; i >= 0; i-- {
		faults = append(faults, p.closers[i]())
	}
	return errors.Join(faults...)
}

// files adapts the blob store to both sides.
type files struct{ blobs *blob.Files }

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
		return nil, problem.New(problem.Gone, "file-erased")
	case errors.Is(err, blob.ErrNotFound):
		return nil, problem.New(problem.NotFound, "file-not-found")
	default:
		return content, err
	}
}

var (
	_ eventstore.Store = (*pebblelog.Log)(nil)
	_ readstore.Store  = (*pebblestore.Store)(nil)
)

// awaitAll waits until every read model has seen everything up to a position.
func (p *portal) awaitAll(ctx context.Context, position eventstore.Position) error {
	for _, projection := range all.Projections() {
		if err := p.engine.Await(ctx, projection.Name, position); err != nil {
			return err
		}
	}
	return nil
}
