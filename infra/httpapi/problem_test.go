package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// kinds is what every kind of problem answers.
var kinds = []struct {
	name       string
	kind       problem.Kind
	status     int
	retryAfter string
}{
	{"malformed", problem.Malformed, 400, ""},
	{"unauthenticated", problem.Unauthenticated, 401, ""},
	{"forbidden", problem.Forbidden, 403, ""},
	{"not found", problem.NotFound, 404, ""},
	{"not allowed", problem.NotAllowed, 405, ""},
	{"wrong state", problem.WrongState, 409, ""},
	{"gone", problem.Gone, 410, ""},
	{"stale", problem.Stale, 412, ""},
	{"too large", problem.TooLarge, 413, ""},
	{"wrong type", problem.WrongType, 415, ""},
	{"invalid", problem.Invalid, 422, ""},
	{"too many", problem.TooMany, 429, "1"},
	{"unavailable", problem.Unavailable, 503, "1"},
	{"of no kind", 0, 500, ""},
}

func TestEveryKindOfProblemHasItsStatusAndTitle(t *testing.T) {
	if len(kinds) != len(statusOf)+1 {
		t.Errorf("%d kinds tested, %d mapped", len(kinds)-1, len(statusOf))
	}
	for _, test := range kinds {
		t.Run(test.name, func(t *testing.T) {
			titles := map[string]bool{}
			for _, l := range text.Languages {
				d := Render(l, problem.New(test.kind, "stale"))
				want := &Document{
					Type: "urn:problem:stale", Title: d.Title, Status: test.status, Code: "stale", Errors: []FieldFault{},
					Detail: Message(l, "stale", nil), retryAfter: d.retryAfter,
				}
				if diff := cmp.Diff(want, d, cmp.AllowUnexported(Document{})); diff != "" {
					t.Errorf("document (-want +got):\n%s", diff)
				}
				if got := d.GetHeaders().Get("Retry-After"); got != test.retryAfter {
					t.Errorf("Retry-After %q, want %q", got, test.retryAfter)
				}
				if strings.HasPrefix(d.Title, "status-") {
					t.Errorf("no title in %s", l)
				}
				titles[d.Title] = true
			}
			if len(titles) != len(text.Languages) {
				t.Errorf("titles %v, want one for each language", titles)
			}
		})
	}
}

func TestRetryAfterIsInWholeSecondsNeverTooEarly(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", time.Hour: "3600",
	} {
		d := Render(text.English, &problem.Problem{Kind: problem.TooMany, Code: "too-many-codes", RetryAfter: wait})
		if got := d.GetHeaders().Get("Retry-After"); got != want {
			t.Errorf("after %v: %q, want %q", wait, got, want)
		}
	}
}

func TestFaultsAreWordedInTheReadersLanguage(t *testing.T) {
	fields := []problem.Field{
		{Location: "email", Code: "required"},
		{Location: "file", Code: "too-many-files", Params: map[string]string{"max": "50"}},
	}
	want := []FieldFault{
		{Location: "email", Code: "required", Message: "Заполните это поле."},
		{Location: "file", Code: "too-many-files", Message: "В одной заявке не более 50 файлов."},
	}
	if diff := cmp.Diff(want, Faults(text.Russian, fields)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if got := Faults(text.Russian, nil); got == nil || len(got) != 0 {
		t.Errorf("no faults are %#v, want an empty list", got)
	}
}

// logged collects what is logged while the test runs.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}

func TestErrorsBecomeProblems(t *testing.T) {
	for _, test := range []struct {
		name       string
		err        error
		code       string
		status     int
		retryAfter string
		logged     bool
	}{
		{"a problem", problem.New(problem.Gone, "code-expired"), "code-expired", 410, "", false},
		{"a wrapped problem", fmt.Errorf("confirming: %w", problem.New(problem.Gone, "code-expired")), "code-expired", 410, "", false},
		{"a document", Render(text.English, problem.New(problem.WrongType, "file-expected")), "file-expected", 415, "", false},
		{"event store unavailable", fmt.Errorf("loading: %w", eventstore.ErrUnavailable), "store-unavailable", 503, "1", true},
		{"keyring unavailable", fmt.Errorf("encoding: %w", codec.ErrUnavailable), "store-unavailable", 503, "1", true},
		{"read store unavailable", fmt.Errorf("reading: %w", readstore.ErrUnavailable), "store-unavailable", 503, "1", true},
		{"a cursor of another query", readstore.ErrCursor, "bad-cursor", 400, "", false},
		{"out of time", context.DeadlineExceeded, "timed-out", 503, "1", false},
		{"the caller left", context.Canceled, "timed-out", 503, "1", false},
		{"anything else", errors.New("disk of aigerim@mail.example"), "internal", 500, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := logged(t)
			answer := httptest.NewRecorder()
			Write(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody), test.err)
			got := readDocument(t, answer)
			if got.Code != test.code || got.Status != test.status || answer.Code != test.status {
				t.Errorf("%s with %d and status %d, want %s with %d", got.Code, got.Status, answer.Code, test.code, test.status)
			}
			if got := answer.Header().Get("Retry-After"); got != test.retryAfter {
				t.Errorf("Retry-After %q, want %q", got, test.retryAfter)
			}
			if got := log.Len() > 0; got != test.logged {
				t.Errorf("logged %t, want %t: %s", got, test.logged, log)
			}
			if strings.Contains(answer.Body.String(), "aigerim") {
				t.Errorf("the answer repeats the error: %s", answer.Body)
			}
		})
	}
}

