package readapi

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/access"
	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
	"services.example/portal/readapi/auditlog"
)

// archive is a world whose history can be read.
type archive struct {
	*world
	mu       sync.Mutex
	readings []access.Reading
	refuses  error // what recording answers
}

const reason = "Complaint 17 of 2026"

// auditor is the cookie of somebody who reads history.
var auditor = staff(id("account", 90), "", string(account.Auditor))

func newArchive(tb testing.TB) *archive {
	tb.Helper()
	a := &archive{world: newWorld(tb)}
	deps := a.queries.deps
	deps.Events, deps.Codec = a.log, a.codec
	deps.Access = func(_ context.Context, reading access.Reading) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.refuses != nil {
			return a.refuses
		}
		_, err := access.Decide(access.State{}, reading)
		if err == nil {
			a.readings = append(a.readings, reading)
		}
		return err
	}
	a.queries = New(deps)
	a.server = serve(tb, a.queries)
	return a
}

// recorded are the readings that were recorded so far.
func (a *archive) recorded() []access.Reading {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.readings
}

// happens writes a case: a draft, a message, a reading, all about one person.
func (a *archive) happens() {
	a.t.Helper()
	who, app := id("account", 1), id("application", 1)
	a.write("application-"+app, who,
		application.DraftStarted{Applicant: who, ServiceID: "s", ServiceVersion: 1, RunningNumber: 2065, Number: "2065-23-11-26", At: noon},
		application.Withdrawn{ServiceID: "s", At: noon})
	a.write("correspondence-"+app, who, correspondence.MessagePosted{MessageID: "m", Applicant: who, Author: who, Side: correspondence.Applicant, Text: "Құпия", At: noon})
	a.write("reading-"+app, who, correspondence.ThreadRead{Reader: who, Side: correspondence.Applicant, Messages: 1, At: noon})
}

// request asks for lines.
func (a *archive) request(ctx context.Context, who, path, why string) *http.Response {
	a.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.server.URL+httpapi.Base+path, http.NoBody)
	done(a.t, err)
	cookie := httpapi.Cookies{}.Session(who, 0)
	req.AddCookie(&cookie)
	if why != "" {
		req.Header.Set("Audit-Reason", why)
	}
	response, err := a.server.Client().Do(req)
	done(a.t, err)
	return response
}

// read gives all lines of an answer: of events what they say in English, and the marks.
func (a *archive) read(who, path, why string) (said []string, lines []auditlog.Read) {
	a.t.Helper()
	response := a.request(a.t.Context(), who, path, why)
	defer response.Body.Close() //nolint:errcheck // it was only read
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body)
		a.t.Fatalf("answered %d %s", response.StatusCode, body)
	}
	scanner := bufio.NewScanner(response.Body)
	for scanner.Scan() {
		line, err := auditlog.ParseLine(scanner.Bytes())
		done(a.t, err)
		lines = append(lines, line)
		switch {
		case line.Type != "":
			said = append(said, line.Sentence.EN)
		case line.Complete:
			said = append(said, "complete")
		case line.More:
			said = append(said, "more")
		}
	}
	done(a.t, scanner.Err())
	return said, lines
}

const (
	drafted   = "Applicant: the draft of application 2065-23-11-26 was started: service s, version 1"
	withdrawn = "Applicant: the application was withdrawn"
	wrote     = "Applicant: a message was written (applicant): Құпия"
	wroteHush = "Applicant: a message was written (applicant)"
)

func TestAuditEvents(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.happens()
	seen := "Applicant: the correspondence was read (applicant) by " + id("account", 1) + ": up to message 1 and event 0"
	_, all := a.read(auditor, "/audit/events", reason)
	for name, test := range map[string]struct {
		query string
		want  []string
	}{
		"everything":              {"", []string{drafted, withdrawn, wrote, seen, "complete"}},
		"without personal data":   {"?personal=false", []string{drafted, withdrawn, wroteHush, seen, "complete"}},
		"by types":                {"?types=application.withdrawn.,reading.", []string{withdrawn, seen, "complete"}},
		"by streams":              {"?streams=correspondence-" + id("application", 1), []string{wrote, "complete"}},
		"by streams and types":    {"?streams=application-&types=application.draft-started.v1", []string{drafted, "complete"}},
		"nothing of the kind":     {"?types=signature.", []string{"complete"}},
		"a page":                  {"?limit=2", []string{drafted, withdrawn, "more"}},
		"the page after":          {"?limit=2&after=" + all[1].Position, []string{wrote, seen, "more"}},
		"after the last":          {"?after=" + all[3].Position, []string{"complete"}},
		"up to the second":        {"?until=" + all[1].Position, []string{drafted, withdrawn, "complete"}},
		"up to beyond the end":    {"?until=999999999/999999999", []string{drafted, withdrawn, wrote, seen, "complete"}},
		"after beyond the end":    {"?after=999999999/999999999", []string{"complete"}},
		"one of a rare kind":      {"?types=reading.&limit=1", []string{seen, "more"}},
		"between two that follow": {"?after=" + all[0].Position + "&until=" + all[1].Position, []string{withdrawn, "complete"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said, lines := a.read(auditor, "/audit/events"+test.query, reason)
			if diff := cmp.Diff(test.want, said); diff != "" {
				t.Error(diff)
			}
			if after := lines[len(lines)-1].After; after == "" {
				t.Error("the last line does not say where to go on")
			}
		})
	}
}

