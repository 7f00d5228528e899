package readapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"services.example/portal/domain/access"
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/signature"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
)

// auditorsCookie is that of an auditor.
var auditorsCookie = staff("00000000-0000-4000-8000-0000000000aa", "", "auditor")

const whyRead = "Тексеру: өтінімнің мерзімі" // a reason to read

// readings are what was recorded of who read what.
type readings struct {
	mu   sync.Mutex
	list []access.Reading
	fail error
}

func (r *readings) record(_ context.Context, reading access.Reading) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return r.fail
	}
	r.list = append(r.list, reading)
	return nil
}

// withAuditors lets the world's history be read. The clock is that of the log.
func (w *world) withAuditors() *readings {
	w.t.Helper()
	record := &readings{}
	deps := w.queries.deps
	deps.Events, deps.Codec, deps.Access = w.log, w.codec, record.record
	w.queries = New(deps)
	w.server = serve(w.t, w.queries)
	w.clock.set(time.Now().Add(time.Hour))
	return record
}

// audit asks as an auditor with a reason (empty: none).
func (w *world) audit(path, reason string) answer {
	w.t.Helper()
	return w.auditAs(auditorsCookie, path, reason)
}

func (w *world) auditAs(who, path, reason string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.server.URL+httpapi.Base+"/audit"+path, http.NoBody)
	done(w.t, err)
	cookie := httpapi.Cookies{}.Session(who, 0)
	req.AddCookie(&cookie)
	req.Header.Set("Min-Position", w.at.String())
	req.Header.Set("Accept-Language", "en")
	if reason != "" {
		req.Header.Set("Audit-Reason", reason)
	}
	response, err := w.server.Client().Do(req)
	done(w.t, err)
	defer response.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(response.Body)
	done(w.t, err)
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}
}

// happening is one of the things that may happen in a case.
type happening func(w *world, r *rapid.T)

