package readapi

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/httpapi"
)

// BenchmarkAsOf is the server's own work for a case with 300 events, the recording of the reading left out: as it stands, as
// it stood halfway, and what changed in between.
func BenchmarkAsOf(b *testing.B) {
	w := newWorld(b).withCatalogue().withPeople()
	w.withAuditors()
	w.sentBy(dana, 1, 1)
	w.does(1, application.ExecutorAssigned{Executor: saule, At: noon}, application.TakenIntoWork{Executor: saule, At: noon})
	words := strings.Repeat("Құжаттар ", 22)
	all := happenings(1)
	for n := range 56 {
		w.asks(1, words).answers(1, words)
		w.reads(1, dana, correspondence.Applicant, int64(n), int64(n)).reads(1, saule, correspondence.Staff, int64(n), int64(n))
		if n < 24 {
			all[len(all)-3](w, nil) // a note
			all[1+n%2](w, nil)      // a file, and its removal
			w.notices(1)
		}
	}
	w.awaitAll()
	var body asOfCase
	w.audit("/applications/"+id("application", 1), whyRead).into(b, &body)
	if body.Moment.Events < 300 {
		b.Fatalf("%d events", body.Moment.Events)
	}
	half := strconv.FormatInt(body.Moment.Revision/2, 10)
	path := httpapi.Base + "/audit/applications/" + id("application", 1)
	cookie := httpapi.Cookies{}.Session(auditorsCookie, 0)
	for name, query := range map[string]string{"now": "", "halfway": "?revision=" + half, "diff": "/diff?from=" + half} {
		b.Run(name, func(b *testing.B) {
			var waits []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path+query, http.NoBody)
				r.AddCookie(&cookie)
				r.Header.Set("Audit-Reason", whyRead)
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
