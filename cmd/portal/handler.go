package main

import (
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"

	"services.example/portal/commands"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/telemetry"
)

type handlerOptions struct {
	production     bool
	demo           *demo // nil in production
	metrics        *telemetry.Metrics
	trustedProxies []string
	smsToken       string // of the SMS gateway's reports; empty: it makes none

	machineRequests int // of one service account in a minute
}

// handler is the whole of what the portal answers.
func handler(p *portal, with handlerOptions) http.Handler {
	cookies := httpapi.Cookies{Production: with.production}
	routes := &commands.Routes{Commands: p.commands, Cookies: cookies, SMSToken: with.smsToken, ReadModels: p.rebuilds}
	router := chi.NewRouter()
	router.Use(with.metrics.Requests, middleware.GetHead)
	router.NotFound(func(w http.ResponseWriter, r *http.Request) {
		httpapi.Write(w, r, problem.New(problem.NotFound, "not-found"))
	})
	router.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", strings.Join(allowed(router, r.URL.Path), ", "))
		httpapi.Write(w, r, problem.New(problem.NotAllowed, "method-not-allowed"))
	})
	router.Get("/healthz", healthz)
	router.Get("/readyz", p.readyz)
	router.Method(http.MethodGet, "/metrics", with.metrics.Handler())
	router.Get("/api/docs", httpapi.Docs)
	router.Get("/api/docs.js", httpapi.DocsScript)
	router.Group(func(r chi.Router) {
		repeatable := &httpapi.Commands{Entries: p.reads, Secret: p.secrets.clients, Now: p.now}
		r.Use(
			httpapi.WithCaller(p.sessions, cookies),
			httpapi.WithMachine(p.commands.Machines),
			limitAnonymous(with.production, routes.FromGateway),
			httpapi.RefuseTokens,
			limitMachines(with.machineRequests),
			p.load.Count,
			repeatable.Middleware,
		)
		api := httpapi.New(r, version)
		api.UseMiddleware(httpapi.WhileValid(readers{p.sessions, p.commands.Machines}, lookEvery))
		routes.Register(api)
		p.queries.Register(api)
	})
	if with.demo != nil {
		with.demo.routes(router)
	}
	return clientAddress(with.trustedProxies, httpapi.Protect(router))
}

// allowed lists the methods that a path takes.
func allowed(router chi.Routes, path string) []string {
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if router.Match(chi.NewRouteContext(), method, path) {
			methods = append(methods, method)
			if method == http.MethodGet {
				methods = append(methods, http.MethodHead)
			}
		}
	}
	return methods
}

// clientAddress finds the caller's network address where trusted proxies pass it on.
func clientAddress(trustedProxies []string, next http.Handler) http.Handler {
	if len(trustedProxies) == 0 {
		return next
	}
	return middleware.ClientIPFromXFF(trustedProxies...)(next)
}

// limitAnonymous bounds what one address may ask for without being signed in, unless it is known to need more.
func limitAnonymous(production bool, known func(*http.Request) bool) func(http.Handler) http.Handler {
	perMinute := 60_000 // a demo has one user, who may be a test
	if production {
		perMinute = 600
	}
	limiter := httprate.NewRateLimiter(perMinute, time.Minute,
		httprate.WithKeyFuncs(func(r *http.Request) (string, error) { return httpapi.ClientAddress(r.Context()), nil }),
		httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
			httpapi.Write(w, r, &problem.Problem{Kind: problem.TooMany, Code: "too-many-requests", RetryAfter: time.Minute})
		}))
	return func(next http.Handler) http.Handler {
		limited := limiter.Handler(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, machine := httpapi.MachineOf(r.Context()) // which has limits of its own
			if _, err := httpapi.Signed(r.Context()); err == nil || machine || known(r) {
				next.ServeHTTP(w, r)
				return
			}
			limited.ServeHTTP(w, r)
		})
	}
}
