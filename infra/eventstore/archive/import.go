package archive

import (
	"context"
	"fmt"
	"io"
	"iter"

	"services.example/portal/infra/eventstore"
)

// Imported says what an import did.
type Imported struct {
	Header
	Summary
	Found   int64 // events that were in the store already, from an import that was interrupted
	Written int64
}

// importer brings an archive into a store. It keeps the names of the streams that are soft-deleted at the place that it
// has reached; everything else in memory is bounded.
type importer struct {
	store    eventstore.Store
	in       *queue
	deleted  map[string]bool
	pipeline pipeline
	progress func(int64)
}

// Import brings an archive into a store which is empty, or in which the same import was interrupted: what is there is
// compared first, event by event, and the rest is appended in the order of the log, under the same ids and revisions.
// The store must have no other writer meanwhile. Import may be repeated whatever became of it, and changes nothing when
// everything is there. Progress, if given, is told from time to time how many events are in the store.
//
// Errors: OtherEventsError; those of Reader; those of the store, after which a repetition goes on where it ended.
func Import(ctx context.Context, store eventstore.Store, r io.Reader, progress func(events int64)) (Imported, error) {
	in, err := NewReader(r)
	if err != nil {
		return Imported{}, err
	}
	defer in.Close()
	i := &importer{store: store, in: &queue{in: in}, deleted: map[string]bool{}, progress: progress}
	if err := i.compare(ctx); err != nil {
		return Imported{}, err
	}
	found := i.in.taken
	for more := true; more; {
		if more, err = i.carry(ctx); err != nil {
			return Imported{}, err
		}
	}
	done := Imported{Header: in.Header, Summary: in.Summary(), Found: found}
	done.Written = done.Events - found
	return done, nil
}

// compare reads what the store holds beside the archive, to the end of what it holds.
func (i *importer) compare(ctx context.Context) error {
	for held, err := range i.held(ctx) {
		if err != nil {
			return fmt.Errorf("comparing the store with the archive: %w", err)
		}
		archived, more, err := i.in.peek(0)
		if err != nil {
			return err
		}
		if !more || !Same(held, archived) {
			return &OtherEventsError{Number: i.in.taken + 1, Stream: held.Stream, Revision: held.Revision}
		}
		i.take(1)
	}
	return nil
}

// held yields the events that the store holds and an archive would carry.
func (i *importer) held(ctx context.Context) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		for event, err := range i.store.ReadAll(ctx, eventstore.AllRead{Filter: eventstore.Filter{System: true}}) {
			if (err != nil || carried(event.Stream)) && !yield(event, err) {
				return
			}
		}
	}
}

// take removes events from the queue, now that the store has them, and notes which streams they soft-delete or end.
func (i *importer) take(events int) {
	for _, event := range i.in.take(events) {
		owner, described := describes(event.Stream)
		switch {
		case described && softDeletes(event):
			i.deleted[owner] = true
		case described:
			delete(i.deleted, owner)
		case event.Type == tombstoneType:
			delete(i.deleted, event.Stream)
		}
	}
	tell(i.progress, i.in.taken)
}
