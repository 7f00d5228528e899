package readapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	domaincatalogue "services.example/portal/domain/catalogue"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/aggregates"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/infra/readstore/pebblestore"
	"services.example/portal/projections"
	readmodels "services.example/portal/projections/all"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// noon is when everything begins: a Monday.
var noon = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

// world is the query side on real stores in memory, whose read models are built by the real engine.
type world struct {
	t       testing.TB
	log     *pebblelog.Log
	codec   *codec.Codec
	engine  *projections.Engine
	files   files
	clock   *clock
	queries *Queries
	server  *httptest.Server
	at      eventstore.Position // of the last event

	applicant string // the last of those who sent something
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	quiet := slog.New(slog.DiscardHandler)
	closes := func(end func() error) {
		tb.Cleanup(func() {
			if err := end(); err != nil {
				tb.Error(err)
			}
		})
	}
	log, err := pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Logger: quiet})
	done(tb, err)
	closes(log.Close)
	reads, err := pebblestore.Open("reads", pebblestore.Options{InMemory: true, SweepEvery: -1, Logger: quiet})
	done(tb, err)
	closes(reads.Close)
	events, err := codec.New(codectest.NewKeys(), aggregates.All()...)
	done(tb, err)
	engine, err := projections.New(projections.Config{Events: log, Reads: reads, Decoder: events, Projections: readmodels.Projections(), Logger: quiet})
	done(tb, err)
	done(tb, engine.Start(context.WithoutCancel(tb.Context()))) // until Close
	closes(engine.Close)
	w := &world{t: tb, log: log, codec: events, engine: engine, files: files{}, clock: &clock{at: noon}}
	w.queries = New(Deps{Reads: fleeting{reads}, Progress: engine, Files: w.files, Now: w.clock.Now, Status: engine})
	w.server = serve(tb, w.queries)
	return w
}

// serve offers queries over HTTP. Whoever has the cookie of an account is that account.
func serve(tb testing.TB, q *Queries) *httptest.Server {
	tb.Helper()
	router := chi.NewRouter()
	router.Use(httpapi.Protect, httpapi.WithCaller(cookieIsAccount{}, httpapi.Cookies{}))
	q.Register(httpapi.New(router, "test"))
	server := httptest.NewServer(router)
	tb.Cleanup(server.Close)
	return server
}

type cookieIsAccount struct{}

func (cookieIsAccount) Caller(_ context.Context, token string) (httpapi.Caller, error) {
	if parts := strings.Split(token, "~"); len(parts) > 1 {
		return httpapi.Caller{AccountID: parts[0], Provider: parts[1], Roles: parts[2:]}, nil
	}
	return httpapi.Caller{AccountID: token, Roles: []string{"applicant"}}, nil
}

// staff is the cookie of somebody of a provider's staff.
func staff(account, provider string, roles ...string) string {
	return strings.Join(append([]string{account, provider}, roles...), "~")
}

// files gives files by subject and hash.
type files map[string]string

func (f files) Open(_ context.Context, subject, sha256 string) (io.ReadCloser, error) {
	content, found := f[subject+"/"+sha256]
	if !found {
		return nil, problem.New(problem.Gone, "file-erased")
	}
	return io.NopCloser(strings.NewReader(content)), nil
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// write appends what happened in a stream, done by the subject.
func (w *world) write(stream, subject string, happened ...any) *world {
	w.t.Helper()
	return w.writeBy(subject, "applicant", stream, subject, happened...)
}

// writeBy appends what somebody did, in a stream that holds data of the subject.
func (w *world) writeBy(actor, role, stream, subject string, happened ...any) *world {
	w.t.Helper()
	for _, event := range happened {
		id := uuid.New()
		meta := codec.Metadata{CommandID: id, CorrelationID: id, CausationID: id, Actor: actor, Role: role, Subject: subject}
		encoded, err := w.codec.Encode(w.t.Context(), stream, id, meta, event)
		done(w.t, err)
		appended, err := w.log.Append(w.t.Context(), stream, eventstore.Any, encoded)
		done(w.t, err)
		w.at = appended.Position
	}
	return w
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// get asks as somebody (empty: nobody), for an answer that shows everything that was written.
func (w *world) get(who, path string) answer {
	w.t.Helper()
	return w.getAt(who, path, w.at.String())
}

// getAt asks for an answer that shows what was written up to a position.
func (w *world) getAt(who, path, position string) answer {
	w.t.Helper()
	return w.getIn(who, path, position, "")
}

// getIn asks in a language (empty: in none).
func (w *world) getIn(who, path, position, language string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.server.URL+httpapi.Base+path, http.NoBody)
	done(w.t, err)
	if who != "" {
		cookie := httpapi.Cookies{}.Session(who, 0)
		req.AddCookie(&cookie)
	}
	if position != "" {
		req.Header.Set("Min-Position", position)
	}
	if language != "" {
		req.Header.Set("Accept-Language", language)
	}
	response, err := w.server.Client().Do(req)
	done(w.t, err)
	defer response.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(response.Body)
	done(w.t, err)
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}
}

// into reads what was answered with 200.
func (a answer) into(tb testing.TB, into any) {
	tb.Helper()
	if a.status != http.StatusOK {
		tb.Fatalf("answered %d %s", a.status, a.body)
	}
	done(tb, json.Unmarshal([]byte(a.body), into))
}