// happenings of the nth application, which is Dana's.
func happenings(n int) []happening {
	app := func(who string, events ...any) happening {
		return func(w *world, _ *rapid.T) {
			role := "executor"
			if who == dana {
				role = "applicant"
			}
			w.writeBy(who, role, streamOf(n), dana, events...)
		}
	}
	name := func(kind string) string { return id(fmt.Sprintf("%s of %d", kind, n), 1) }
	on := func(stream, who string, event any) happening {
		return func(w *world, _ *rapid.T) { w.writeBy(who, "", stream, dana, event) }
	}
	notice := func(events ...any) happening {
		return func(w *world, r *rapid.T) {
			recipient := rapid.SampledFrom([]string{dana, saule}).Draw(r, "recipient")
			requested := notification.Requested{
				Recipient: recipient, Channel: notification.SMS, Kind: "message", ApplicationID: id("application", n), Language: "kk", Text: "x", At: noon,
			}
			w.writeBy("", "system", "notification-"+uuid.NewString(), recipient, append([]any{requested}, events...)...)
		}
	}
	sent := submitted(friday, 1)
	sent.ProviderID = id("provider", 1)
	sig := "signature-" + name("document")
	return []happening{
		func(w *world, r *rapid.T) {
			data := fmt.Sprintf(`{"name":"%d","address":{"city":"Орал"}}`, rapid.IntRange(0, 3).Draw(r, "value"))
			w.writeBy(dana, "applicant", streamOf(n), dana, application.StepSaved{StepID: "company", Data: json.RawMessage(data), Complete: true, At: noon})
		},
		app(dana, application.FileAttached{FileID: name("attached"), StepID: "papers", Name: "a.pdf", SHA256: "a", At: noon}),
		app(dana, application.FileRemoved{FileID: name("attached"), StepID: "papers", At: noon}),
		app(dana, sent),
		app(saule, application.ExecutorAssigned{Executor: saule, At: noon}, application.TakenIntoWork{Executor: saule, At: noon}),
		app(saule, application.ExecutorRemoved{Executor: saule, At: noon}),
		app(saule, application.FileUploaded{FileID: name("staff's"), Staff: true, Name: "Акт.pdf", SHA256: "b", At: noon}),
		app(dana, application.FileUploaded{FileID: name("own"), Name: "c.pdf", SHA256: "c", At: noon}),
		app(saule, application.ReturnedForCompletion{Reason: "data-incorrect", Executor: saule, Text: "Түзетіңіз", At: noon}),
		app(dana, application.Resubmitted{DueAt: friday.AddDate(0, 0, 7), At: noon}),
		app("", application.DueSoon{DueAt: friday, At: noon}),
		app(saule, application.ResponseIssued{Executor: saule, Text: "Жауап", FileIDs: []string{name("staff's")}, At: noon}),
		app(saule, application.DocumentIssued{
			DocumentID: name("document"), Applicant: dana, ProviderID: id("provider", 1), Kind: "act", Version: 1, FileID: name("staff's"),
			Name: "Акт.pdf", SHA256: "b", Signers: []string{"provider", "applicant"}, By: "eds", At: noon,
		}),
		on(sig, saule, signature.Accepted{Signer: signature.Provider, Account: saule, Method: signature.EDS, CMS: "x", At: noon}),
		on(sig, dana, signature.Rejected{Signer: signature.Applicant, Account: dana, Code: "doc-changed", CMS: "x", At: noon}),
		on(sig, saule, signature.Rejected{Signer: signature.Provider, Account: saule, Code: "doc-changed", CMS: "x", At: noon}),
		app("", application.DocumentSigned{DocumentID: name("document"), At: noon}),
		app(dana, application.QuestionnaireAnswered{Scores: []application.QuestionScore{{Question: "speed", Score: 5}}, At: noon}),
		app("", application.ApplicationCompleted{Outcome: application.OutcomeAnswered, At: noon}),
		func(w *world, _ *rapid.T) { w.asks(n, "Қашан?") },
		func(w *world, _ *rapid.T) {
			w.answers(n, "Ертең", correspondence.File{ID: name("own"), Name: "d.pdf", Size: 1, MIME: "application/pdf", SHA256: "d"})
		},
		func(w *world, r *rapid.T) {
			reader := rapid.SampledFrom([]string{dana, saule}).Draw(r, "reader")
			side := map[string]correspondence.Side{dana: correspondence.Applicant, saule: correspondence.Staff}[reader]
			w.reads(n, reader, side, rapid.Int64Range(0, 9).Draw(r, "messages"), rapid.Int64Range(0, 20).Draw(r, "events"))
		},
		on("note-"+id("application", n), saule, correspondence.NoteWritten{NoteID: uuid.NewString(), Author: saule, Text: "Ішкі", At: noon}),
		notice(notification.Sent{Attempt: 1, Ref: "g", At: noon}, notification.Delivered{At: noon}),
		notice(notification.Postponed{Attempt: 1, Reason: "unreachable", NextAt: noon, At: noon}),
	}
}

// notices adds a notice of the nth application to Dana, which was delivered.
func (w *world) notices(n int) *world {
	w.t.Helper()
	return w.writeBy("", "system", "notification-"+uuid.NewString(), dana, notification.Requested{
		Recipient: dana, Channel: notification.SMS, Kind: "message", ApplicationID: id("application", n), Language: "kk", Text: "x", At: noon,
	}, notification.Sent{Attempt: 1, Ref: "g", At: noon})
}

// seenNow is what somebody sees of a case on its screens, now. Days left depend on the hour and are tested by themselves.
func (w *world) seenNow(who string, n int) map[string]any {
	w.t.Helper()
	path, seen := "/applications/"+id("application", n), map[string]any{}
	read := func(key, of string) any {
		var got any
		w.getIn(who, path+of, w.at.String(), "en").into(w.t, &got)
		seen[key] = got
		return got
	}
	page, _ := read("application", "").(map[string]any)
	read("timeline", "/timeline")
	read("notices", "/notifications")
	read("thread", "/messages?limit=100")
	seen["documents"] = []any{}
	issued, _ := page["documents"].([]any)
	for _, d := range issued {
		document, _ := d.(map[string]any)
		var shown any
		w.getIn(who, "/documents/"+fmt.Sprint(document["id"]), w.at.String(), "en").into(w.t, &shown)
		seen["documents"] = append(seen["documents"].([]any), shown)
	}
	if who == bySaule {
		notes, _ := read("notes", "/notes?limit=100").(map[string]any)
		if seen["notes"] = notes["items"]; len(notes["items"].([]any)) == 0 {
			delete(seen, "notes")
		}
	}
	page["daysLeft"] = nil
	return seen
}

