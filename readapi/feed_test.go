package readapi

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/feed"
	"services.example/portal/infra/httpapi"
)

// newFeedWorld is a world whose events are published.
func newFeedWorld(tb testing.TB) *archive {
	tb.Helper()
	a := newArchive(tb)
	deps := a.queries.deps
	var err error
	deps.Feed, err = feed.New(a.codec, []byte(strings.Repeat("s", 32)), aggregates.All()...)
	done(tb, err)
	a.queries = New(deps)
	a.server = serve(tb, a.queries)
	return a
}

// feedPage is a page of the feed.
type feedPage struct {
	Events []feedEvent
	Next   string
	More   bool
}

type feedEvent struct {
	Position, ID, Type, Stream, Subject, Through string
	Revision                                     int64
}

// near lets applications come near their due dates.
func (a *archive) near(times int) {
	a.t.Helper()
	for range times {
		a.write("application-"+id("application", 1), id("account", 1), application.DueSoon{DueAt: noon, At: noon})
	}
}

// follow reads the feed page by page to its end.
func (a *archive) follow(query string) (events []feedEvent, pages int) {
	a.t.Helper()
	after := ""
	for {
		var page feedPage
		a.get(analyst, "/feed?"+query+"&after="+url.QueryEscape(after)).into(a.t, &page)
		pages++
		events = append(events, page.Events...)
		if after = page.Next; !page.More {
			return events, pages
		}
	}
}

func TestTheFeedIsReadPageByPage(t *testing.T) {
	a := newFeedWorld(t)
	a.near(25)
	a.write("account-"+id("account", 1), id("account", 1), account.SignedOut{SessionRef: "s", At: noon})

	events, pages := a.follow("limit=10")

	if pages != 3 || len(events) != 25 {
		t.Fatalf("%d events on %d pages", len(events), pages)
	}
	for n, e := range events {
		if e.Revision != int64(n) || e.Type != "application.due-soon.v1" || strings.Contains(e.Stream, id("application", 1)) {
			t.Errorf("event %d is %+v", n, e)
		}
	}
	var nothing feedPage
	a.get(analyst, "/feed?after="+url.QueryEscape(a.at.String())).into(t, &nothing)
	if diff := cmp.Diff(feedPage{Events: []feedEvent{}, Next: a.at.String()}, nothing); diff != "" {
		t.Errorf("after the end (-want +got):\n%s", diff)
	}
}

func TestTheFeedGivesTheTypesThatAreAskedFor(t *testing.T) {
	a := newFeedWorld(t)
	a.near(5)
	a.write("application-"+id("application", 1), id("account", 1), application.TakenIntoWork{Executor: id("account", 2), At: noon})
	a.near(5)
	events, _ := a.follow("types=application.taken-into-work,reading.")
	if len(events) != 1 || events[0].Type != "application.taken-into-work.v1" {
		t.Errorf("events %+v", events)
	}
}

