package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/problem"
)

type correlationKey struct{}

func correlationOf(ctx context.Context) uuid.UUID {
	id, _ := ctx.Value(correlationKey{}).(uuid.UUID)
	return id
}

// Observe records what became of a request: its route rather than its path, so that no id becomes a label.
type Observe func(ctx context.Context, method, route string, status int, took time.Duration)

// Protect is the outermost handler: it names every request, survives a panicking handler, says what browsers may do
// with the answers, and refuses unsafe requests from other sites.
func Protect(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Write(w, r, problem.New(problem.Forbidden, "cross-origin"))
	}))
	return WithLanguage(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		correlation := uuid.Must(uuid.NewV7())
		r = r.WithContext(context.WithValue(r.Context(), correlationKey{}, correlation))
		header := w.Header()
		header.Set("Correlation-Id", correlation.String())
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("Cache-Control", "no-store")
		answer := &begun{ResponseWriter: w}
		defer recovered(answer, r, header.Clone())
		crossOrigin.Handler(next).ServeHTTP(answer, r)
	}))
}

// begun knows whether an answer is on its way already.
type begun struct {
	http.ResponseWriter
	yes bool
}

func (b *begun) WriteHeader(status int) {
	b.yes = b.yes || status >= http.StatusOK
	b.ResponseWriter.WriteHeader(status)
}

func (b *begun) Write(p []byte) (int, error) {
	b.yes = true
	return b.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (b *begun) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// recovered turns a panic into an answer with the header that every answer has, and nothing that the handler added. Where
// the answer had begun, the connection is closed, so that nobody takes what was sent for the whole.
func recovered(w *begun, r *http.Request, header http.Header) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	slog.ErrorContext(r.Context(), "handler panicked",
		"correlation", correlationOf(r.Context()), "method", r.Method, "stack", string(debug.Stack()))
	if w.yes {
		panic(http.ErrAbortHandler)
	}
	clear(w.Header())
	maps.Copy(w.Header(), header)
	Write(w, r, problem.New(0, "internal"))
}
