package pebblelog

import (
	"context"

	"services.example/portal/infra/eventstore"
)

// Follower goes through the whole log, system events included, and can wait at its end. It is used by one goroutine at
// a time, and nothing runs for it between two calls.
type Follower struct {
	log     *Log
	cursor  uint64 // number of the last event that was shown
	records [][]byte
}

// Follow begins after a position; EndPosition is the end of the log at this moment.
func (l *Log) Follow(after eventstore.Position) *Follower {
	cursor := lastThrough(after)
	if after == eventstore.EndPosition {
		cursor = l.tail.mark().position
	}
	return &Follower{log: l, cursor: cursor}
}

// Through is the position of the last event that was shown, or the one to begin after.
func (f *Follower) Through() eventstore.Position { return at(f.cursor) }

// Wait returns when there is an event to show. Errors: the context's, ErrUnavailable when the log is closed.
func (f *Follower) Wait(ctx context.Context) error {
	for {
		more := f.log.tail.wait() // before the watermark is read, so that no move of it is missed
		if err := f.log.check(ctx); err != nil {
			return err
		}
		if f.cursor < f.log.tail.mark().position {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
		case <-f.log.closing:
		}
	}
}

// Show shows the next events that are there until see wants no more for now or a page is full, and tells how many are
// left after it. What see is shown is valid until it returns.
func (f *Follower) Show(ctx context.Context, see func(v *View) (more bool)) (left uint64, err error) {
	if err := f.log.check(ctx); err != nil {
		return 0, err
	}
	// The watermark is read once: the cursor never moves over events that were not looked at.
	end := f.log.tail.mark().position
	if f.cursor >= end {
		return 0, nil
	}
	var view View
	err = f.show(ctx, end, func(r *record, _ int) bool {
		view.set(r)
		return see(&view)
	})
	if f.cursor >= end {
		return 0, err
	}
	return end - f.cursor, err
}

// show shows records up to the watermark. Those before an error count as shown.
func (f *Follower) show(ctx context.Context, end uint64, see func(r *record, size int) (more bool)) error {
	stretch := span{next: f.cursor + 1, last: end}
	err := f.fromTail(&stretch, see)
	if err == nil && stretch.next == f.cursor+1 { // too far back: from the database
		err = f.log.fill(ctx, &stretch, see)
	}
	f.cursor = stretch.next - 1
	return err
}

// fromTail shows what the log still has in memory.
func (f *Follower) fromTail(stretch *span, see func(r *record, size int) (more bool)) error {
	if f.records == nil {
		f.records = make([][]byte, 0, pageCount)
	}
	f.records = f.log.tail.copyTo(f.records[:0], stretch.next)
	defer clear(f.records)
	var r record
	for _, value := range f.records {
		if stretch.empty() {
			break
		}
		var err error
		if r, err = parseRecord(stretch.next, value); err != nil {
			return &DamageError{Position: stretch.next, Cause: err}
		}
		r.lasting = true
		more := see(&r, len(value))
		stretch.advance(stretch.next)
		if !more {
			break
		}
	}
	return nil
}
