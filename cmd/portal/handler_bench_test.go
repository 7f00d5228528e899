package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"services.example/portal/infra/telemetry"
)

// benchPortal is a portal in this process with invented people and applications.
func benchPortal(b *testing.B) (*portal, http.Handler, *loaded) {
	b.Helper()
	run := &bench{benchCommand: &benchCommand{Applications: 2000, People: 200}, folder: b.TempDir()}
	l, err := run.load(b.Context(), "bench", 2000, 200)
	if err != nil {
		b.Fatal(err)
	}
	metrics, err := telemetry.New()
	if err != nil {
		b.Fatal(err)
	}
	p, err := open(b.Context(), l.where, options{messages: &outbox{}, meter: metrics.Meter()})
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
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, pagePath, http.NoBody)
		r.Header.Set("Cookie", demoSession+"="+l.Users[i%len(l.Users)].Token)
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
	var users []benchUser
	for _, u := range l.Users {
		if u.Draft != "" {
			users = append(users, u)
		}
	}
	var next atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := int(next.Add(1))
			u := users[n%len(users)]
			r := httptest.NewRequestWithContext(b.Context(), http.MethodPut,
				"/api/v1/applications/"+u.Draft+"/steps/"+u.Step, bytes.NewReader(u.save(n)))
			r.Header.Set("Cookie", demoSession+"="+u.Token)
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Fatal(w.Body)
			}
		}
	})
}

// BenchmarkPostMessage is the server's own work for writing a message, with the synced append.
func BenchmarkPostMessage(b *testing.B) {
	_, h, l := benchPortal(b)
	var users []benchUser
	for _, u := range l.Users {
		if u.Sent != "" {
			users = append(users, u)
		}
	}
	var next atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := int(next.Add(1))
			u := users[n%len(users)]
			r := httptest.NewRequestWithContext(b.Context(), http.MethodPost,
				"/api/v1/applications/"+u.Sent+"/messages", bytes.NewReader(u.message(n)))
			r.Header.Set("Cookie", demoSession+"="+u.Token)
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusCreated {
				b.Fatal(w.Body)
			}
		}
	})
}
