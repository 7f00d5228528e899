package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

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
func (p *portal) openHistory(ctx context.Context, where storage, flags historyFlags) error {
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
		Reads: p.reads, Signer: signer, Now: p.now, Witnesses: flags.Witness,
		Anchor: &tlog.Anchor{Path: filepath.Join(where.history(), "checkpoint")},
	})
	return err
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
