package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"services.example/portal/infra/eventstore/archive"
)

// importCommand brings an archive into an event store.
type importCommand struct {
	storage
	From string `arg:"" optional:"" default:"-" help:"File that portal export wrote; - for standard input."`
}

// Run imports into a store that no portal uses meanwhile. A file is read to its end before anything is written.
func (c *importCommand) Run(ctx context.Context) (err error) {
	var from io.Reader = os.Stdin
	if c.From != "-" {
		file, err := os.Open(c.From)
		if err != nil {
			return fmt.Errorf("opening the archive: %w", err)
		}
		defer file.Close() //nolint:errcheck // it was only read
		if err := check(ctx, file); err != nil {
			return err
		}
		from = file
	}
	if c.EventStore == embedded {
		if err := os.MkdirAll(c.Data, 0o700); err != nil {
			return fmt.Errorf("making the data folder: %w", err)
		}
	}
	p := &portal{}
	if err := p.openEvents(c.storage); err != nil { //nolint:contextcheck // a store does not end with the context in which it is opened
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	report := newProgress("in the store")
	done, err := archive.Import(ctx, p.events, from, report.tell)
	report.end()
	if err != nil {
		return err
	}
	fmt.Printf("the event store holds the %d events of the archive: %d were written, %d were there already\n",
		done.Events, done.Written, done.Found)
	fmt.Fprintln(os.Stderr, besideTheEvents)
	return nil
}

// check reads a whole file, so that one which is cut off or damaged is refused before anything is written.
func check(ctx context.Context, file io.ReadSeeker) error {
	report := newProgress("checked")
	_, _, err := archive.Check(ctx, file, report.tell)
	report.end()
	if err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("reading the archive again: %w", err)
	}
	return nil
}
