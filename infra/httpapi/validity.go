package httpapi

import (
	"context"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/problem"
)

// Validity tells whether a caller may go on.
type Validity interface {
	// Valid tells whether a person's session, or a program's token, has neither ended nor run out.
	Valid(ctx context.Context, caller Caller) (bool, error)
}

// WhileValid ends an answer that goes on for long soon after its reader's session or token has ended: it looks every so
// often, from so long after the request came. Whatever reads for the answer is cancelled; the problem is told where
// nothing was sent yet. While it cannot be looked up, the answer goes on. It belongs to operations that are not Brief.
func WhileValid(validity Validity, every time.Duration) func(huma.Context, func(huma.Context)) {
	watches := &sync.Pool{New: func() any { return newWatch(validity, every) }}
	return func(hctx huma.Context, next func(huma.Context)) {
		x := exchangeOf(hctx.Context())
		caller, reads := readerOf(x, hctx.Method())
		if _, brief := hctx.Operation().Metadata[briefly]; brief || !reads {
			next(hctx)
			return
		}
		watch, _ := watches.Get().(*watch)
		x.Context = watch.begin(x.Context, caller)
		defer func() {
			if watch.stop() {
				watches.Put(watch)
			}
		}()
		next(hctx)
	}
}

const briefly = "brief"

// Brief marks an operation that reads a few documents and is over: nothing is gained by looking whether its reader may
// go on.
func Brief(operation huma.Operation) huma.Operation {
	operation.Metadata = maps.Clone(operation.Metadata)
	if operation.Metadata == nil {
		operation.Metadata = map[string]any{}
	}
	operation.Metadata[briefly] = true
	return operation
}

// watch looks after one answer at a time. Most are over long before it has to look: so it is used again for the next.
type watch struct {
	validity Validity
	every    time.Duration
	timer    *time.Timer
	looked   chan struct{} // closed when it will not look any more, after it has looked

	ctx    context.Context //nolint:containedctx // the answer's
	end    context.CancelCauseFunc
	caller Caller
}

func newWatch(validity Validity, every time.Duration) *watch {
	w := &watch{validity: validity, every: every, looked: make(chan struct{})}
	w.timer = time.AfterFunc(time.Hour, w.look)
	w.timer.Stop()
	return w
}

// begin watches an answer, whose context it makes.
func (w *watch) begin(ctx context.Context, caller Caller) context.Context {
	w.caller = caller
	w.ctx, w.end = context.WithCancelCause(ctx)
	w.timer.Reset(w.every)
	return w.ctx
}

// stop ends the watch: nothing is looked up any more when it returns. It tells whether another answer may be watched.
func (w *watch) stop() bool {
	w.end(nil)
	unused := w.timer.Stop()
	if !unused {
		<-w.looked
	}
	w.ctx, w.end, w.caller = nil, nil, Caller{}
	return unused
}

// look ends the answer when its reader may not go on.
func (w *watch) look() {
	defer close(w.looked)
	again := time.NewTicker(w.every)
	defer again.Stop()
	for {
		if valid, err := w.validity.Valid(w.ctx, w.caller); err == nil && !valid {
			w.end(ended(w.caller))
			return
		}
		select {
		case <-again.C:
		case <-w.ctx.Done():
			return
		}
	}
}

// readerOf is who only reads; a command is carried out to its end, also one that ends its own session.
func readerOf(x *exchange, method string) (Caller, bool) {
	switch {
	case x == nil || method != http.MethodGet && method != http.MethodHead:
		return Caller{}, false
	case x.bearer != nil && x.bearer.err == nil:
		return x.bearer.caller, true
	default:
		return x.caller, x.signed
	}
}

func ended(caller Caller) error {
	if caller.Machine {
		return problem.New(problem.Unauthenticated, "token-wrong")
	}
	return problem.New(problem.Unauthenticated, "sign-in-required")
}