// seenThen is the same of a case as it stood.
func seenThen(tb testing.TB, a answer) map[string]any {
	tb.Helper()
	var got map[string]any
	a.into(tb, &got)
	for _, member := range []string{"moment", "view", "personal", "passport", "readers"} {
		delete(got, member)
	}
	page, _ := got["application"].(map[string]any)
	page["daysLeft"] = nil
	thread, _ := got["thread"].(map[string]any)
	items, _ := thread["items"].([]any)
	for _, item := range items {
		line, _ := item.(map[string]any)
		delete(line, "authorId")
	}
	return got
}

// TestACaseAsItStoodIsWhatWasSeenThen: whatever happens, the case as of a moment is what its screens showed at that moment,
// to the applicant and to the provider's staff, also as of now.
func TestACaseAsItStoodIsWhatWasSeenThen(t *testing.T) {
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	n := 100
	rapid.Check(t, func(r *rapid.T) {
		n++
		path := "/applications/" + id("application", n)
		w.write(streamOf(n), dana, started(dana, n, 1))
		all := happenings(n)
		type look struct {
			position eventstore.Position
			seen     map[string]map[string]any
			sent     bool
		}
		var looks []look
		sent := false
		for _, what := range rapid.SliceOfN(rapid.IntRange(0, len(all)-1), 1, 12).Draw(r, "what happens") {
			all[what](w, r)
			sent = sent || what == 3
			l := look{position: w.at, sent: sent, seen: map[string]map[string]any{dana: w.seenNow(dana, n)}}
			if sent {
				l.seen[bySaule] = w.seenNow(bySaule, n)
			}
			looks = append(looks, l)
		}
		for i, l := range looks {
			moments := []string{"position=" + l.position.String()}
			if i == len(looks)-1 {
				moments = append(moments, "")
			}
			for _, m := range moments {
				got := seenThen(t, w.getIn(dana, path+"/as-of?"+m, w.at.String(), "en"))
				if diff := cmp.Diff(l.seen[dana], got); diff != "" {
					r.Fatalf("after %d happenings, %q, the applicant (-then +as of):\n%s", i+1, m, diff)
				}
				if diff := cmp.Diff(l.seen[dana], seenThen(t, w.audit(path+"?view=applicant&"+m, whyRead))); diff != "" {
					r.Fatalf("after %d happenings, %q, the applicant's view (-then +as of):\n%s", i+1, m, diff)
				}
				if !l.sent {
					continue
				}
				if diff := cmp.Diff(l.seen[bySaule], seenThen(t, w.audit(path+"?view=staff&account="+saule+"&"+m, whyRead))); diff != "" {
					r.Fatalf("after %d happenings, %q, the staff's view (-then +as of):\n%s", i+1, m, diff)
				}
			}
		}
	})
}

// theCase is Dana's application with a bit of everything, and the moments between.
func (w *world) theCase() (positions []eventstore.Position) {
	w.t.Helper()
	note := func() { positions = append(positions, w.at) }
	w.write(streamOf(1), dana, started(dana, 1, 1))
	note()
	w.write(streamOf(1), dana, application.StepSaved{StepID: "company", Data: json.RawMessage(`{"name":"Қиял","bin":"1"}`), Complete: true, At: noon})
	note()
	sent := submitted(friday, 1)
	sent.ProviderID = id("provider", 1)
	w.write(streamOf(1), dana, sent)
	note()
	w.does(1, application.ExecutorAssigned{Executor: saule, At: noon}, application.FileUploaded{FileID: id("file", 9), Staff: true, Name: "Акт.pdf", At: noon})
	w.answers(1, "Құжат керек")
	w.writeBy(saule, "executor", "note-"+id("application", 1), dana, correspondence.NoteWritten{NoteID: id("note", 1), Author: saule, Text: "Ішкі жазба", At: noon})
	note()
	w.reads(1, dana, correspondence.Applicant, 1, 4)
	note()
	return positions
}

