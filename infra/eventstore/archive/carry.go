package archive

import (
	"context"
	"errors"
	"fmt"
	"math"

	"services.example/portal/infra/eventstore"
)

// mostEvents is how many neighbours of one stream go into one append.
const mostEvents = 500

var (
	errNoEcho = errors.New("the archive does not say how this soft-deleted stream begins anew")
	errEcho   = errors.New("the store writes other metadata than the archive has where this soft-deleted stream begins anew")
)

// carry brings the next events into the store, as one append, delete or tombstone. It tells whether there were any.
func (i *importer) carry(ctx context.Context) (more bool, err error) {
	next, more, err := i.in.peek(0)
	if err != nil {
		return false, err
	}
	if !more {
		return false, i.pipeline.settle(true)
	}
	owner, described := describes(next.Stream)
	if described || next.Type == tombstoneType || i.deleted[next.Stream] {
		if err := i.pipeline.settle(true); err != nil {
			return false, err
		}
	}
	switch {
	case next.Type == tombstoneType && !described:
		_, err = i.store.Tombstone(ctx, next.Stream, eventstore.Any)
		if err == nil {
			i.take(1)
		}
	case described && i.deleted[owner]:
		err = i.describeDeleted(ctx, owner)
	case described:
		err = i.append(ctx, 1)
	case i.deleted[next.Stream]:
		err = i.beginAnew(ctx, next.Stream)
	default:
		err = i.appendRun(ctx, next.Stream)
	}
	if err != nil {
		return false, fmt.Errorf("importing event %d of stream %s: %w", next.Revision, next.Stream, err)
	}
	return true, nil
}

// appendRun appends the neighbours of a stream that come next, as many as one append takes.
func (i *importer) appendRun(ctx context.Context, stream string) error {
	run, data, metadata := 0, 0, 0
	for run < mostEvents {
		event, more, err := i.in.peek(run)
		if err != nil {
			return err
		}
		data, metadata = data+len(event.Data), metadata+len(event.Metadata)
		tooMuch := max(data, metadata) > eventstore.MaxAppendSize
		if !more || event.Stream != stream || event.Type == tombstoneType || run > 0 && tooMuch {
			break
		}
		run++
	}
	return i.append(ctx, run)
}

// beginAnew appends to a soft-deleted stream. What follows in the archive up to the new metadata was one append; the
// store writes that metadata itself, in the same place, when it gets the append as it was.
func (i *importer) beginAnew(ctx context.Context, stream string) error {
	for run := 1; ; run++ {
		event, more, err := i.in.peek(run)
		if err != nil {
			return err
		}
		owner, described := describes(event.Stream)
		switch {
		case more && event.Stream == stream:
			continue
		case !more || !described || owner != stream:
			return errNoEcho
		}
		return i.appendWithEcho(ctx, run)
	}
}

// describeDeleted writes metadata of a soft-deleted stream: that of another soft delete, or words of a client's, to
// which the store adds a rewriting of its own that makes the stream readable.
func (i *importer) describeDeleted(ctx context.Context, owner string) error {
	last, err := i.lastRevision(ctx, owner)
	if err != nil {
		return err
	}
	written, _, err := i.in.peek(0)
	if err != nil {
		return err
	}
	event, more, err := i.in.peek(1)
	if err != nil {
		return err
	}
	switch {
	case more && event.Stream == written.Stream && rewrites(written, event, last):
		return i.appendWithEcho(ctx, 1)
	case !onlyDeletes(written):
		return errNoEcho
	}
	if _, err := i.store.Delete(ctx, owner, eventstore.Any); err != nil {
		return err
	}
	i.take(1)
	return nil
}

// lastRevision asks for the last revision of a stream that cannot be read: what an append that expects too much is
// refused with.
func (i *importer) lastRevision(ctx context.Context, stream string) (int64, error) {
	_, err := i.store.Append(ctx, stream, math.MaxInt64-1)
	var conflict *eventstore.ConflictError
	if !errors.As(err, &conflict) {
		return 0, fmt.Errorf("asking for the last revision: %w", errors.Join(err, ctx.Err()))
	}
	return conflict.Actual, nil
}

// append writes the next events of the queue, which are neighbours of one stream.
func (i *importer) append(ctx context.Context, run int) error {
	if err := i.write(ctx, run); err != nil {
		return err
	}
	i.take(run)
	return nil
}

// appendWithEcho writes the next events and expects the store to write the metadata that follows them.
func (i *importer) appendWithEcho(ctx context.Context, run int) error {
	if err := i.write(ctx, run); err != nil {
		return err
	}
	echo, _, err := i.in.peek(run)
	if err != nil {
		return err
	}
	read := eventstore.StreamRead{From: eventstore.End, Backwards: true, Limit: 1}
	for held, err := range i.store.ReadStream(ctx, echo.Stream, read) {
		if err != nil {
			return err
		}
		if Same(held, echo) {
			i.take(run + 1)
			return nil
		}
	}
	return errEcho
}

// write appends the next events of the queue, and waits unless that makes no difference.
func (i *importer) write(ctx context.Context, run int) error {
	first, _, err := i.in.peek(0)
	if err != nil {
		return err
	}
	events := make([]eventstore.Event, run)
	for n := range events {
		event, _, err := i.in.peek(n)
		if err != nil {
			return err
		}
		events[n] = Carried(event)
	}
	expected := eventstore.Expected(first.Revision - 1)
	_, described := describes(first.Stream)
	if ordered, ok := i.store.(starter); ok && !described && !i.deleted[first.Stream] {
		if i.pipeline.full() {
			if err := i.pipeline.settle(false); err != nil {
				return err
			}
		}
		i.pipeline.add(first.Stream, events, ordered.Start(ctx, first.Stream, expected, events...))
		return nil
	}
	_, err = i.store.Append(ctx, first.Stream, expected, events...)
	var conflict *eventstore.ConflictError
	if described && errors.As(err, &conflict) && conflict.Actual < first.Revision-1 {
		// A store that was scavenged keeps only the newest metadata of a stream: the revisions before it are gone.
		_, err = i.store.Append(ctx, first.Stream, eventstore.Expected(conflict.Actual), events...)
	}
	return err
}
