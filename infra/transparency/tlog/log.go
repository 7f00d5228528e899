package tlog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/transparency"
)

var (
	// ErrAltered says that the event log is not the one of which checkpoints were signed: something in it was changed, or
	// it was set back. Nothing is signed any more; `portal audit verify` tells what does not fit.
	ErrAltered = errors.New("the event log does not continue the last signed checkpoint")
	// ErrBehind says that the tree has not reached the last signed checkpoint again: it is being built.
	ErrBehind = errors.New("the hash tree is still being built")
	// ErrNoCheckpoint says that there is no such checkpoint, or none yet.
	ErrNoCheckpoint = errors.New("there is no such checkpoint")
)

// Options are what a Log needs. All are needed but those that say otherwise.
type Options struct {
	Reads     readstore.Store
	Signer    *transparency.Signer
	Now       func() time.Time
	Witnesses []string // public keys of those whose cosignatures are taken; may be empty
	Anchor    *Anchor  // nil: the read store alone keeps checkpoints
}

// Log is the signed history: the tree, its checkpoints, and proofs. Many goroutines and processes may use it.
type Log struct {
	*Tree
	options Options
	signing sync.Mutex
}

// New makes the log over a read store in which Declare was called. Error: transparency.ErrWitness.
func New(options Options) (*Log, error) {
	if len(options.Witnesses) > transparency.MaxWitnesses {
		return nil, fmt.Errorf("%w: there can be %d witnesses, not %d", transparency.ErrWitness, transparency.MaxWitnesses, len(options.Witnesses))
	}
	for _, witness := range options.Witnesses {
		if err := transparency.CheckWitness(witness); err != nil {
			return nil, err
		}
	}
	return &Log{Tree: NewTree(options.Reads), options: options}, nil
}

// Key is the public key with which checkpoints are verified.
func (l *Log) Key() string { return l.options.Signer.Key() }

// Witnesses are the public keys of the witnesses whose cosignatures are taken.
func (l *Log) Witnesses() []string { return l.options.Witnesses }

// State signs words of the log other than a checkpoint: see transparency.Signer.
func (l *Log) State(kind, text string) ([]byte, error) { return l.options.Signer.State(kind, text) }

// Sign signs a checkpoint of the tree as it is, unless that was done already. Errors: ErrAltered, ErrBehind.
func (l *Log) Sign(ctx context.Context) (transparency.Signed, error) {
	l.signing.Lock()
	defer l.signing.Unlock()
	if err := l.Trouble(ctx); err != nil {
		return transparency.Signed{}, err
	}
	size, err := l.Size(ctx)
	if err != nil {
		return transparency.Signed{}, err
	}
	latest, err := l.continues(ctx, size)
	if err != nil || latest != nil && latest.Size == size {
		return held(latest), err
	}
	root, err := l.Root(ctx, size)
	if err != nil {
		return transparency.Signed{}, err
	}
	signed, err := l.options.Signer.Sign(size, root, l.options.Now())
	if err != nil {
		return signed, err
	}
	if signed, err = l.keep(ctx, signed); err != nil {
		return signed, err
	}
	return signed, nil
}

func held(signed *transparency.Signed) transparency.Signed {
	if signed == nil {
		return transparency.Signed{}
	}
	return *signed
}

// continues makes sure that the tree of this size continues everything that was signed. It returns the latest checkpoint;
// none: nil. Errors: ErrAltered, ErrBehind.
func (l *Log) continues(ctx context.Context, size uint64) (*transparency.Signed, error) {
	known, err := l.known(ctx)
	if err != nil {
		return nil, err
	}
	var latest *transparency.Signed
	for i := range known {
		if size < known[i].Size {
			return nil, ErrBehind
		}
		root, err := l.Root(ctx, known[i].Size)
		if err != nil {
			return nil, err
		}
		if root != known[i].Root {
			return nil, fmt.Errorf("%w: that of %d records", ErrAltered, known[i].Size)
		}
		if latest == nil || latest.Size < known[i].Size {
			latest = &known[i]
		}
	}
	return latest, nil
}

// known are the latest checkpoints that the read store and the anchor have.
func (l *Log) known(ctx context.Context) ([]transparency.Signed, error) {
	var known []transparency.Signed
	latest, err := l.Latest(ctx)
	switch {
	case err == nil:
		known = append(known, latest)
	case !errors.Is(err, ErrNoCheckpoint):
		return nil, err
	}
	if l.options.Anchor == nil {
		return known, nil
	}
	anchored, err := l.options.Anchor.Load()
	if err != nil || anchored == nil {
		return known, err
	}
	signed, err := transparency.Open(anchored, l.Key())
	if err != nil {
		return nil, fmt.Errorf("%w: the one in the data folder: %w", ErrAltered, err)
	}
	return append(known, signed), nil
}

// Cover returns a checkpoint that covers the record at a position of the log, and signs one if none does yet. It waits
// until the tree has the record. Errors: the context's, ErrAltered, ErrBehind.
func (l *Log) Cover(ctx context.Context, position eventstore.Position) (transparency.Signed, error) {
	const pause = 20 * time.Millisecond
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		through, err := l.Through(ctx)
		if err != nil {
			return transparency.Signed{}, err
		}
		if !through.Before(position) {
			break
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return transparency.Signed{}, fmt.Errorf("waiting for the hash tree: %w", ctx.Err())
		}
	}
	needed, err := countThrough(ctx, l.options.Reads, position)
	if err != nil {
		return transparency.Signed{}, err
	}
	latest, err := l.Latest(ctx)
	if err == nil && latest.Size >= needed {
		return latest, nil
	}
	if err != nil && !errors.Is(err, ErrNoCheckpoint) {
		return latest, err
	}
	return l.Sign(ctx)
}

// Prove proves that records are in the log that a checkpoint signs, each at its index. Errors: ErrNoRecord, ErrBeyond if
// the checkpoint does not cover one: see Cover.
func (l *Log) Prove(
	ctx context.Context, signed transparency.Checkpoint, records ...eventstore.Recorded,
) ([]transparency.Proof, error) {
	proofs := make([]transparency.Proof, len(records))
	tiles := l.tiles()
	for i, record := range records {
		index, err := l.IndexOf(ctx, record.Position)
		if err != nil {
			return nil, fmt.Errorf("proving event %d of stream %s: %w", record.Revision, record.Stream, err)
		}
		if proofs[i], err = tiles.inclusion(ctx, index, signed.Size); err != nil {
			return nil, fmt.Errorf("proving event %d of stream %s: %w", record.Revision, record.Stream, err)
		}
	}
	return proofs, nil
}

// Anchored returns the latest checkpoint outside the read store, as it is there; nil if there is none.
func (l *Log) Anchored() ([]byte, error) {
	if l.options.Anchor == nil {
		return nil, nil
	}
	return l.options.Anchor.Load()
}