// readDocument reads the problem of an answer.
func readDocument(t *testing.T, answer *httptest.ResponseRecorder) Document {
	t.Helper()
	if got := answer.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	var d Document
	if err := json.Unmarshal(answer.Body.Bytes(), &d); err != nil {
		t.Fatalf("%v in %s", err, answer.Body)
	}
	return d
}

// upload refuses in its resolver, as an upload does before its body is read.
type upload struct{}

func (*upload) Resolve(huma.Context) []error {
	return []error{Render(text.English, problem.New(problem.WrongType, "file-expected"))}
}

// testAPI is an API with a command that fails as it is told.
func testAPI(t *testing.T, fails error) http.Handler {
	t.Helper()
	router := chi.NewRouter()
	router.Use(Protect)
	api := New(router, "test")
	huma.Register(api, huma.Operation{
		OperationID: "save", Method: http.MethodPost, Path: "/save", MaxBodyBytes: 1000,
	}, func(_ context.Context, _ *struct {
		Limit int `query:"limit" maximum:"100"`
		Body  struct {
			Name string   `json:"name" minLength:"2" maxLength:"5"`
			Kind string   `json:"kind,omitempty" enum:"individual,legal"`
			Tags []string `json:"tags,omitempty" maxItems:"2" uniqueItems:"true"`
			Card struct {
				Age int `json:"age"`
			} `json:"card,omitempty"`
			ID string `json:"id,omitempty" format:"uuid"`
		}
	},
	) (*struct{}, error) {
		return nil, fails
	})
	huma.Register(api, huma.Operation{OperationID: "upload", Method: http.MethodPost, Path: "/upload"},
		func(context.Context, *upload) (*struct{}, error) { return nil, nil })
	return router
}

func ask(t *testing.T, handler http.Handler, path, kind string, body io.Reader) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, body)
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Accept-Language", "en")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	return answer
}

