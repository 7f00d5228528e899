package esdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"services.example/portal/infra/eventstore"
)

// suspicious is how long a caller waited in vain when that says something about the connection rather than the caller.
const suspicious = 500 * time.Millisecond

// attempts counts the attempts of one call, and paces them.
type attempts struct {
	store   *Store
	link    *link
	failed  int
	doubts  int
	unknown bool // one of them may have been carried out
	cause   error
}

// failure is how an attempt ended when it did not succeed.
type failure struct {
	verdict verdict
	err     error
}

func (f *failure) Error() string { return f.err.Error() }

// Unwrap gives the client's error.
func (f *failure) Unwrap() error { return f.err }

// try makes one attempt. Failures that more attempts may mend are waited out and answered with again; others are
// returned as a failure, or as a plain error if the context or the store ended.
func try[T any](
	ctx context.Context, a *attempts, use func(context.Context, *generation) (T, error),
) (value T, again bool, err error) {
	began := time.Now()
	value, g, err := call(ctx, a.link, use)
	if err == nil {
		g.saw()
		return value, false, nil
	}
	return value, a.after(ctx, g, began, &err), err
}

// after decides what to do after an attempt that failed, and pauses if it is to be repeated.
func (a *attempts) after(ctx context.Context, g *generation, began time.Time, err *error) (again bool) {
	if g == nil { // it never got to a server
		*err = a.gaveUp(*err)
		return false
	}
	v, broken := judge(*err)
	switch {
	case !v.retryable() && v != final:
		g.saw()
	case g.answeredSince(began):
	case broken && !isOver(ctx):
		a.store.doubt(a.link, g) //nolint:contextcheck // what is done about a connection outlives the call
	case isOver(ctx) && time.Since(began) > suspicious:
		a.link.check()
	}
	if !v.retryable() {
		*err = &failure{verdict: v, err: *err}
		return false
	}
	a.cause = *err
	a.unknown = a.unknown || v != undone
	if v == doubtful {
		if a.doubts++; a.doubts > mostDoubts {
			*err = &failure{verdict: final, err: *err}
			return false
		}
	}
	if pauseErr := a.pause(ctx); pauseErr != nil {
		*err = a.gaveUp(pauseErr)
		return false
	}
	return true
}

// isOver tells whether the context has ended, or so nearly that the server may have said so first.
func isOver(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && time.Until(deadline) < 10*time.Millisecond
}

// pause waits before the next attempt. The first repetition waits for nothing: the next generation has its own pace.
func (a *attempts) pause(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	a.failed++
	if a.failed == 1 {
		return nil
	}
	timer := time.NewTimer(backOff(a.failed))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-a.link.closing:
		return errClosed
	}
}

// gaveUp is the error of a call that ended without an answer.
func (a *attempts) gaveUp(err error) error {
	if a.cause == nil || errors.Is(err, eventstore.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w, after %d attempts, the last of which failed: %w",
		eventstore.ErrUnavailable, err, max(a.failed, 1), a.cause)
}