func TestWhoMayReadACaseAsItStood(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	record := w.withAuditors()
	w.theCase()
	path := "/applications/" + id("application", 1)
	for _, of := range []string{"", "/diff"} {
		for name, who := range map[string]string{
			"the applicant": dana, "another applicant": aibek, "the executor": bySaule, "an analyst": staff("x", "", "analyst"),
			"an administrator": staff("x", "", "admin"),
		} {
			if got := w.auditAs(who, path+of, whyRead); got.status != http.StatusNotFound || !strings.Contains(got.body, `"not-found"`) {
				t.Errorf("%s: %d %s", name, got.status, got.body)
			}
		}
		own := path + "/as-of" + of
		for _, who := range []string{aibek, bySaule, byMarat, auditorsCookie, staff("x", "", "admin")} {
			w.get(who, own).refuses(t, http.StatusNotFound, "application-not-found")
		}
		w.get("", own).refuses(t, http.StatusUnauthorized, "sign-in-required")
		for _, reason := range []string{"", "short", strings.Repeat("a", 501)} {
			w.audit(path+of, reason).refuses(t, http.StatusUnprocessableEntity, "invalid")
		}
		for _, thing := range []string{"x", id("application", 77), "%00", "{" + id("application", 1) + "}"} {
			w.audit("/applications/"+thing+of, whyRead).refuses(t, http.StatusNotFound, "application-not-found")
			w.get(dana, "/applications/"+thing+"/as-of"+of).refuses(t, http.StatusNotFound, "application-not-found")
		}
	}
	if len(record.list) != 0 {
		t.Errorf("recorded %+v, though nothing was given out", record.list)
	}
}

// TestReadingACaseIsRecordedFirst: with its reason, and if it cannot be recorded, nothing is given out.
func TestReadingACaseIsRecordedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	record := w.withAuditors()
	positions := w.theCase()
	path := "/applications/" + id("application", 1)
	var body asOfCase
	w.audit(path+"?position="+positions[1].String(), whyRead).into(t, &body)
	var diff asOfDiff
	w.audit(path+"/diff?from="+positions[0].String()+"&to="+positions[1].String(), whyRead).into(t, &diff)
	want := []access.Reading{
		{What: access.AsOf, Application: id("application", 1), To: positions[1].String(), Personal: true, Reason: whyRead},
		{What: access.Diff, Application: id("application", 1), From: positions[0].String(), To: positions[1].String(), Personal: true, Reason: whyRead},
	}
	if diff := cmp.Diff(want, record.list); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	record.fail = problem.New(problem.Unavailable, "store-unavailable")
	for _, of := range []string{"", "/diff"} {
		w.audit(path+of, whyRead).refuses(t, http.StatusServiceUnavailable, "store-unavailable")
	}
}

// TestWithoutPersonalData: who needs no names gets none. That they read it is recorded all the same.
func TestWithoutPersonalData(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	record := w.withAuditors()
	w.theCase()
	for _, of := range []string{"?", "/diff?"} {
		got := w.audit("/applications/"+id("application", 1)+of+"personal=false", whyRead)
		if got.status != http.StatusOK || !strings.Contains(got.body, `"personal":false`) {
			t.Fatalf("answered %d %s", got.status, got.body)
		}
		for _, secret := range []string{"Қиял", "Сәуле", "Дана", "Құжат керек", "Ішкі жазба", "Акт.pdf"} {
			if strings.Contains(got.body, secret) {
				t.Errorf("%s holds %q", of, secret)
			}
		}
	}
	for _, reading := range record.list {
		if reading.Personal {
			t.Errorf("recorded as a reading of personal data: %+v", reading)
		}
	}
	if len(record.list) != 2 {
		t.Errorf("recorded %+v", record.list)
	}
}

