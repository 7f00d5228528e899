package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/google/uuid"

	"services.example/portal/domain/problem"
)

type correlationKey struct{}

func correlationOf(ctx context.Context) uuid.UUID {
	id, _ := ctx.Value(correlationKey{}).(uuid.UUID)
	return id
}

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
		restrict(w.Header(), correlation)
		answer := &begun{ResponseWriter: w}
		defer recovered(answer, r)
		crossOrigin.Handler(next).ServeHTTP(answer, r)
	}))
}

// The headers that every answer has. Nobody changes these slices.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'"}
	noStore    = []string{"no-store"}
)

// restrict says what browsers may do with an answer, and names its request.
func restrict(header http.Header, correlation uuid.UUID) {
	header["Correlation-Id"] = []string{correlation.String()}
	header["X-Content-Type-Options"] = noSniff
	header["Referrer-Policy"] = noReferrer
	header["Content-Security-Policy"] = noContent
	header["Cache-Control"] = noStore
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
func recovered(w *begun, r *http.Request) {
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
	header := w.Header()
	language, vary := header["Content-Language"], header["Vary"]
	clear(header)
	header["Content-Language"], header["Vary"] = language, vary
	restrict(header, correlationOf(r.Context()))
	Write(w, r, problem.New(0, "internal"))
}
