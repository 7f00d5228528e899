package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"services.example/portal/infra/transparency"
	"services.example/portal/infra/transparency/tlog"
)

// auditWitnessCommand is what somebody does who watches over the log of a portal that is not theirs.
type auditWitnessCommand struct {
	Key  witnessKeyCommand  `cmd:"" help:"Make the secret key of a witness, and print the public one, which the portal and whoever checks its bundles are given."`
	Sign witnessSignCommand `cmd:"" help:"Sign the latest checkpoint of a portal's log, if it continues the last one that was signed."`
}

// witnessKeyCommand makes the key of a witness.
type witnessKeyCommand struct {
	File string `arg:"" help:"File to write the secret key into, which must not exist. The portal must never see it."`
	Name string `required:"" help:"Name of the witness, like an address without https://, such as witness.example/portal."`
}

// Run makes the key and prints the public one.
func (c *witnessKeyCommand) Run() error {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails: it ends the program rather than return bad randomness
	witness, err := transparency.NewWitness(c.Name, seed)
	if err != nil {
		return err
	}
	err = intoFile(c.File, func(to io.Writer) error {
		_, err := fmt.Fprintln(to, witness.Secret())
		return err
	})
	if err != nil {
		return err
	}
	fmt.Println(witness.Key())
	return nil
}

// witnessSignCommand is a witness at work, over the portal's API, or where no network leads to it.
type witnessSignCommand struct {
	Log  string `required:"" placeholder:"KEY" help:"Public key of the portal's log, or file:FILE, from somewhere that you trust."`
	Key  string `required:"" placeholder:"FILE" help:"The witness's secret key."`
	Seen string `required:"" placeholder:"FILE" help:"Where the witness remembers the last checkpoint that it signed. Lose it, and a fork may pass."`

	First bool `help:"There is no such file yet: believe the first checkpoint."`

	Server string        `xor:"from" placeholder:"URL" help:"Address of the portal, such as https://portal.example; the signature is handed in there."`
	Every  time.Duration `placeholder:"DURATION" help:"With --server: go on, and sign so often; otherwise once."`

	Checkpoint  string `xor:"from" placeholder:"FILE" help:"Without a network: the checkpoint, as portal audit checkpoint prints it."`
	Consistency string `placeholder:"FILE" help:"With --checkpoint: the proof that it continues the last one signed, as GET /api/v1/audit/log/consistency answers it."`
	Out         string `short:"o" placeholder:"FILE" help:"With --checkpoint: file for the signed checkpoint, which must not exist; standard output by default."`
}

// fork is the exit code of a witness that was shown two histories.
const fork = 2

// logSource is where a witness learns what a log says.
type logSource interface {
	// checkpoint is the latest, as the log signed it.
	checkpoint(ctx context.Context) ([]byte, error)
	// consistency proves that the log of one size continues that of another.
	consistency(ctx context.Context, from, to uint64) (transparency.Consistency, error)
	// handIn gives a checkpoint back with the signature of the witness.
	handIn(ctx context.Context, size uint64, signed []byte) error
}

// Run signs once, or until it is stopped or shown a fork.
func (c *witnessSignCommand) Run(ctx context.Context) error {
	w, err := c.witness()
	if err != nil {
		return err
	}
	lock, err := vfs.Default.Lock(c.Seen + ".lock") // two at once could each sign another history
	if err != nil {
		return fmt.Errorf("another witness uses %s: %w", c.Seen, err)
	}
	defer lock.Close() //nolint:errcheck // the process ends
	for {
		err := w.sign(ctx)
		switch {
		case ctx.Err() != nil && c.Every > 0:
			return nil // by whoever watches
		case err != nil && (c.Every <= 0 || errors.Is(err, transparency.ErrFork)):
			return err
		case err != nil:
			slog.WarnContext(ctx, "no checkpoint was signed", "error", err)
		case c.Every <= 0:
			return nil
		}
		pause := time.NewTimer(c.Every)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil
		}
	}
}

func (c *witnessSignCommand) witness() (*witness, error) {
	w := &witness{seen: tlog.Anchor{Path: c.Seen}, first: c.First, now: time.Now}
	var err error
	if w.log, err = fromFile(c.Log); err != nil {
		return nil, err
	}
	if err := transparency.CheckKey(w.log); err != nil {
		return nil, err
	}
	secret, err := os.ReadFile(c.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the key of the witness: %w", err)
	}
	if w.key, err = transparency.ParseWitness(string(secret)); err != nil {
		return nil, err
	}
	switch {
	case c.Server != "":
		w.source, err = newLogOverAPI(c.Server)
	case c.Checkpoint != "" && c.Every == 0:
		w.source = &logInFiles{checkpointFile: c.Checkpoint, proofFile: c.Consistency, out: c.Out}
	default:
		err = errors.New("say where the checkpoint is: --server, or --checkpoint, which is signed once")
	}
	return w, err
}

// witness signs what a log says.
type witness struct {
	log    string // its public key
	key    *transparency.Witness
	seen   tlog.Anchor // the last checkpoint that was signed
	first  bool
	source logSource
	now    func() time.Time
}

// sign signs the latest checkpoint. Errors: transparency.ErrFork, once what proves it was kept; that nothing was signed.
func (w *witness) sign(ctx context.Context) error {
	raw, err := w.source.checkpoint(ctx)
	if err != nil {
		return err
	}
	next, err := transparency.Open(raw, w.log, w.key.Key())
	if err != nil {
		return err
	}
	if err := w.continues(ctx, next); err != nil {
		return err
	}
	if len(next.Witnesses) > 0 {
		fmt.Fprintf(os.Stderr, "the checkpoint of %d records, of %s, was signed before\n", next.Size, next.At.Format(time.RFC3339))
		return nil
	}
	signed, err := w.key.Sign(next, w.now())
	if err != nil {
		return err
	}
	if err := w.source.handIn(ctx, next.Size, signed); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "signed the checkpoint of %d records, of %s\n", next.Size, next.At.Format(time.RFC3339))
	return nil
}

// continues makes sure that a checkpoint continues the last that was signed, and remembers it before it is.
func (w *witness) continues(ctx context.Context, next transparency.Signed) error {
	raw, err := w.seen.Load()
	if err != nil {
		return err
	}
	if raw == nil {
		if !w.first {
			return fmt.Errorf("there is no %s: with --first, the first checkpoint is believed", w.seen.Path)
		}
		return w.seen.Save(next.Note)
	}
	seen, err := transparency.Open(raw, w.log)
	if err != nil {
		return fmt.Errorf("reading %s: %w", w.seen.Path, err)
	}
	var proof transparency.Consistency
	if seen.Size < next.Size {
		if proof, err = w.source.consistency(ctx, seen.Size, next.Size); err != nil {
			return err
		}
	}
	err = transparency.Continues(seen.Checkpoint, next.Checkpoint, proof)
	switch {
	case errors.Is(err, transparency.ErrFork):
		evidence := tlog.Anchor{Path: w.seen.Path + ".fork"}
		return errors.Join(exitError{code: fork, text: "not signed: see " + filepath.Base(w.seen.Path) + " and " +
			filepath.Base(evidence.Path) + ", which the log has signed both"}, err, evidence.Save(next.Note))
	case err != nil || seen.Size == next.Size:
		return err
	default:
		return w.seen.Save(next.Note)
	}
}
