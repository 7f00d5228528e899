package readapi

import (
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/domain/access"
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/cases"
	"services.example/portal/readapi/analytics"
)

// analyst is the cookie of an analyst.
var analyst = staff(id("account", 900), "", string(account.Analyst))

// sends writes n applications to a service, from a region, that were sent at a moment; each by somebody else.
func (w *world) sends(n, of int, from string, at time.Time, then ...any) *world {
	w.t.Helper()
	for range n {
		applicant, stream := uuid.NewString(), "application-"+uuid.NewString()
		w.applicant = applicant
		region, err := json.Marshal(map[string]string{"region": from})
		done(w.t, err)
		w.write(stream, applicant, append([]any{
			application.DraftStarted{
				Applicant: applicant, ServiceID: id("service", of), ServiceVersion: 1, At: at.Add(-time.Hour),
				Steps: []application.StepState{{ID: "company", Kind: service.FormStep}, {ID: "papers", Kind: service.DocumentStep}},
			},
			application.StepSaved{StepID: "company", Data: region, Complete: true, At: at.Add(-time.Minute)},
			application.Submitted{ServiceID: id("service", of), ProviderID: id("provider", 1), Term: service.Term{Days: 5, Kind: service.WorkingDays}, DueAt: at.AddDate(0, 0, 7), At: at},
		}, then...)...)
	}
	return w
}

// analytics asks as an analyst.
func (w *world) analytics(path string, into any) {
	w.t.Helper()
	w.get(analyst, "/analytics"+path).into(w.t, into)
}

// cells writes what an answer tells of cells: a dash for what is not told.
func (a analyticsApplications) cells() []string {
	told := func(n *int64) string {
		if n == nil {
			return "-"
		}
		return strconv.FormatInt(*n, 10)
	}
	list := []string{"total " + told(a.Total.Applications)}
	for _, c := range a.Cells {
		line := c.Month
		if c.Service != nil {
			line += " " + c.Service.Name.EN
		}
		if c.Region != nil {
			line += " " + c.Region.Code
		}
		if c.Status != "" {
			line += " " + c.Status
		}
		list = append(list, strings.TrimSpace(line)+" "+told(c.Applications))
	}
	return list
}