func TestMomentsOfACase(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.write("account-"+id("account", 9), "", account.SignedOut{At: noon}) // something before the case
	before := w.at
	w.withAuditors()
	positions := w.theCase()
	var times []time.Time
	for recorded, err := range w.log.ReadStream(t.Context(), streamOf(1), eventstore.StreamRead{}) {
		done(t, err)
		times = append(times, recorded.Created)
	}
	at := func(moment time.Time) string { return "at=" + moment.UTC().Format(time.RFC3339Nano) }
	path := "/applications/" + id("application", 1)
	for name, test := range map[string]struct {
		query    string
		status   int
		code     string
		revision int64
		events   int
	}{
		"now":                       {query: "", revision: 4, events: 8},
		"a revision":                {query: "revision=1", revision: 1, events: 2},
		"a position":                {query: "position=" + positions[2].String(), revision: 2, events: 3},
		"before it began":           {query: "position=" + before.String(), status: 404, code: "application-not-yet"},
		"long before":               {query: "at=2020-01-01T00:00:00Z", status: 404, code: "application-not-yet"},
		"the time of the last":      {query: at(w.clock.Now()), revision: 4, events: 8},
		"a plus that was a blank":   {query: "at=2020-01-01T05:00:00+05:00", status: 404, code: "application-not-yet"},
		"a time before the sending": {query: at(times[2].Add(-1)), revision: 1, events: 2},
		"the future":                {query: at(w.clock.Now().Add(time.Second)), status: 422, code: "invalid"},
		"a position to come":        {query: "position=99999999999/0", status: 422, code: "invalid"},
		"a revision to come":        {query: "revision=5", status: 422, code: "invalid"},
		"two moments":               {query: "revision=1&position=0/0", status: 422, code: "invalid"},
		"no time":                   {query: "at=yesterday", status: 422, code: "invalid"},
		"no position":               {query: "position=1", status: 422, code: "invalid"},
		"no revision":               {query: "revision=-1", status: 422, code: "invalid"},
		"no view":                   {query: "view=god", status: 422, code: "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.audit(path+"?"+test.query, whyRead)
			if test.status != 0 {
				got.refuses(t, test.status, test.code)
				return
			}
			var body asOfCase
			got.into(t, &body)
			if body.Moment.Revision != test.revision || body.Moment.Events != test.events {
				t.Errorf("moment %+v, want revision %d after %d events", body.Moment, test.revision, test.events)
			}
			var again asOfCase
			w.audit(path+"?position="+body.Moment.Position, whyRead).into(t, &again)
			again.Moment.At, body.Moment.At = time.Time{}, time.Time{}
			again.Application.DaysLeft, body.Application.DaysLeft = nil, nil
			if diff := cmp.Diff(string(asJSON(body)), string(asJSON(again))); diff != "" {
				t.Errorf("asked again by its position (-first +again):\n%s", diff)
			}
		})
	}
}

// TestTheWholeCase: auditors see both sides, the internal notes, and who had read what.
func TestTheWholeCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	positions := w.theCase()
	path := "/applications/" + id("application", 1)
	var before, after asOfCase
	w.audit(path+"?position="+positions[3].String(), whyRead).into(t, &before)
	w.audit(path, whyRead).into(t, &after)
	type reading struct {
		Text   string
		Unread bool
		ReadBy []string
	}
	items := func(c asOfCase) []reading {
		var list []reading
		for _, item := range c.Thread.Items {
			list = append(list, reading{item.Text, item.Unread, item.ReadBy})
		}
		return list
	}
	if diff := cmp.Diff([]reading{
		{"The application was sent", false, nil}, {"A case manager was assigned: Қызметкер Сәуле", true, nil}, {"Құжат керек", true, nil},
	}, items(before)); diff != "" {
		t.Errorf("before it was read (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]reading{
		{"The application was sent", false, []string{dana}},
		{"A case manager was assigned: Қызметкер Сәуле", false, []string{dana}},
		{"Құжат керек", false, []string{dana}},
	}, items(after)); diff != "" {
		t.Errorf("after it was read (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]asOfReader{
		{ID: dana, Name: "Самұрық Дана", Side: correspondence.Applicant, Messages: 1, Application: 4, At: noon},
	}, after.Readers); diff != "" || len(before.Readers) != 0 {
		t.Errorf("readers before %+v, after (-want +got):\n%s", before.Readers, diff)
	}
	if len(after.Notes) != 1 || after.Notes[0].Text != "Ішкі жазба" || after.Notes[0].Author.Name != "Қызметкер Сәуле" {
		t.Errorf("notes %+v", after.Notes)
	}
	if after.Passport.Version != 1 || after.Passport.Name.EN != "Legal advice" || after.Passport.Provider.Name.EN != "Sample Chamber" || len(after.Passport.Steps) != 2 {
		t.Errorf("passport %+v", after.Passport)
	}
	if step := after.Application.Steps[0]; step.Title.EN != "company (en)" || string(step.Data) != `{"name":"Қиял","bin":"1"}` {
		t.Errorf("step %+v", step)
	}
	if len(after.Application.Uploads) != 1 {
		t.Errorf("uploads %+v", after.Application.Uploads)
	}
	var own asOfCase
	w.get(dana, path+"/as-of").into(t, &own)
	if len(own.Application.Uploads) != 0 || own.Notes != nil || len(own.Readers) != 1 {
		t.Errorf("the applicant sees uploads %+v, notes %+v, readers %+v", own.Application.Uploads, own.Notes, own.Readers)
	}
}

