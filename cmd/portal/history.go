package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"

	"services.example/portal/infra/transparency"
	"services.example/portal/infra/transparency/tlog"
)

// historyFlags are what the verifiable history can be told.
type historyFlags struct {
	Witness []string      `env:"PORTAL_WITNESS" placeholder:"KEY" help:"Public keys of witnesses whose signatures of checkpoints are taken: name+hash+key, as C2SP tlog-cosignature has them."`
	Every   time.Duration `name:"checkpoint-every" env:"PORTAL_CHECKPOINT_EVERY" default:"1m" help:"How often a checkpoint of the event log is signed, if there were events."`
}

// history is the folder of what the verifiable history keeps outside the stores.
func (s storage) history() string { return filepath.Join(s.Data, "audit") }

// openHistory prepares the signed history. Its key is one of the secrets in the keyring, so that every process has the
// same one, and it changes neither with the master key nor with a move to other stores.
func (p *portal) openHistory(ctx context.Context, where storage, with options) error {
	seed, err := p.keys.Named(ctx, "transparency")
	if err != nil {
		return err
	}
	signer, err := transparency.NewSigner(seed)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(where.history(), 0o700); err != nil {
		return fmt.Errorf("making the folder of the latest checkpoint: %w", err)
	}
	if err := tlog.Declare(ctx, p.reads); err != nil {
		return err
	}
	p.history, err = tlog.New(tlog.Options{
		Reads: p.reads, Signer: signer, Now: p.now, Witnesses: with.history.Witness,
		Anchor: &tlog.Anchor{Path: filepath.Join(where.history(), "checkpoint")},
	})
	if err != nil || with.meter == nil {
		return err
	}
	return p.measureHistory(with.meter)
}

// measureHistory lets whoever watches the metrics see that the log is no longer the one that was signed. Every process tells
// it: what was found is kept where all of them read.
func (p *portal) measureHistory(meter metric.Meter) error {
	altered, failed := meter.Int64ObservableGauge("history.altered",
		metric.WithDescription("1 where the event log, or what it is verified by, was found altered, else 0"))
	unsigned, err := meter.Int64ObservableGauge("history.unsigned",
		metric.WithDescription("Events in the hash tree that no signed checkpoint covers: of a minute at most"))
	if err = errors.Join(failed, err); err != nil {
		return fmt.Errorf("making the metrics of the verifiable history: %w", err)
	}
	watched, err := meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		wrong := errors.Join(p.history.Trouble(ctx), p.history.Finding(ctx))
		latest, err := p.history.Latest(ctx)
		if err != nil && !errors.Is(err, tlog.ErrNoCheckpoint) {
			wrong = errors.Join(wrong, err)
		}
		if errors.Is(wrong, tlog.ErrAltered) {
			o.ObserveInt64(altered, 1)
			return nil
		}
		size, err := p.history.Size(ctx)
		if err = errors.Join(wrong, err); err != nil {
			return err
		}
		o.ObserveInt64(altered, 0)
		o.ObserveInt64(unsigned, max(0, int64(size)-int64(latest.Size)))
		return nil
	}, altered, unsigned)
	if err != nil {
		return fmt.Errorf("watching the verifiable history: %w", err)
	}
	p.closers = append(p.closers, watched.Unregister)
	return nil
}

// startHistory begins to keep the hash tree and to sign checkpoints, in the one of the processes that project which gets
// the lease. What it returns ends that.
func (p *portal) startHistory(ctx context.Context, where storage, flags historyFlags) (stop func()) {
	running, cancel := context.WithCancel(ctx)
	keeper := &tlog.Keeper{Log: p.history, Events: p.events, Leases: p.leases(where), Every: flags.Every}
	var keeping sync.WaitGroup
	keeping.Go(func() { keeper.Run(running) })
	return func() {
		cancel()
		keeping.Wait()
	}
}