func TestApplicationsByServiceRegionStatusAndMonth(t *testing.T) {
	t.Parallel()
	november := noon.AddDate(0, 0, -10)
	decided := application.DecidedPositive{ServiceID: id("service", 1), First: true, SubmittedAt: november, At: november.Add(50 * time.Hour)}
	w := newWorld(t).withCatalogue().
		sends(5, 1, "Астана қаласы", november, decided).sends(5, 1, "Шымкент", november.AddDate(0, -1, 0)).
		sends(3, 1, "Ұлытау облысы", november).sends(5, 2, "неизвестно где", november)
	for query, want := range map[string][]string{
		"?service=" + id("service", 2): {"total 5"},
		"?region=KZ-71&by=status":      {"total 5", "approved 5"},
		"?region=KZ-62&by=service":     {"total -", "Legal advice -"},
		"?region=unknown&by=region":    {"total 5", "unknown 5"},
		"?by=month,region&service=" + id("service", 1) + "&status=submitted&to=2026-10": {"total 5", "2026-10 KZ-79 5"},
		"?from=2025-01&to=2025-02&by=region":                                            {"total 0"},
		"?status=approved&provider=" + id("provider", 1):                                {"total 5"},
		"?provider=" + id("provider", 2) + "&by=provider":                               {"total 0"},
	} {
		var got analyticsApplications
		w.analytics("/applications"+query, &got)
		if diff := cmp.Diff(want, got.cells()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	var got analyticsApplications
	w.analytics("/applications?region=KZ-71", &got)
	if d := got.Total.Decision; d.Count == nil || *d.Count != 5 || d.MeanHours == nil || d.MedianDays != nil || *got.Total.Overdue != 0 {
		t.Errorf("decided within %+v", d)
	}
}

// TestFiguresFollowWhatHappens: figures are kept, and counted again when something has changed; also under another clock.
func TestFiguresFollowWhatHappens(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().sends(5, 1, "Астана", noon)
	for want := int64(5); want <= 20; want += 5 {
		var got analyticsApplications
		w.analytics("/applications", &got)
		if got.Total.Applications == nil || *got.Total.Applications != want {
			t.Fatalf("%v applications, want %d", got.Total.Applications, want)
		}
		w.sends(5, 1, "Астана", noon)
	}
}

// TestMonthsBeginAtMidnightInAlmaty: what was sent in the last second of October there is October's, though it is recorded
// much later.
func TestMonthsBeginAtMidnightInAlmaty(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 10, 31, 19, 0, 0, 0, time.UTC)
	w := newWorld(t).withCatalogue().sends(5, 1, "Астана", midnight).sends(10, 1, "Астана", midnight.Add(-time.Second))
	for query, want := range map[string][]string{
		"?by=month":                                {"total 15", "2026-10 10", "2026-11 5"},
		"?by=month&from=2026-10&to=2026-10":        {"total 10", "2026-10 10"},
		"?by=month&from=2026-11&to=2026-11":        {"total 5", "2026-11 5"},
		"?from=2026-09&to=2026-09&by=month,status": {"total 0"},
	} {
		var got analyticsApplications
		w.analytics("/applications"+query, &got)
		if diff := cmp.Diff(want, got.cells()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

// TestFiguresWhenAnApplicationEnds: withdrawn ones are counted where they stand and are overdue no more; those of the erased
// are counted, but in no region.
func TestFiguresWhenAnApplicationEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().sends(5, 1, "Астана", noon, application.Withdrawn{ServiceID: id("service", 1), At: noon.Add(time.Hour)}).
		sends(5, 1, "Астана", noon)
	var erased []string
	for range 5 {
		w.sends(1, 1, "Шымкент", noon)
		erased = append(erased, w.applicant)
	}
	tells := func(query string, overdue int64, want ...string) {
		t.Helper()
		var got analyticsApplications
		w.analytics("/applications"+query, &got)
		if diff := cmp.Diff(want, got.cells()); diff != "" || *got.Total.Overdue != overdue {
			t.Errorf("%s: %d overdue, want %d (-want +got):\n%s", query, *got.Total.Overdue, overdue, diff)
		}
	}
	tells("?by=region,status", 0, "total 15", "KZ-71 submitted 5", "KZ-71 withdrawn 5", "KZ-79 submitted 5")
	for _, applicant := range erased {
		w.write("account-"+applicant, applicant, account.Erased{})
	}
	tells("?by=region,status", 0, "total 15", "unknown submitted 5", "KZ-71 submitted 5", "KZ-71 withdrawn 5")
	due := noon.AddDate(0, 0, 7)
	w.clock.set(due)
	tells("?by=status", 0, "total 15", "submitted 10", "withdrawn 5")
	w.clock.set(due.Add(time.Second)) // nothing happens but time
	tells("?by=status", 10, "total 15", "submitted 10", "withdrawn 5")
}

// TestAChangeThatIsSeenLateIsCounted: a store without transactions shows a later change before an earlier one, until the
// checkpoint says that all are there.
func TestAChangeThatIsSeenLateIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t).sends(1, 1, "Астана", noon)
	w.get(analyst, "/analytics/applications")
	reads := w.queries.deps.Reads
	collection, err := w.engine.Directory().Serving(t.Context(), cases.Name)
	done(t, err)
	at, err := reads.Checkpoint(t.Context(), collection)
	done(t, err)
	behind := func(n uint64) eventstore.Position {
		return eventstore.Position{Commit: at.Commit + n, Prepare: at.Prepare + n}
	}
	shown := func(n uint64, advances ...readstore.Advance) {
		t.Helper()
		sent := noon
		row := cases.Case{
			Applicant: uuid.NewString(), ServiceID: id("service", 1), Status: "submitted", StartedMonth: "2026-11", SentMonth: "2026-11",
			StartedAt: noon, SentAt: &sent, ChangedAt: time.Now().Add(time.Duration(n) * time.Hour),
		}
		done(t, reads.Commit(t.Context(), readstore.Batch{Advances: advances, Writes: []readstore.Write{
			{Collection: collection, ID: uuid.NewString(), Seen: behind(n), Body: row.AppendBSON(nil)},
		}}))
	}
	counts := func(want int64) {
		t.Helper()
		months, err := w.queries.cubes.sent(t.Context(), []string{"2026-11"}, true)
		done(t, err)
		all := analytics.Sum(months, nil, func(analytics.Key) bool { return true })[analytics.Key{}]
		if all.Applications.N != want {
			t.Errorf("%d applications are counted, want %d", all.Applications.N, want)
		}
	}
	counts(1)
	shown(2)
	counts(2)
	shown(1, readstore.Advance{Projection: collection, From: at, To: behind(2)})
	counts(3)
}

func TestSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().sends(5, 1, "Астана", noon).sends(2, 2, "Астана", noon)
	var got analyticsSteps
	w.analytics("/steps", &got)
	if len(got.Forms) != 2 || got.Forms[1].Started != nil || len(got.Forms[1].Steps) != 0 || got.Forms[1].Sent != nil {
		t.Fatalf("%+v", got.Forms)
	}
	form := got.Forms[0]
	if form.Service.ID != id("service", 1) {
		form = got.Forms[1]
	}
	company := form.Steps[0]
	if *form.Started != 5 || *form.Sent != 5 || *form.Deleted != 0 || company.ID != "company" || *company.Touched != 5 ||
		*company.Complete != 5 || *company.Last != 0 || company.Title == nil || *form.Steps[1].Touched != 0 {
		t.Errorf("%+v", form)
	}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 7 {
		stream, recipient := "notification-"+uuid.NewString(), uuid.NewString()
		w.write(stream, recipient, notification.Requested{Recipient: recipient, Channel: notification.SMS, Kind: "message", Text: "x", At: noon})
		if i < 5 {
			w.write(stream, recipient, notification.Sent{Attempt: 2, At: noon.Add(time.Minute)}, notification.Delivered{At: noon.Add(time.Hour)})
		}
	}
	var got analyticsDeliveries
	w.analytics("/deliveries", &got)
	if len(got.Deliveries) != 1 {
		t.Fatalf("%+v", got)
	}
	d := got.Deliveries[0]
	if d.Month != "2026-11" || d.Channel != "sms" || *d.Repeated != 5 || *d.Arrival.Count != 5 || d.Arrival.MeanHours == nil || len(d.States) != 2 ||
		d.States[0].Code != "delivered" || *d.States[0].Count != 5 || d.States[1].Count != nil {
		t.Errorf("%+v", d)
	}
}