// TestEveryReadingIsRecordedFirst: who may not read, says no reason, or cannot be recorded, gets no line.
func TestEveryReadingIsRecordedFirst(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.happens()
	app := id("application", 1)
	for _, path := range []string{"/audit/events", "/audit/streams/application-" + app} {
		for _, who := range []string{id("account", 1), staff("x", "p", "executor"), staff("x", "", "admin"), staff("x", "", "analyst")} {
			a.reads(who, path, reason).refuses(t, http.StatusNotFound, "not-found")
		}
		a.reads(auditor, path, "").refuses(t, http.StatusUnprocessableEntity, "invalid")
		a.reads(auditor, path, "ревизия").refuses(t, http.StatusUnprocessableEntity, "invalid")
		a.reads(auditor, path, "UTF-8''%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff").refuses(t, http.StatusUnprocessableEntity, "invalid")
	}
	a.reads(auditor, "/audit/events?streams=account-900101300123", reason).refuses(t, http.StatusUnprocessableEntity, "invalid")
	a.reads(auditor, "/audit/events?after=x", reason).refuses(t, http.StatusBadRequest, "bad-position")
	a.reads(auditor, "/audit/events?follow=true&until=1/1", reason).refuses(t, http.StatusUnprocessableEntity, "invalid")
	for _, name := range []string{"$system", "Application-1", "application-900101300123"} {
		a.reads(auditor, "/audit/streams/"+name, reason).refuses(t, http.StatusNotFound, "not-found")
	}
	if n := len(a.recorded()); n != 0 {
		t.Fatalf("%d readings were recorded", n)
	}

	a.reads(auditor, "/audit/streams/application-"+id("application", 2), reason).refuses(t, http.StatusNotFound, "not-found")
	a.read(auditor, "/audit/streams/application-"+app+"?after=0&personal=false", "UTF-8''"+"%D0%A8%D0%B0%D2%93%D1%8B%D0%BC%20%E2%84%96%2017")
	a.read(auditor, "/audit/events?types=account.,note.&after=1/1&streams=account-", "Шағым № 17 бойынша")
	head, err := eventstore.Head(t.Context(), a.log)
	done(t, err)
	want := []access.Reading{
		{What: access.OneStream, Streams: []string{"application-" + id("application", 2)}, Personal: true, Reason: reason},
		{What: access.OneStream, Streams: []string{"application-" + app}, From: "0", Reason: "Шағым № 17"},
		{
			What: access.Events, Streams: []string{"account-"}, Types: []string{"account.", "note."}, From: "1/1", To: head.String(), Personal: true,
			Reason: "Шағым № 17 бойынша",
		},
	}
	if diff := cmp.Diff(want, a.recorded()); diff != "" {
		t.Error(diff)
	}

	a.refuses = problem.New(problem.Unavailable, "store-unavailable")
	a.reads(auditor, "/audit/events", reason).refuses(t, http.StatusServiceUnavailable, "store-unavailable")
	a.reads(auditor, "/audit/streams/application-"+app, reason).refuses(t, http.StatusServiceUnavailable, "store-unavailable")
}

// reads gives an answer as it is.
func (a *archive) reads(who, path, why string) answer {
	a.t.Helper()
	response := a.request(a.t.Context(), who, path, why)
	defer response.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(response.Body)
	done(a.t, err)
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}
}

func TestAuditStream(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.happens()
	path := "/audit/streams/application-" + id("application", 1)
	for query, want := range map[string][]string{
		"":                 {drafted, withdrawn, "complete"},
		"?limit=1":         {drafted, "more"},
		"?limit=1&after=0": {withdrawn, "more"},
		"?after=1":         {"complete"},
		"?after=77":        {"complete"},
	} {
		said, lines := a.read(auditor, path+query, reason)
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
		if last := lines[len(lines)-1].After; query == "" && last != "1" {
			t.Errorf("it goes on after %s", last)
		}
	}
}

// TestALongReadingIsTheSameInOnePieceAndInPages: resuming after any line loses and repeats nothing.
func TestALongReadingIsTheSameInOnePieceAndInPages(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	for n := range 300 {
		a.write("application-"+id("application", n%7), id("account", n%7), application.ApplicantReminded{Of: "completion", At: noon.Add(time.Duration(n) * time.Second)})
	}
	ids := func(query string) (all []string) {
		_, lines := a.read(auditor, "/audit/events?"+query, reason)
		for _, line := range lines[:len(lines)-1] {
			all = append(all, line.ID.String())
		}
		return all
	}
	whole := ids("")
	if len(whole) != 300 {
		t.Fatalf("%d events", len(whole))
	}
	var pages []string
	for after := ""; ; {
		_, lines := a.read(auditor, "/audit/events?limit=37&after="+after, reason)
		for _, line := range lines[:len(lines)-1] {
			pages = append(pages, line.ID.String())
		}
		last := lines[len(lines)-1]
		if after = last.After; last.Complete {
			break
		}
	}
	if diff := cmp.Diff(whole, pages); diff != "" {
		t.Error(diff)
	}
}

