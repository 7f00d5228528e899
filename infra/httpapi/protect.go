package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

func correlationOf(ctx context.Context) uuid.UUID {
	if x := exchangeOf(ctx); x != nil {
		return x.correlation
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
	router, isRouter := next.(chi.Routes) // which is spared making a context of its own
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, r := exchangeIn(r)
		x.correlation, x.language = uuid.Must(uuid.NewV7()), Language(r.Header.Get("Accept-Language"))
		x.remote = r.RemoteAddr
		if isRouter {
			x.route, _ = routes.Get().(*chi.Context)
			defer routes.Put(x.route)
			x.route.Reset()
			x.route.Routes = router
		}
		describe(w.Header(), x)
		watched := &begun{ResponseWriter: w}
		defer recovered(watched, r)
		protected.ServeHTTP(watched, r)
	})
}

var routes = sync.Pool{New: func() any { return chi.NewRouteContext() }}

// The headers that every answer has. Nobody changes these slices.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'"}
	noStore    = []string{"no-store"}
	inLanguage = map[text.Language][]string{text.Kazakh: {"kk"}, text.Russian: {"ru"}, text.English: {"en"}}
)

// describe says what browsers may do with an answer, which language it is in, and names its request. There is no Vary:
// nobody stores what differs by language.
func describe(header http.Header, x *exchange) {
	header["Correlation-Id"] = []string{x.correlation.String()}
	header["Content-Language"] = inLanguage[x.language]
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
	if x := exchangeOf(r.Context()); x != nil {
		describe(header, x)
	}
	Write(w, r, problem.New(0, "internal"))
}
