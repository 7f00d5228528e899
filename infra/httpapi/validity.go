package httpapi

import (
	"context"
	"net/http"
	"time"

	"services.example/portal/domain/problem"
)

// Validity tells whether a caller may go on.
type Validity interface {
	// Valid tells whether a person's session, or a program's token, has neither ended nor run out.
	Valid(ctx context.Context, caller Caller) (bool, error)
}

// WhileValid ends an answer that goes on for long soon after its reader's session or token has ended: it looks every so
// often, from so long after the request came. Whatever reads for the answer is cancelled; the problem is told where
// nothing was sent yet. While it cannot be looked up, the answer goes on. It belongs behind WithMachine.
func WhileValid(validity Validity, every time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			caller, reads := readerOf(r)
			if !reads {
				next.ServeHTTP(w, r)
				return
			}
			ctx, end := context.WithCancelCause(r.Context())
			looked := make(chan struct{})
			look := time.AfterFunc(every, func() {
				defer close(looked)
				lookAfter(ctx, validity, caller, every, end)
			})
			defer func() {
				end(nil)
				if !look.Stop() {
					<-looked // nothing is looked up any more once the answer has ended
				}
			}()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// readerOf is who only reads; a command is carried out to its end, also one that ends its own session.
func readerOf(r *http.Request) (Caller, bool) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return Caller{}, false
	}
	if caller, found := MachineOf(r.Context()); found {
		return caller, true
	}
	caller, err := Signed(r.Context())
	return caller, err == nil
}

// lookAfter ends an answer when its reader may not go on.
func lookAfter(ctx context.Context, validity Validity, caller Caller, every time.Duration, end context.CancelCauseFunc) {
	again := time.NewTicker(every)
	defer again.Stop()
	for {
		if valid, err := validity.Valid(ctx, caller); err == nil && !valid {
			end(ended(caller))
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

func ended(caller Caller) error {
	if caller.Machine {
		return problem.New(problem.Unauthenticated, "token-wrong")
	}
	return problem.New(problem.Unauthenticated, "sign-in-required")
}
