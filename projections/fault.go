package projections

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

// faultError is a bug in a projection or damage in its documents: it stops the projection, and only it.
type faultError struct {
	cause error
	at    eventstore.Position // of the event that cannot be folded; zero where it is not one event's fault
}

func (e *faultError) Error() string { return e.cause.Error() }
func (e *faultError) Unwrap() error { return e.cause }

// recovered turns a panic of a read model into a faultError. What the panic says is left out unless it is a fault of
// the run time: it may hold personal data.
func (r *runner) recovered(doing string, event *codec.Envelope, err *error) {
	value := recover()
	if value == nil {
		return
	}
	what := "panic"
	if fault, ok := value.(runtime.Error); ok {
		what = fault.Error()
	}
	*err = &faultError{
		cause: fmt.Errorf("%s of event %s, %s: %s", doing, event.Position, event.Type, what),
		at:    event.Position,
	}
}

// stop stops a runner that is in no group any more at the event that it cannot fold. What lies before that event is folded
// first: the batch that met it was lost as a whole.
func (s *session) stop(r *runner, fault *faultError) {
	r.enter(r.notLive(), "")
	for failures := 1; fault.at != (eventstore.Position{}); failures++ {
		err := s.foldBefore(s.ctx, r, fault.at)
		var earlier *faultError
		if err == nil {
			break
		}
		if errors.As(err, &earlier) {
			fault = earlier
			break
		}
		s.config.Logger.WarnContext(s.ctx, "a projection cannot fold yet what lies before the event that stops it",
			"projection", r.collection, "error", err)
		if s.config.Redelivery.Wait(s.ctx, failures) != nil {
			return
		}
	}
	s.stopped(s.ctx, r, fault)
}

// foldBefore folds and stores what lies between the stored checkpoint of a runner and an event.
func (s *session) foldBefore(ctx context.Context, r *runner, end eventstore.Position) error {
	checkpoint, err := s.config.Reads.Checkpoint(ctx, r.collection)
	if err != nil {
		return fmt.Errorf("reading the checkpoint of %s: %w", r.collection, err)
	}
	r.resume(checkpoint)
	var batch []eventstore.Recorded
	read := eventstore.AllRead{From: checkpoint, Filter: eventstore.Filter{Streams: r.Streams}}
	for event, err := range s.config.Events.ReadAll(ctx, read) {
		if err != nil {
			return fmt.Errorf("reading events for %s: %w", r.collection, err)
		}
		if !event.Position.Before(end) {
			break
		}
		if batch = append(batch, event); len(batch) < s.config.CatchUpBatch {
			continue
		}
		if err := s.foldAlone(ctx, r, batch); err != nil {
			return err
		}
		batch = batch[:0]
	}
	return s.foldAlone(ctx, r, batch)
}

// foldAlone folds and stores events for a runner that is in no group.
func (s *session) foldAlone(ctx context.Context, r *runner, events []eventstore.Recorded) error {
	if len(events) == 0 {
		return nil
	}
	shared, err := decodeAll(ctx, s.config.Decoder, events, wantedBy([]*runner{r}))
	if err != nil {
		return err
	}
	through := events[len(events)-1].Position
	p, err := r.prepare(ctx, place{store: s.config.Reads}, shared, through)
	if err != nil {
		return err
	}
	losses, err := s.commit(ctx, []part{p})
	for _, l := range losses {
		err = errors.Join(err, l.cause)
	}
	if err == nil {
		r.folded = through
	}
	return err
}

// stopped notes that a bug has stopped a projection, once.
func (s *session) stopped(ctx context.Context, r *runner, fault error) {
	if !r.enter(Stopped, fault.Error()) {
		return
	}
	s.metrics.stopped(ctx, r)
	var newer *codec.NewerVersionError
	if errors.As(fault, &newer) {
		s.need(newer.Type)
	}
	s.config.Logger.ErrorContext(ctx, "a projection stopped", "projection", r.collection,
		"position", r.committedThrough().String(), "error", fault)
}