func TestBadInputIsToldFieldByField(t *testing.T) {
	const jsonType = "application/json"
	for _, test := range []struct {
		name, path, kind, body string
		status                 int
		code                   string
		faults                 []string // location: code
	}{
		{"right", "/save", jsonType, `{"name":"Асан"}`, 204, "", nil},
		{"a missing field", "/save", jsonType, `{}`, 422, "invalid", []string{"name: required"}},
		{"a missing field further in", "/save", jsonType, `{"name":"Асан","card":{}}`, 422, "invalid", []string{"card.age: required"}},
		{"a field nobody knows", "/save", jsonType, `{"name":"Асан","color":"x"}`, 422, "invalid", []string{"color: unknown-field"}},
		{
			"fields nobody knows, in one order", "/save", jsonType, `{"name":"Асан","zebra":1,"color":"x","moth":{},"a":null}`, 422, "invalid",
			[]string{"a: unknown-field", "color: unknown-field", "moth: unknown-field", "zebra: unknown-field"},
		},
		{"wrong types", "/save", jsonType, `{"name":1,"tags":"x"}`, 422, "invalid", []string{"name: wrong-type", "tags: wrong-type"}},
		{"too short", "/save", jsonType, `{"name":"А"}`, 422, "invalid", []string{"name: too-short"}},
		{"too long", "/save", jsonType, `{"name":"Асанов"}`, 422, "invalid", []string{"name: too-long"}},
		{"not in a list", "/save", jsonType, `{"name":"Асан","kind":"x"}`, 422, "invalid", []string{"kind: not-in-list"}},
		{"too many", "/save", jsonType, `{"name":"Асан","tags":["a","b","c"]}`, 422, "invalid", []string{"tags: too-many"}},
		{"repeated", "/save", jsonType, `{"name":"Асан","tags":["a","a"]}`, 422, "invalid", []string{"tags: repeated"}},
		{"no UUID", "/save", jsonType, `{"name":"Асан","id":"x"}`, 422, "invalid", []string{"id: wrong-format"}},
		{"a parameter out of range", "/save?limit=101", jsonType, `{"name":"Асан"}`, 422, "invalid", []string{"query.limit: out-of-range"}},
		{"a parameter that is no number", "/save?limit=many", jsonType, `{"name":"Асан"}`, 422, "invalid", []string{"query.limit: wrong-format"}},
		{"no JSON", "/save", jsonType, `{"name":`, 400, "malformed", nil},
		{"no UTF-8", "/save", jsonType, "{\"name\":\"\xff\xfe\"}", 400, "malformed", nil},
		{"no body", "/save", jsonType, "", 400, "malformed", nil},
		{"another type", "/save", "application/xml", "<x/>", 415, "json-expected", nil},
		{"too large", "/save", jsonType, `{"name":"` + strings.Repeat("a", 2000) + `"}`, 413, "body-too-large", nil},
		{"a resolver's own problem", "/upload", jsonType, "", 415, "file-expected", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := ask(t, testAPI(t, nil), test.path, test.kind, strings.NewReader(test.body))
			if answer.Code != test.status {
				t.Fatalf("status %d, want %d: %s", answer.Code, test.status, answer.Body)
			}
			if test.status == http.StatusNoContent {
				return
			}
			got := readDocument(t, answer)
			var faults []string
			for _, f := range got.Errors {
				faults = append(faults, f.Location+": "+f.Code)
				if f.Message == f.Code {
					t.Errorf("%s has no words", f.Code)
				}
			}
			if got.Code != test.code || got.Status != test.status {
				t.Errorf("%s with %d, want %s", got.Code, got.Status, test.code)
			}
			if diff := cmp.Diff(test.faults, faults); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblemsOfUseCasesReachTheCaller(t *testing.T) {
	for _, test := range kinds {
		t.Run(test.name, func(t *testing.T) {
			answer := ask(t, testAPI(t, fmt.Errorf("saving: %w", problem.New(test.kind, "stale"))), "/save", "application/json",
				strings.NewReader(`{"name":"Асан"}`))
			if got := readDocument(t, answer); got.Code != "stale" || got.Status != test.status || answer.Code != test.status {
				t.Errorf("%s with %d and status %d, want stale with %d", got.Code, got.Status, answer.Code, test.status)
			}
			if got := answer.Header().Get("Retry-After"); got != test.retryAfter {
				t.Errorf("Retry-After %q, want %q", got, test.retryAfter)
			}
		})
	}
}

func TestAnswersHaveNoMembersThatNobodyAskedFor(t *testing.T) {
	answer := httptest.NewRecorder()
	testAPI(t, nil).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/openapi.json", http.NoBody))
	var document struct{ OpenAPI string }
	if err := json.Unmarshal(answer.Body.Bytes(), &document); err != nil || !strings.HasPrefix(document.OpenAPI, "3.1.") {
		t.Errorf("OpenAPI %q, %v", document.OpenAPI, err)
	}
	if strings.Contains(answer.Body.String(), "$schema") {
		t.Error("the document has $schema members")
	}
}
