package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/projections/all"
)

// The size of one event of the append figures.
const (
	benchData     = 300 // bytes
	benchMetadata = 90
)

// appendRatio measures durable appends against Pebble's own synced commits of records of the same size.
func (b *runner) appendRatio(ctx context.Context) (figure, error) {
	ours, raw, err := inTurn(3, func() (float64, error) { return b.appends(ctx) }, func() (float64, error) { return b.rawCommits(ctx) })
	if err != nil {
		return figure{}, err
	}
	return figure{
		name:  fmt.Sprintf("durable appends, %d callers", b.Clients),
		value: fmt.Sprintf("%.0f/s", ours), limit: fmt.Sprintf("%.0f/s raw Pebble synced commits", raw),
		ratio: ratio(ours, raw), bar: "≥ 0.80", met: ours >= 0.8*raw,
	}, nil
}

func (b *runner) appends(ctx context.Context) (_ float64, err error) {
	dir, err := os.MkdirTemp(b.folder, "appends")
	if err != nil {
		return 0, fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	log, err := pebblelog.Open(filepath.Join(dir, "events"), pebblelog.Options{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	data, metadata := make([]byte, benchData), make([]byte, benchMetadata)
	return b.closed(ctx, func(ctx context.Context, client, n int) error {
		event := eventstore.Event{ID: uuid.Must(uuid.NewV7()), Type: "bench.appended.v1", JSON: true, Data: data, Metadata: metadata}
		_, err := log.Append(ctx, "bench-"+strconv.Itoa(client), eventstore.Expected(n-1), event)
		return err
	})
}

func (b *runner) rawCommits(ctx context.Context) (_ float64, err error) {
	dir, err := os.MkdirTemp(b.folder, "raw")
	if err != nil {
		return 0, fmt.Errorf("making a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := pebble.Open(dir, &pebble.Options{
		MemTableSize: 16 << 20, FormatMajorVersion: pebble.FormatNewest, Logger: quietLogger{},
	})
	if err != nil {
		return 0, fmt.Errorf("opening Pebble: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	record := make([]byte, benchData+benchMetadata)
	return b.closed(ctx, func(_ context.Context, client, n int) error {
		return db.Set(fmt.Appendf(nil, "%08d/%08d", client, n), record, pebble.Sync)
	})
}

// quietLogger keeps Pebble's chatter out of the table.
type quietLogger struct{}

func (quietLogger) Infof(string, ...any)  {}
func (quietLogger) Errorf(string, ...any) {}
func (quietLogger) Fatalf(format string, args ...any) {
	slog.Error("Pebble gave up", "reason", fmt.Sprintf(format, args...))
}

// rebuild measures the rebuild of every read model against reading and decoding the log alone.
func (b *runner) rebuild(ctx context.Context, l *Loaded) (_ []figure, err error) {
	p, err := b.host.Open(ctx, l.Data, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.Project(ctx); err != nil {
		return nil, err
	}
	events, started := 0, time.Now()
	for recorded, err := range p.Events.ReadAll(ctx, eventstore.AllRead{}) {
		if err != nil {
			return nil, err
		}
		if _, err := p.Codec.Decode(ctx, recorded); err != nil {
			return nil, err
		}
		events++
	}
	decoding := float64(events) / time.Since(started).Seconds()
	reports, err := p.Engine.Rebuild(ctx)
	if err != nil {
		return nil, err
	}
	slowest := time.Duration(0)
	for _, r := range reports {
		slowest = max(slowest, r.Built)
		if len(r.Differences) > 0 {
			return nil, fmt.Errorf("%s was not what the log says", r.Name)
		}
	}
	rebuilding := float64(events) / slowest.Seconds()
	return []figure{{
		name:  fmt.Sprintf("rebuild of all %d read models, %d events", len(all.Projections()), events),
		value: fmt.Sprintf("%.0f events/s", rebuilding), limit: fmt.Sprintf("%.0f/s reading and decoding", decoding),
		ratio: ratio(rebuilding, decoding), bar: "≥ 0.25 and ≥ 50,000/s",
		met: rebuilding >= 0.25*decoding && rebuilding >= 50_000,
	}}, nil
}