// TestFollowing: what happens while somebody follows comes as it happens.
func TestFollowing(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.happens()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	response := a.request(ctx, auditor, "/audit/events?follow=true&types=application.", reason)
	defer response.Body.Close() //nolint:errcheck // it was only read
	lines := bufio.NewReader(response.Body)
	next := func() string {
		for {
			line, err := lines.ReadBytes('\n')
			done(t, err)
			var read auditlog.Read
			done(t, json.Unmarshal(line, &read))
			if read.Type != "" {
				return read.Sentence.EN
			}
		}
	}
	for _, want := range []string{drafted, withdrawn} {
		if said := next(); said != want {
			t.Errorf("%s, want %s", said, want)
		}
	}
	a.write("application-"+id("application", 5), id("account", 1), application.DraftDeleted{ServiceID: "s", At: noon})
	if said := next(); !strings.HasSuffix(said, "the draft was deleted") {
		t.Error(said)
	}
}

// TestReplaysMakeWay: while commands are given, a reading rests; it ends all the same.
func TestReplaysMakeWay(t *testing.T) {
	t.Parallel()
	busy := newPace(func() bool { return true })
	var began time.Time
	done(t, busy.do(t.Context(), func() error {
		began = time.Now()
		for time.Since(began) < 2*time.Millisecond { // work
		}
		return nil
	}))
	if took := time.Since(began); took < 2*restFor*time.Millisecond {
		t.Errorf("it rested %v", took)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := busy.do(ended, func() error { return nil }); err == nil {
		t.Error("it goes on though nobody waits")
	}
}

// TestTooManyReadings: one too many is refused, and there is room again once one has ended.
func TestTooManyReadings(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	var leave func()
	for range mostReplays {
		var err error
		leave, err = a.queries.replays.enter()
		done(t, err)
	}
	a.reads(auditor, "/audit/events", reason).refuses(t, http.StatusTooManyRequests, "too-many-streams")
	leave()
	a.reads(auditor, "/audit/events", "").refuses(t, http.StatusUnprocessableEntity, "invalid") // which leaves, too
	if said, _ := a.read(auditor, "/audit/events", reason); len(said) != 1 {
		t.Errorf("%q", said)
	}
}

// TestAuditAccesses: the next auditor sees who has read what, and why.
func TestAuditAccesses(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	reader, other, app := id("account", 90), id("account", 91), id("application", 1)
	a.writeBy(reader, "auditor", "access-"+reader, reader,
		access.Read{ReadingID: "r1", Reader: reader, What: access.AsOf, Application: app, From: "2026-11-23T07:00:00Z", Personal: true, Reason: reason, At: noon})
	a.writeBy(other, "auditor", "access-"+other, other,
		access.Read{ReadingID: "r2", Reader: other, What: access.Events, Types: []string{"account."}, To: "9/9", Reason: "Quarterly check", At: noon.Add(time.Hour)})
	ids := func(query string) []string {
		var page accessesPage
		a.get(auditor, "/audit/accesses"+query).into(t, &page)
		list := []string{}
		for _, item := range page.Items {
			list = append(list, item.ID)
		}
		return list
	}
	for query, want := range map[string][]string{
		"":                           {"r2", "r1"},
		"?order=oldest":              {"r1", "r2"},
		"?limit=1":                   {"r2"},
		"?reader=" + reader:          {"r1"},
		"?application=" + app:        {"r1"},
		"?reader=" + id("nobody", 1): {},
	} {
		if diff := cmp.Diff(want, ids(query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	var page accessesPage
	a.get(auditor, "/audit/accesses?application="+app).into(t, &page)
	want := []accessShown{{
		ID: "r1", At: noon, Reader: accessReader{ID: reader, Role: "auditor"}, What: "as-of", Application: app, Streams: []string{}, Types: []string{},
		From: "2026-11-23T07:00:00Z", Personal: true, Reason: reason,
	}}
	if diff := cmp.Diff(want, page.Items); diff != "" {
		t.Error(diff)
	}
	a.get(auditor, "/audit/accesses?reader=x").refuses(t, http.StatusUnprocessableEntity, "invalid")
	a.get(auditor, "/audit/accesses?reader="+reader+"&application="+app).refuses(t, http.StatusUnprocessableEntity, "invalid")
	a.get(staff("x", "", "admin"), "/audit/accesses").refuses(t, http.StatusNotFound, "not-found")
	a.get(id("account", 1), "/audit/accesses").refuses(t, http.StatusNotFound, "not-found")
}