// TestErasureReachesThePast: once a person was erased, no moment shows them any more.
func TestErasureReachesThePast(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	positions := w.theCase()
	w.write("account-"+dana, dana, account.Erased{At: noon}) // and the key is still there: the process died in between
	path := "/applications/" + id("application", 1)
	for _, of := range []string{"?position=" + positions[3].String(), "", "/diff", "/diff?to=" + positions[3].String()} {
		got := w.audit(path+of, whyRead)
		if got.status != http.StatusOK {
			t.Fatalf("answered %d %s", got.status, got.body)
		}
		for _, secret := range []string{"Қиял", "Құжат керек", "Дана"} {
			if strings.Contains(got.body, secret) {
				t.Errorf("%s holds %q", of, secret)
			}
		}
	}
}

// TestADeletedDraft: is there for auditors as of a moment before, and not at all for whoever deleted it.
func TestADeletedDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	w.write(streamOf(1), dana, started(dana, 1, 1), application.DraftDeleted{At: noon})
	path := "/applications/" + id("application", 1)
	w.audit(path, whyRead).refuses(t, http.StatusGone, "application-deleted")
	var body asOfCase
	w.audit(path+"?revision=0", whyRead).into(t, &body)
	if body.Application.Status != "draft" {
		t.Errorf("status %s", body.Application.Status)
	}
	w.audit(path+"?revision=0&view=staff", whyRead).refuses(t, http.StatusNotFound, "application-not-yet")
	for _, of := range []string{"/as-of?revision=0", "/as-of/diff"} {
		w.get(dana, path+of).refuses(t, http.StatusNotFound, "application-not-found")
	}
}

// TestDaysLeftAsTheyWereCounted: by the moment's own day, and by the holidays that were known then.
func TestDaysLeftAsTheyWereCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	positions := w.theCase()
	last := positions[len(positions)-1]
	var body asOfCase
	w.audit("/applications/"+id("application", 1)+"?position="+last.String(), whyRead).into(t, &body)
	s, err := w.queries.catalogue.now(t.Context())
	done(t, err)
	want := s.daysLeft(id("service", 1), body.Passport.Term.Kind, body.Moment.At, body.Application.DueAt)
	if diff := cmp.Diff(want, body.Application.DaysLeft); diff != "" || want == nil {
		t.Errorf("days left (-want +got):\n%s", diff)
	}
}

// TestAClockThatWasSetBack: a case as it stood is a beginning of its history, in the times at which it was recorded first,
// wherever it was moved since.
func TestAClockThatWasSetBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue().withPeople()
	w.withAuditors()
	for i, day := range []string{"01", "03", "02", "05"} {
		event := any(application.StepSaved{StepID: "company", Data: json.RawMessage(`{"day":"` + day + `"}`), At: noon})
		if i == 0 {
			event = started(dana, 1, 1)
		}
		meta := codec.Metadata{CommandID: uuid.New(), Actor: dana, Role: "applicant", Subject: dana, RecordedAt: "2020-01-" + day + "T00:00:00Z"}
		encoded, err := w.codec.Encode(t.Context(), streamOf(1), uuid.New(), meta, event)
		done(t, err)
		appended, err := w.log.Append(t.Context(), streamOf(1), eventstore.Any, encoded)
		done(t, err)
		w.at = appended.Position
	}
	for at, revision := range map[string]int64{
		"2020-01-01T00:00:00Z": 0, "2020-01-02T12:00:00Z": 0, "2020-01-03T00:00:00Z": 2, "2020-01-06T00:00:00Z": 3,
	} {
		var body asOfCase
		w.audit("/applications/"+id("application", 1)+"?at="+at, whyRead).into(t, &body)
		if body.Moment.Revision != revision {
			t.Errorf("at %s: revision %d, want %d", at, body.Moment.Revision, revision)
		}
	}
	w.audit("/applications/"+id("application", 1)+"?at=2019-12-31T23:59:59Z", whyRead).refuses(t, http.StatusNotFound, "application-not-yet")
}