func TestALongPollAnswersWhenSomethingHappens(t *testing.T) {
	a := newFeedWorld(t)
	a.near(1)
	answered := make(chan feedPage, 1)
	path := "/feed?wait=30&after=" + url.QueryEscape(a.at.String())
	go func() {
		var page feedPage
		_ = json.Unmarshal([]byte(a.getAt(analyst, path, "").body), &page)
		answered <- page
	}()
	until := time.Now().Add(10 * time.Second)
	for { // until it has been heard: an event that comes before the request is read at once, which is no less right
		a.near(1)
		select {
		case page := <-answered:
			if len(page.Events) < 1 || page.Events[0].Revision != 1 {
				t.Errorf("page %+v", page)
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(until) {
			t.Fatal("nobody answered")
		}
	}
}

// readLines asks for lines; what it returns reads the next one, and tells whether there was one.
func (a *archive) readLines(ctx context.Context, query string) func() (feedEvent, bool) {
	a.t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.server.URL+httpapi.Base+"/feed?"+query, http.NoBody)
	done(a.t, err)
	cookie := httpapi.Cookies{}.Session(analyst, 0)
	request.AddCookie(&cookie)
	request.Header.Set("Accept", "application/x-ndjson")
	response, err := a.server.Client().Do(request)
	done(a.t, err)
	a.t.Cleanup(func() { _ = response.Body.Close() })
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || got != "application/x-ndjson" {
		a.t.Fatalf("answered %d %s", response.StatusCode, got)
	}
	lines := bufio.NewScanner(response.Body)
	return func() (feedEvent, bool) {
		var e feedEvent
		if !lines.Scan() {
			return e, false
		}
		done(a.t, json.Unmarshal(lines.Bytes(), &e))
		return e, true
	}
}

func TestTheFeedAsLinesEndsWithHowFarItIs(t *testing.T) {
	a := newFeedWorld(t)
	a.near(600)
	next := a.readLines(t.Context(), "")
	for n := range 600 {
		if e, ok := next(); !ok || e.Revision != int64(n) {
			t.Fatalf("line %d is %+v", n, e)
		}
	}
	last, _ := next()
	if diff := cmp.Diff(feedEvent{Through: a.at.String()}, last); diff != "" {
		t.Errorf("last line (-want +got):\n%s", diff)
	}
	if e, ok := next(); ok {
		t.Errorf("then comes %+v", e)
	}
}

func TestTheFeedAsLinesGoesOnWithWhatHappens(t *testing.T) {
	a := newFeedWorld(t)
	a.near(2)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	next := a.readLines(ctx, "follow=true")
	for n := range 10 {
		if n >= 2 {
			a.near(1)
		}
		if e, ok := next(); !ok || e.Revision != int64(n) {
			t.Fatalf("line %d is %+v", n, e)
		}
	}
}

// TestALongPollWaitsNoLongerThanItWasAsked: who waits a second has no answer later than that for want of events.
func TestALongPollWaitsNoLongerThanItWasAsked(t *testing.T) {
	a := newFeedWorld(t)
	a.near(1)
	var took time.Duration
	for range 3 { // a machine that is busy may make one late
		began := time.Now()
		var page feedPage
		a.getAt(analyst, "/feed?wait=1&after="+url.QueryEscape(a.at.String()), "").into(t, &page)
		if took = time.Since(began); took < time.Second || len(page.Events) != 0 {
			t.Fatalf("%d events after %v", len(page.Events), took)
		}
		if took < time.Second+feedPatience/2 {
			return
		}
	}
	t.Errorf("answered after %v", took)
}

func TestWhatTheFeedRefuses(t *testing.T) {
	a := newFeedWorld(t)
	a.near(1)
	ahead := eventstore.Position{Commit: a.at.Commit + 1000, Prepare: a.at.Prepare + 1000}
	for _, test := range []struct {
		who, query string
		status     int
		code       string
	}{
		{"", "", http.StatusUnauthorized, "sign-in-required"},
		{auditor, "", http.StatusNotFound, "not-found"},
		{staff(id("account", 3), id("provider", 1), string(account.ProviderAdmin)), "", http.StatusNotFound, "not-found"},
		{analyst, "after=x", http.StatusBadRequest, "bad-position"},
		{analyst, "after=" + url.QueryEscape(ahead.String()), http.StatusGone, "feed-position-ahead"},
		{analyst, "types=note.written", http.StatusUnprocessableEntity, "invalid"},
		{analyst, "limit=0", http.StatusUnprocessableEntity, "invalid"},
		{analyst, "limit=1001", http.StatusUnprocessableEntity, "invalid"},
		{analyst, "wait=31", http.StatusUnprocessableEntity, "invalid"},
	} {
		a.getAt(test.who, "/feed?"+test.query, "").refuses(t, test.status, test.code)
	}
}

func TestOneReaderHasSoManyReadingsAtATime(t *testing.T) {
	f := newFeeds(nil)
	var leave []func()
	for range mostFeedsOfOne {
		out, err := f.enter(t.Context(), "one")
		done(t, err)
		leave = append(leave, out)
	}
	if _, err := f.enter(t.Context(), "one"); err == nil {
		t.Error("one more was admitted")
	}
	if _, err := f.enter(t.Context(), "another"); err != nil {
		t.Errorf("another reader was refused: %v", err)
	}
	leave[0]()
	if _, err := f.enter(t.Context(), "one"); err != nil {
		t.Errorf("refused, though one has left: %v", err)
	}
}

// TestOperatorsSeeHowTheFeedIsRead: how many read, how much they were given, and that some were refused; not who.
func TestOperatorsSeeHowTheFeedIsRead(t *testing.T) {
	a := newFeedWorld(t)
	reader := sdk.NewManualReader()
	a.queries.feeds = newFeeds(sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("test"))
	measured := func() map[string]int64 {
		t.Helper()
		var data metricdata.ResourceMetrics
		done(t, reader.Collect(t.Context(), &data))
		values := map[string]int64{}
		for _, scope := range data.ScopeMetrics {
			for _, m := range scope.Metrics {
				sum, ok := m.Data.(metricdata.Sum[int64])
				for _, p := range sum.DataPoints {
					values[m.Name+" "+p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Value
				}
				if !ok {
					t.Errorf("%s is a %T", m.Name, m.Data)
				}
			}
		}
		return values
	}
	a.near(25)
	a.follow("limit=10")
	next := a.readLines(t.Context(), "follow=true")
	for range 25 {
		next()
	}
	for range mostFeedsOfOne {
		_, _ = a.queries.feeds.enter(t.Context(), "somebody")
	}
	_, _ = a.queries.feeds.enter(t.Context(), "somebody")
	want := map[string]int64{
		"feed.events form=page": 25, "feed.events form=lines": 25, "feed.readings ": 1 + mostFeedsOfOne, "feed.refused ": 1,
	}
	if diff := cmp.Diff(want, measured()); diff != "" {
		t.Errorf("measured (-want +got):\n%s", diff)
	}
}

func TestSchemasAreOffered(t *testing.T) {
	a := newFeedWorld(t)
	var all []feedEventType
	a.get(analyst, "/feed/schemas").into(t, &all)
	known := slices.ContainsFunc(all, func(s feedEventType) bool { return s.Type == "application.submitted.v2" && s.Published })
	hidden := slices.ContainsFunc(all, func(s feedEventType) bool { return s.Type == "note.written.v1" && !s.Published })
	if !known || !hidden {
		t.Errorf("submitted %v, note %v", known, hidden)
	}
	one := a.get(analyst, "/feed/schemas/application.submitted.v2")
	var schema map[string]any
	one.into(t, &schema)
	if got := one.header.Get("Content-Type"); got != "application/schema+json" || schema["$id"] != "urn:portal:feed:application.submitted.v2" {
		t.Errorf("%s %v", got, schema["$id"])
	}
	a.get(analyst, "/feed/schemas/application.submitted.v1").refuses(t, http.StatusNotFound, "not-found")
	a.get(auditor, "/feed/schemas").refuses(t, http.StatusNotFound, "not-found")
}

func BenchmarkFeed(b *testing.B) {
	a := newFeedWorld(b)
	a.near(2000)
	after := ""
	for b.Loop() {
		var page feedPage
		a.getAt(analyst, "/feed?limit=1000&after="+url.QueryEscape(after), "").into(b, &page)
		if len(page.Events) != 1000 {
			b.Fatal(len(page.Events))
		}
	}
}
