package httpapi

import (
	"context"
	"errors"
	"log/slog"
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
		defer recovered(w, r)
		crossOrigin.Handler(next).ServeHTTP(w, r)
	}))
}

// recovered turns a panic into an answer; the connection is closed where the answer had begun.
func recovered(w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	slog.ErrorContext(r.Context(), "handler panicked", "method", r.Method, "stack", string(debug.Stack()))
	Write(w, r, problem.New(0, "internal"))
}
