package pebblelog

import (
	"context"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// View is an event where it lies in the log. Its slices belong to the log.
type View struct {
	ID             uuid.UUID
	Stream, Type   []byte
	JSON           bool
	Data, Metadata []byte
	Revision       int64
	Position       eventstore.Position
	Created        int64 // ticks of 100 ns since 1970
}

func (v *View) set(r *record) {
	*v = View{
		ID: r.id, Stream: r.stream, Type: r.eventType, JSON: r.json, Data: r.data, Metadata: r.meta,
		Revision: r.revision, Position: at(r.position), Created: r.created,
	}
}

// Visitor is shown events without a copy of them being made.
type Visitor interface {
	// See is shown an event, which is valid until it returns. False asks for a pause.
	See(v *View) (more bool)
	// Pause is called after each page of events, while nothing of the log is held: it may take its time. The visit
	// ends when it is done or fails.
	Pause() (done bool, err error)
}

// VisitAll shows what ReadAll would yield; the filter and the limit of the read are left to the visitor, which is shown
// system events too.
func (l *Log) VisitAll(ctx context.Context, read eventstore.AllRead, visitor Visitor) error {
	s := spanOf(read, l.tail.mark().position)
	if s.empty() {
		return l.check(ctx)
	}
	var view View
	see := func(r *record, _ int) bool {
		view.set(r)
		return visitor.See(&view)
	}
	for !s.empty() {
		failed := l.fill(ctx, &s, see) // told after the events in front of it
		if done, err := visitor.Pause(); err != nil || done {
			return err
		}
		if failed != nil {
			return failed
		}
	}
	return nil
}

// VisitStream shows what ReadStream would yield, and tells the last revision that the stream had when the visit began.
func (l *Log) VisitStream(
	ctx context.Context, stream string, read eventstore.StreamRead, visitor Visitor,
) (last int64, err error) {
	if err := checkStreamRead(stream, read); err != nil {
		return eventstore.NoRevision, err
	}
	s, last, err := l.openStream(ctx, stream, read)
	if err != nil {
		return last, err
	}
	var view View
	s.see = func(r *record) bool {
		view.set(r)
		return visitor.See(&view)
	}
	for !s.done() {
		failed := s.fill(ctx, l)
		if done, err := visitor.Pause(); err != nil || done {
			return last, err
		}
		if failed != nil {
			return last, failed
		}
	}
	return last, nil
}