// refuses expects a problem.
func (a answer) refuses(tb testing.TB, status int, code string) answer {
	tb.Helper()
	var p struct{ Code string }
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.status != status || p.Code != code {
		tb.Errorf("answered %d %s, want %d %s", a.status, a.body, status, code)
	}
	return a
}

func done(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// id makes the id of something from a number.
func id(kind string, n int) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "%s %d", kind, n)).String()
}

func words(s string) text.Text { return text.Text{KK: s + " (kk)", RU: s + " (ru)", EN: s + " (en)"} }

// The catalogue: two main categories, the first of which has two below it.
var tree = []domaincatalogue.Category{
	{ID: id("category", 1), Slug: "business", Name: text.Text{KK: "Бизнеске арналған қызметтер", RU: "Услуги для бизнеса", EN: "Business services"}, Children: []domaincatalogue.Category{
		{ID: id("category", 2), Slug: "legal", Name: text.Text{KK: "Заң қызметтері", RU: "Юридические услуги", EN: "Legal services"}},
		{ID: id("category", 3), Slug: "tax", Name: text.Text{KK: "Салық қызметтері", RU: "Налоговые услуги", EN: "Tax services"}},
	}},
	{ID: id("category", 4), Slug: "career", Name: text.Text{KK: "Мансап", RU: "Карьера", EN: "Career"}},
}

// contentOf is the content of a service of a category.
func contentOf(name, description text.Text, category int) service.Content {
	return service.Content{
		Passport: service.Passport{
			Name: name, Description: description, Conditions: words("conditions"), Recipients: words("recipients"),
			Result: words("result"), Kind: service.Consultation, Term: service.Term{Days: 5, Kind: service.WorkingDays},
			CategoryID: id("category", category), ProviderID: id("provider", 1), Contacts: service.Contacts{Phones: []string{"1432"}},
		},
		Steps: []service.Step{
			{ID: "company", Kind: service.FormStep, Title: words("company"), Required: true, Schema: json.RawMessage(`{"type":"object"}`)},
			{ID: "papers", Kind: service.DocumentStep, Title: words("papers"), Required: true, Schema: json.RawMessage(`{"type":"object"}`)},
		},
		Files: service.FileRules{MaxFileBytes: 1000, MaxTotalBytes: 1000, Types: []string{"application/pdf"}},
	}
}

// withCatalogue publishes three services, of which the third is withdrawn, by one provider with a holiday on 25 November.
func (w *world) withCatalogue() *world {
	w.t.Helper()
	w.write("catalogue", "", domaincatalogue.CategoriesDefined{Tree: tree, At: noon})
	w.write("calendar-"+id("calendar", 1), "", calendar.Defined{Version: 1, Holidays: []string{"2026-11-25"}, WorkingWeekends: []string{}, At: noon})
	w.write("provider-"+id("provider", 1), "", domaincatalogue.ProviderDescribed{
		Name: text.Text{KK: "Үлгі палатасы", RU: "Палата Образец", EN: "Sample Chamber"}, ShortName: words("chamber"),
		Contacts: service.Contacts{Phones: []string{"1432"}}, CalendarID: id("calendar", 1), At: noon,
	})
	for n, content := range []service.Content{
		contentOf(text.Text{KK: "Заң мәселелері бойынша кеңес", RU: "Консультация по юридическим вопросам", EN: "Legal advice"}, words("contracts and disputes"), 2),
		contentOf(text.Text{KK: "Салық бойынша кеңес", RU: "Консультация по налогам", EN: "Tax advice"}, words("reports"), 3),
		contentOf(text.Text{KK: "Түйіндеме жіберу", RU: "Отправить резюме", EN: "Send a CV"}, words("career"), 4),
	} {
		w.write("service-"+id("service", n+1), "", service.Revised{Version: 1, Content: content, At: noon}, service.Published{Version: 1, At: noon})
	}
	return w.write("service-"+id("service", 3), "", service.Withdrawn{At: noon})
}

// started is the beginning of the nth application of somebody for a service.
func started(who string, n, of int) application.DraftStarted {
	return application.DraftStarted{
		Applicant: who, ServiceID: id("service", of), ServiceVersion: 1, RunningNumber: int64(n), Number: fmt.Sprintf("%d-23-11-26", n),
		Steps: []application.StepState{{ID: "company", Kind: service.FormStep}, {ID: "papers", Kind: service.DocumentStep}}, At: noon,
	}
}

func submitted(due time.Time, of int) application.Submitted {
	return application.Submitted{ServiceID: id("service", of), Term: service.Term{Days: 5, Kind: service.WorkingDays}, DueAt: due, At: noon}
}

// stuck is a Progress whose read models never get anywhere.
type stuck struct {
	Progress
	err error
}

func (s stuck) Await(context.Context, string, eventstore.Position) error {
	return fmt.Errorf("waiting: %w", s.err)
}

// fleeting is a read store whose memory holds something else as soon as a view of it has ended.
type fleeting struct{ readstore.Store }

func (f fleeting) View(ctx context.Context, collection, id string, use func(readstore.Document) error) error {
	return f.Store.View(ctx, collection, id, func(document readstore.Document) error {
		document.Body = bytes.Clone(document.Body)
		defer func() {
			for i := range document.Body {
				document.Body[i] = '#'
			}
		}()
		return use(document)
	})
}
