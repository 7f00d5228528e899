package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"services.example/portal/infra/eventstore/archive"
)

// exportCommand writes the event log to a file that another event store can take.
type exportCommand struct {
	storage
	To string `arg:"" optional:"" default:"-" help:"File to write, which must not exist; - for standard output."`
}

// besideTheEvents is what a move must not forget.
const besideTheEvents = `The events are not all. Move beside them:
  keys    without them the personal data of the events cannot be read (portal backup copies them)
  files   what people attached (portal backup copies them, unless --files keeps them elsewhere)
  the master key, by another way than the keys
Not moved: read models, which the events bring back; sessions and unused codes, so that people sign in again.`

// Run exports from the running portal, or from a store that nobody uses.
func (c *exportCommand) Run(ctx context.Context) error {
	if c.To == "-" {
		if terminal(os.Stdout) {
			return errors.New("an archive is not for a terminal: name a file, or send standard output into one")
		}
		return c.run(ctx, os.Stdout)
	}
	return intoFile(c.To, func(w io.Writer) error { return c.run(ctx, w) })
}

func (c *exportCommand) run(ctx context.Context, w io.Writer) error {
	report := newProgress("exported")
	err := c.export(ctx, w, report.tell)
	report.end()
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, besideTheEvents)
	return nil
}

func (c *exportCommand) export(ctx context.Context, w io.Writer, progress func(int64)) (err error) {
	if c.EventStore == embedded {
		err := askFor(ctx, c.storage, http.MethodGet, "/export", nil, func(answer io.Reader) error {
			_, _, err := archive.Check(ctx, io.TeeReader(answer, w), progress)
			return err
		})
		if !errors.Is(err, errNotRunning) {
			return err
		}
		if _, err := os.Stat(c.events()); err != nil {
			return fmt.Errorf("looking for the event log: %w", err)
		}
	}
	p := &portal{}
	if err := p.openEvents(c.storage); err != nil { //nolint:contextcheck // a store does not end with the context in which it is opened
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	return p.export(ctx, c.storage, w, progress)
}

// export writes an archive of the events.
func (p *portal) export(ctx context.Context, where storage, w io.Writer, progress func(int64)) error {
	header := archive.Header{Source: where.kindOfEvents(), Exported: now()}
	_, err := archive.Export(ctx, p.events, w, header, progress)
	return err
}

// kindOfEvents names the kind of event store, never its address, which may hold a password.
func (s storage) kindOfEvents() string {
	if s.EventStore == embedded {
		return embedded
	}
	kind, _, _ := strings.Cut(s.EventStore, ":")
	return kind
}

// intoFile writes a file that appears only when it is complete. Error: os.ErrExist.
func intoFile(path string, write func(io.Writer) error) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("writing %s: %w", path, errors.Join(os.ErrExist, err))
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // readable by its owner only
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := write(file); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
