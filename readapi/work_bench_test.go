package readapi

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
)

// BenchmarkWorkQueue measures a page of 20 rows, with the names of applicants and executors: of a provider with
// thousands of applications, each with three executors and a thread.
func BenchmarkWorkQueue(b *testing.B) {
	const rows = 3000
	w := newWorld(b).withCatalogue().withPeople()
	for n := 1; n <= rows; n++ {
		w.sentAtOnce(n)
	}
	w.awaitAll()
	for _, test := range []struct{ name, path string }{
		{"all", "/work/applications"},
		{"new", "/work/applications?view=new"},
		{"mine", "/work/applications?view=mine"},
		{"due", "/work/applications?view=due"},
		{"overdue", "/work/applications?view=overdue"},
		{"one number", "/work/applications?q=17-23-11-26"},
		{"a search that finds soon", "/work/applications?q=legal"},
		{"a search that finds nothing", "/work/applications?q=nobody"},
		{"the bell", "/my/unread"},
	} {
		b.Run(test.name, func(b *testing.B) { w.measure(b, bySaule, test.path) })
	}
}

// measure reports the server's own work for an answer.
func (w *world) measure(b *testing.B, who, path string) {
	b.Helper()
	cookie := httpapi.Cookies{}.Session(who, 0)
	var waits []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, httpapi.Base+path, http.NoBody)
		r.AddCookie(&cookie)
		recorder := httptest.NewRecorder()
		begun := time.Now()
		w.server.Config.Handler.ServeHTTP(recorder, r)
		waits = append(waits, time.Since(begun))
		if recorder.Code != http.StatusOK {
			b.Fatal(recorder.Body)
		}
	}
	slices.Sort(waits)
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds()), "p99-µs")
}

// sentAtOnce sends the nth application in one append; of two in three Saule and others are in charge.
func (w *world) sentAtOnce(n int) {
	w.t.Helper()
	sent := submitted(friday.AddDate(0, 0, n%40-20), 1)
	sent.ProviderID, sent.At = id("provider", 1), noon
	happened := []any{started(dana, n, 1), sent}
	if n%3 > 0 {
		happened = append(happened, application.ExecutorAssigned{Executor: saule, At: noon}, application.ExecutorAssigned{Executor: marat, At: noon},
			application.ExecutorAssigned{Executor: id("executor", n%5), At: noon}, application.TakenIntoWork{Executor: saule, At: noon})
	}
	w.appendAll(streamOf(n), happened...)
	var talk []any
	for range 10 {
		talk = append(talk, correspondence.MessagePosted{MessageID: uuid.NewString(), Applicant: dana, Author: dana, Side: correspondence.Applicant, At: noon})
	}
	w.appendAll(messagesOf(n), talk...)
	if n%10 > 0 {
		w.appendAll(readingsOf(n), correspondence.ThreadRead{Reader: saule, Side: correspondence.Staff, Messages: 10, Application: 99, At: noon})
	}
}

// appendAll appends events of Dana's in one go.
func (w *world) appendAll(stream string, happened ...any) {
	w.t.Helper()
	var batch []eventstore.Event
	for _, event := range happened {
		id := uuid.New()
		meta := codec.Metadata{CommandID: id, CorrelationID: id, CausationID: id, Actor: dana, Role: "applicant", Subject: dana}
		encoded, err := w.codec.Encode(w.t.Context(), stream, id, meta, event)
		done(w.t, err)
		batch = append(batch, encoded)
	}
	appended, err := w.log.Append(w.t.Context(), stream, eventstore.Any, batch...)
	done(w.t, err)
	w.at = appended.Position
}
