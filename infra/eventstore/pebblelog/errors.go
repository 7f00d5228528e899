package pebblelog

import (
	"context"
	"errors"
	"fmt"

	"services.example/portal/infra/eventstore"
)

var (
	errClosed  = fmt.Errorf("%w: the log is closed", eventstore.ErrUnavailable)
	errMissing = errors.New("the event is missing")
	errIndex   = errors.New("the index of the stream does not agree with its events")
	errKey     = errors.New("a key has the wrong length")
)

// DamageError says that what is stored is not what was written.
type DamageError struct {
	Stream   string // "" if not known
	Position uint64 // running number of the event, 0 if not known
	Cause    error
}

func (e *DamageError) Error() string {
	switch {
	case e.Stream == "":
		return fmt.Sprintf("event log damaged at event %d: %v", e.Position, e.Cause)
	case e.Position == 0:
		return fmt.Sprintf("event log damaged in stream %s: %v", e.Stream, e.Cause)
	}
	return fmt.Sprintf("event log damaged in stream %s at event %d: %v", e.Stream, e.Position, e.Cause)
}

// Unwrap gives the cause.
func (e *DamageError) Unwrap() error { return e.Cause }

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
