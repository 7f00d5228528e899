package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/google/uuid"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// asked is what every answer to a request is made with.
type asked struct {
	correlation uuid.UUID
	language    text.Language
}

type askedKey struct{}

func correlationOf(ctx context.Context) uuid.UUID {
	if a, ok := ctx.Value(askedKey{}).(*asked); ok {
		return a.correlation
	}
	return uuid.Nil
}

// Protect is the outermost handler: it names every request, chooses the reader's language, survives a panicking handler,
// says what browsers may do with the answers, and refuses unsafe requests from other sites.
func Protect(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Write(w, r, problem.New(problem.Forbidden, "cross-origin"))
	}))
	protected := crossOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		with := &asked{correlation: uuid.Must(uuid.NewV7()), language: Language(r.Header.Get("Accept-Language"))}
		r = r.WithContext(context.WithValue(r.Context(), askedKey{}, with))
		describe(w.Header(), with)
		watched := &begun{ResponseWriter: w}
		defer recovered(watched, r)
		protected.ServeHTTP(watched, r)
	})
}

// The headers that every answer has. Nobody changes these slices.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'"}
	noStore    = []string{"no-store"}
	byLanguage = []string{"Accept-Language"}
)

// describe says what browsers may do with an answer, which language it is in, and names its request.
func describe(header http.Header, with *asked) {
	header["Correlation-Id"] = []string{with.correlation.String()}
	header["Content-Language"] = []string{string(with.language)}
	header["Vary"] = byLanguage
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
	clear(header)
	if with, ok := r.Context().Value(askedKey{}).(*asked); ok {
		describe(header, with)
	}
	Write(w, r, problem.New(0, "internal"))
}
