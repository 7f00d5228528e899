package readapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"services.example/portal/infra/httpapi"
)

// BenchmarkThread is the server's own work for the first page, and for the newest, of a thread of 1,000 messages of 200
// characters.
func BenchmarkThread(b *testing.B) {
	w := newWorld(b).withCatalogue().withPeople().sentBy(dana, 1, 1)
	words := strings.Repeat("Құжаттар ", 22)
	for range 500 {
		w.asks(1, words).answers(1, words)
	}
	w.awaitAll()
	cookie := httpapi.Cookies{}.Session(dana, 0)
	for _, order := range []string{"oldest", "newest"} {
		b.Run(order, func(b *testing.B) {
			var waits []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet,
					httpapi.Base+fmt.Sprintf("/applications/%s/messages?order=%s", id("application", 1), order), http.NoBody)
				r.AddCookie(&cookie)
				recorder := httptest.NewRecorder()
				began := time.Now()
				w.server.Config.Handler.ServeHTTP(recorder, r)
				waits = append(waits, time.Since(began))
				if recorder.Code != http.StatusOK {
					b.Fatal(recorder.Body)
				}
			}
			slices.Sort(waits)
			b.ReportMetric(float64(waits[len(waits)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// BenchmarkUnread is the server's own work for the bell of somebody with five closed envelopes.
func BenchmarkUnread(b *testing.B) {
	w := newWorld(b).withCatalogue()
	for n := range 20 {
		w.sentBy(dana, n, 1)
		if n%4 == 0 {
			w.answers(n, "x")
		}
	}
	w.awaitAll()
	cookie := httpapi.Cookies{}.Session(dana, 0)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, httpapi.Base+"/my/unread", http.NoBody)
		r.AddCookie(&cookie)
		recorder := httptest.NewRecorder()
		w.server.Config.Handler.ServeHTTP(recorder, r)
		if recorder.Code != http.StatusOK {
			b.Fatal(recorder.Body)
		}
	}
}
