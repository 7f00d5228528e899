package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"

	"services.example/portal/cmd/portal/bench"
	"services.example/portal/infra/telemetry"
)

// benchPortal is a portal in this process with invented people and applications.
func benchPortal(b *testing.B) (*portal, http.Handler, *bench.Loaded) {
	b.Helper()
	l, err := bench.Load(b.Context(), benchHost{}, b.TempDir(), "bench", 2000, 200)
	if err != nil {
		b.Fatal(err)
	}
	metrics, err := telemetry.New()
	if err != nil {
		b.Fatal(err)
	}
	p, err := open(b.Context(), embeddedIn(l.Data), options{messages: &outbox{}, meter: metrics.Meter()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := p.close(); err != nil {
			b.Error(err)
		}
	})
	if err := p.project(b.Context()); err != nil {
		b.Fatal(err)
	}
	return p, handler(p, handlerOptions{metrics: metrics}), l
}

// BenchmarkMyApplications is the server's own work for one page, without a network.
func BenchmarkMyApplications(b *testing.B) {
	_, h, l := benchPortal(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, bench.PagePath, http.NoBody)
		r.Header.Set("Cookie", bench.SessionCookie+"="+l.Users[i%len(l.Users)].Token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
		b.SetBytes(int64(w.Body.Len()))
	}
}

// BenchmarkSaveStep is the server's own work for saving a step, with the synced append.
func BenchmarkSaveStep(b *testing.B) {
	_, h, l := benchPortal(b)
	users := slices.DeleteFunc(slices.Clone(l.Users), func(u bench.User) bool { return u.Draft == "" })
	inParallel(b, h, http.StatusOK, func(n int) *http.Request { return saving(b.Context(), users[n%len(users)], n) })
}

// BenchmarkPostMessage is the server's own work for writing a message, with the synced append.
func BenchmarkPostMessage(b *testing.B) {
	_, h, l := benchPortal(b)
	users := slices.DeleteFunc(slices.Clone(l.Users), func(u bench.User) bool { return u.Sent == "" })
	inParallel(b, h, http.StatusCreated, func(n int) *http.Request {
		u := users[n%len(users)]
		return commandOf(b.Context(), u, http.MethodPost, "/api/v1/applications/"+u.Sent+"/messages", u.Message(n))
	})
}

// saving is the n-th request that saves a user's step.
func saving(ctx context.Context, u bench.User, n int) *http.Request {
	return commandOf(ctx, u, http.MethodPut, "/api/v1/applications/"+u.Draft+"/steps/"+u.Step, u.Save(n))
}

func commandOf(ctx context.Context, u bench.User, method, path string, body []byte) *http.Request {
	r := httptest.NewRequestWithContext(ctx, method, path, bytes.NewReader(body))
	r.Header.Set("Cookie", bench.SessionCookie+"="+u.Token)
	r.Header.Set("Content-Type", "application/json")
	return r
}

// inParallel gives the handler commands of many users at once.
func inParallel(b *testing.B, h http.Handler, want int, command func(n int) *http.Request) {
	b.Helper()
	var next atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, command(int(next.Add(1)))); w.Code != want {
				b.Error(w.Body)
				return
			}
		}
	})
}