// recorder keeps what is read, as the record of readings would.
func (w *world) recorder() *[]access.Reading {
	var list []access.Reading
	w.queries.deps.Access = func(_ context.Context, reading access.Reading) error {
		if _, faults := access.Reason(reading.Reason); len(faults) > 0 {
			return problem.Input(faults...)
		}
		list = append(list, reading)
		return nil
	}
	return &list
}

// export asks for rows, with a reason and with a key unless they are empty.
func (w *world) export(query, reason, key string) answer {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.server.URL+httpapi.Base+"/analytics/applications/export"+query, http.NoBody)
	done(w.t, err)
	cookie := httpapi.Cookies{}.Session(analyst, 0)
	request.AddCookie(&cookie)
	request.Header.Set("Min-Position", w.at.String())
	if reason != "" {
		request.Header.Set("Audit-Reason", reason)
	}
	if key != "" {
		request.Header.Set("Export-Key", key)
	}
	response, err := w.server.Client().Do(request)
	done(w.t, err)
	defer response.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(response.Body)
	done(w.t, err)
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}
}

func TestExport(t *testing.T) {
	t.Parallel()
	const why = "Quarterly report on regions"
	key := base64.StdEncoding.EncodeToString([]byte("sixteen bytes or more"))
	w := newWorld(t).withCatalogue().sends(5, 1, "Астана", noon).sends(2, 1, "Шымкент", noon).sends(1, 2, "Астана", noon)
	read := w.recorder()

	w.export("", "", key).refuses(t, http.StatusUnprocessableEntity, "invalid")
	w.export("", why, "short").refuses(t, http.StatusUnprocessableEntity, "invalid")
	w.export("?format=xls", why, key).refuses(t, http.StatusUnprocessableEntity, "invalid")
	if len(*read) != 0 {
		t.Errorf("recorded %+v", *read)
	}

	rows := func(a answer) [][]string {
		lines, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
		if err != nil || a.status != http.StatusOK {
			t.Fatalf("answered %d %s: %v", a.status, a.body, err)
		}
		return lines[1:]
	}
	first := rows(w.export("?service="+id("service", 1), why, key))
	if len(first) != 7 {
		t.Fatalf("%d rows, want 7", len(first))
	}
	regions := map[string]int{}
	for _, row := range first {
		regions[row[5]]++
	}
	if diff := cmp.Diff(map[string]int{"KZ-71": 5, "": 2}, regions); diff != "" {
		t.Errorf("regions (-want +got):\n%s", diff)
	}
	joins := func(other [][]string) (n int) {
		known := map[string]bool{}
		for _, row := range first {
			known[row[0]], known[row[1]] = true, true
		}
		for _, row := range other {
			if known[row[0]] || known[row[1]] {
				n++
			}
		}
		return n
	}
	if n := joins(rows(w.export("", why, key))); n != 7 {
		t.Errorf("%d rows join with the same key, want 7", n)
	}
	if n := joins(rows(w.export("", why, ""))); n != 0 {
		t.Errorf("%d rows join without a key", n)
	}
	want := access.Reading{What: access.Export, From: "2025-12", To: "2026-11", Reason: why}
	if diff := cmp.Diff([]access.Reading{want, want, want}, *read); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	for _, format := range []string{"ndjson", "parquet"} {
		if a := w.export("?format="+format, why, key); a.status != http.StatusOK || a.body == "" || strings.Contains(a.body, dana) {
			t.Errorf("%s: answered %d %q", format, a.status, a.body)
		}
	}
}

func TestOnlyAnalystsSeeAnalytics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/applications", "/steps", "/deliveries", "/applications/export"} {
		for _, who := range []string{dana, staff(dana, "", "admin"), staff(dana, id("provider", 1), "executor"), staff(dana, "", "auditor")} {
			w.get(who, "/analytics"+path).refuses(t, http.StatusNotFound, "not-found")
		}
		w.get("", "/analytics"+path).refuses(t, http.StatusUnauthorized, "sign-in-required")
	}
}
