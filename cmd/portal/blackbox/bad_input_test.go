package blackbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/domain/identity/identitytest"
)

// TestBadInput asks one portal for everything that it must refuse. No refusal may write an event.
func TestBadInput(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	b := newBadInput(t, s)
	before := events(t, s.data)
	for _, group := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"registrations", b.registrations},
		{"bodies", b.bodies},
		{"languages", b.languages},
		{"data of a step", b.stepData},
		{"files", b.files},
		{"what does not exist", b.missing},
		{"nobody signed in", b.anonymous},
		{"conditions", b.conditions},
		{"pages and filters", b.pages},
		{"other sites", b.otherSites},
		{"paths and methods", b.paths},
		{"bodies that do not come", b.slowBodies},
	} {
		t.Run(group.name, group.run) // one after the other: the events are counted in between
		after := events(t, s.data)
		if after != before {
			t.Errorf("refusing %s wrote %d events", group.name, after-before)
		}
		before = after
	}
}

// badInput is a portal with an applicant who has a draft.
type badInput struct {
	s       *server
	c       *client
	service passport
	draft   started
}

func newBadInput(t *testing.T, s *server) badInput {
	t.Helper()
	c := s.client(t, "en")
	c.register(individual(2001))
	b := badInput{s: s, c: c, service: c.service("legal consultation")}
	c.do(http.MethodPost, "/applications", map[string]any{"serviceId": b.service.ID}).must(http.StatusCreated, &b.draft)
	return b
}

// service finds one by its name.
func (c *client) service(name string) (p passport) {
	c.t.Helper()
	var found struct{ Items []struct{ ID string } }
	c.do(http.MethodGet, "/services?q="+url.QueryEscape(name), nil).must(http.StatusOK, &found)
	if len(found.Items) == 0 {
		c.t.Fatalf("no service is called %s", name)
	}
	c.do(http.MethodGet, "/services/"+found.Items[0].ID, nil).must(http.StatusOK, &p)
	return p
}

// step is the first step of a kind.
func (p passport) step(kind string) string {
	for _, step := range p.Steps {
		if step.Kind == kind {
			return step.ID
		}
	}
	return ""
}

// in is the same person at the same portal with fresh hands: the subtest's.
func (c *client) in(t *testing.T) *client {
	t.Helper()
	mine := *c
	mine.t = t
	return &mine
}

// with is a map with some members changed; nil removes one.
func with(m, changes map[string]any) map[string]any {
	changed := map[string]any{}
	for name, value := range m {
		changed[name] = value
	}
	for name, value := range changes {
		changed[name] = value
		if value == nil {
			delete(changed, name)
		}
	}
	return changed
}

func (b badInput) registrations(t *testing.T) {
	t.Helper()
	c, good := b.c.in(t), individual(2002)
	long := strings.Repeat("ә", 2000)
	wrong := good.login[:11] + string('0'+(good.login[11]-'0'+1)%10)
	for _, r := range []struct {
		name   string
		body   map[string]any
		faults []string
	}{
		{"a wrong check digit", with(good.registration, map[string]any{"iin": wrong}), []string{"iin wrong-check-digit"}},
		{
			"a BIN in the field of the IIN", with(good.registration, map[string]any{"iin": identitytest.BIN(2002)}),
			[]string{"iin iin-expected"},
		},
		{
			"an IIN in the field of the BIN", with(legal(2002).registration, map[string]any{"bin": identitytest.IIN(2003)}),
			[]string{"bin bin-expected"},
		},
		{"nothing but the kind, of a person", map[string]any{"kind": "individual"}, []string{
			"iin required", "lastName required", "firstName required", "email required", "phone required", "notifyBy required",
			"password required",
		}},
		{"nothing but the kind, of an organisation", map[string]any{"kind": "legal"}, []string{
			"bin required", "organization required", "lastName required", "firstName required", "email required",
			"phone required", "notifyBy required", "password required",
		}},
		{"everything too long", map[string]any{
			"kind": "legal", "bin": long, "organization": long, "lastName": long, "firstName": long, "middleName": long,
			"email": long, "phone": long, "password": long, "notifyBy": []string{"email"}, "language": "kk",
		}, []string{
			"bin not-12-digits", "organization too-long", "lastName too-long", "firstName too-long", "middleName too-long",
			"email too-long", "phone phone-invalid", "password too-long",
		}},
		{
			"control characters", with(good.registration, map[string]any{"lastName": "a\x00b", "firstName": "a\u202eb"}),
			[]string{"lastName not-text", "firstName not-text"},
		},
		{"markup in a name", with(good.registration, map[string]any{"lastName": "<script>"}), []string{"lastName name-characters"}},
		{"a list where a text belongs", with(good.registration, map[string]any{"iin": []string{good.login}}), []string{"iin wrong-type"}},
		{"an unknown channel", with(good.registration, map[string]any{"notifyBy": []string{"pigeon"}}), []string{"notifyBy unknown-value"}},
		{"the password is the login", with(good.registration, map[string]any{"password": good.login}), []string{
			"password password-needs-letter", "password password-is-login",
		}},
	} {
		t.Run(r.name, func(t *testing.T) {
			refused := c.in(t).do(http.MethodPost, "/registrations", r.body).refused(http.StatusUnprocessableEntity, "invalid")
			if diff := cmp.Diff(r.faults, refused.faults()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func (b badInput) bodies(t *testing.T) {
	t.Helper()
	c := b.c.in(t)
	const secret = `"login":"750101350018","password":"Qurmanghazy-64"`
	for _, r := range []struct {
		name, body string
		status     int
		code       string
		headers    []string
	}{
		{"1 MB", `{` + secret + `,"x":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "body-too-large", nil},
		{"1 MB that may be repeated", `{"x":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "body-too-large", []string{"Idempotency-Key", "big"}},
		{"an unknown field", `{` + secret + `,"admin":true}`, 422, "invalid", nil},
		{"broken UTF-8", "{" + secret + ",\"stay\":\"\xff\xfe\"}", 400, "malformed", nil},
		{"UTF-16", "\xff\xfe{\x00}\x00", 400, "malformed", nil},
		{"not JSON", "login=750101350018&password=Qurmanghazy-64", 400, "malformed", nil},
		{"a body that is cut off", `{` + secret, 400, "malformed", nil},
		{"two values", `{` + secret + `}{}`, 400, "malformed", nil},
		{"an empty body", "", 400, "malformed", nil},
		{"another content type", `{` + secret + `}`, 415, "json-expected", []string{"Content-Type", "text/plain"}},
		{"a form", "login=750101350018", 415, "json-expected", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"a list", `[{` + secret + `}]`, 422, "invalid", nil},
		{"null", "null", 422, "invalid", nil},
		{"a text", `"750101350018"`, 422, "invalid", nil},
		{"a number that no computer holds", `{` + secret + `,"stay":1e999999}`, 400, "malformed", nil},
		{"a member given twice", `{` + secret + `,"password":"Qurmanghazy-65"}`, 400, "duplicate-member", nil},
		{"deep nesting", strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000), 422, "invalid", nil},
		{"nesting without end", strings.Repeat("[", 60_000), 400, "malformed", nil},
		{"a key that is no key", `{` + secret + `}`, 400, "bad-idempotency-key", []string{"Idempotency-Key", strings.Repeat("k", 201)}},
	} {
		t.Run(r.name, func(t *testing.T) {
			c.in(t).do(http.MethodPost, "/sessions", r.body, r.headers...).refused(r.status, r.code)
		})
	}
}

// languages checks the words of refusals, which are in the caller's language; Kazakh if it is none of the three.
func (b badInput) languages(t *testing.T) {
	t.Helper()
	for _, r := range []struct{ language, title, detail, message string }{
		{"kk", "Деректерді тексеріңіз", "Көрсетілген өрістерді түзетіңіз.", "Бұл өрісті толтырыңыз."},
		{"ru", "Проверьте данные", "Исправьте указанные поля.", "Заполните это поле."},
		{"en", "Check what you entered", "Correct the fields named.", "Fill in this field."},
		{"de", "Деректерді тексеріңіз", "Көрсетілген өрістерді түзетіңіз.", "Бұл өрісті толтырыңыз."},
		{"", "Деректерді тексеріңіз", "Көрсетілген өрістерді түзетіңіз.", "Бұл өрісті толтырыңыз."},
		{"de;q=0.9, ru-RU;q=0.8, en;q=0.1", "Проверьте данные", "Исправьте указанные поля.", "Заполните это поле."},
		{"\"';--", "Деректерді тексеріңіз", "Көрсетілген өрістерді түзетіңіз.", "Бұл өрісті толтырыңыз."},
	} {
		t.Run("in "+r.language, func(t *testing.T) {
			c := b.s.client(t, r.language)
			refused := c.do(http.MethodPost, "/registrations", `{"kind":"individual"}`).refused(http.StatusUnprocessableEntity, "invalid")
			got := []string{refused.Title, refused.Detail, refused.Errors[0].Message}
			if diff := cmp.Diff([]string{r.title, r.detail, r.message}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for language, detail := range map[string]string{
		"kk": "Мұндай өтінім жоқ.", "ru": "Такой заявки нет.", "en": "There is no such application.",
	} {
		c := b.c.in(t)
		c.language = language
		refused := c.do(http.MethodGet, "/applications/0b1f2d0e-6f0a-5c52-9a55-4f0d3f1b8a01", nil).
			refused(http.StatusNotFound, "application-not-found")
		if refused.Detail != detail {
			t.Errorf("in %s: %q", language, refused.Detail)
		}
	}
}

func (b badInput) stepData(t *testing.T) {
	t.Helper()
	c := b.c.in(t)
	path := "/applications/" + b.draft.ID + "/steps/" + b.service.step("form")
	for _, r := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"nested deeply", `{"data":{"a":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `}}`, 422, "data-too-deep"},
		{"a NUL character", `{"data":{"a":"\u0000"}}`, 422, "control-character"},
		{"a control character as it is", "{\"data\":{\"a\":\"\x01\"}}", 400, "malformed"},
		{"a number of a gigabyte", `{"data":{"a":1e300}}`, 422, "number-out-of-range"},
		{"a number that no computer holds", `{"data":{"a":1e1000000000}}`, 422, "number-out-of-range"},
		{"a member given twice", `{"data":{"a":1,"a":2}}`, 400, "duplicate-member"},
		{"the data given twice", `{"data":{},"data":{"a":1}}`, 400, "duplicate-member"},
		{"too much", `{"data":{"a":"` + strings.Repeat("x", 300<<10) + `"}}`, 413, "data-too-large"},
		{"far too much", `{"data":{"a":"` + strings.Repeat("x", 1<<20) + `"}}`, 413, "body-too-large"},
		{"a list", `{"data":[]}`, 422, "not-an-object"},
		{"null", `{"data":null}`, 422, "not-an-object"},
		{"none", `{}`, 422, "invalid"},
		{"a list instead of an object", `[]`, 422, "invalid"},
	} {
		t.Run(r.name, func(t *testing.T) {
			c.in(t).do(http.MethodPut, path, r.body).refused(r.status, r.code)
		})
	}
}

func (b badInput) files(t *testing.T) {
	t.Helper()
	c := b.c.in(t)
	step := b.service.step("document")
	path := "/applications/" + b.draft.ID + "/files"
	for _, r := range []struct {
		name   string
		path   string
		body   any
		status int
		code   string
	}{
		{"a program that is called pdf", path + "?step=" + step, file("құжат.pdf", append([]byte("MZ\x90\x00\x03"), make([]byte, 500)...)), 415, "file-type-not-allowed"},
		{"an archive that is called docx", path + "?step=" + step, file("құжат.docx", []byte("PK\x03\x04\x14\x00\x00\x00\x00\x00")), 415, "file-type-not-allowed"},
		{"a web page that is called png", path + "?step=" + step, file("a.png", []byte("<html><script>alert(1)</script>")), 415, "file-type-not-allowed"},
		{"an empty file", path + "?step=" + step, file("a.pdf", nil), 415, "file-type-not-allowed"},
		{"one byte more than 20 MB", path + "?step=" + step, file("a.pdf", pdfOf(20<<20+1)), 413, "file-too-large"},
		{"a form without a file", path + "?step=" + step, form("photo", "a.pdf", pdfBytes), 400, "file-expected"},
		{"no form", path + "?step=" + step, `{"file":"a"}`, 415, "file-expected"},
		{"no step, before it was sent", path, pdf("a.pdf"), 409, "not-submitted"},
		{"a step that does not exist", path + "?step=nowhere", pdf("a.pdf"), 404, "unknown-step"},
		{"a step that takes no files", path + "?step=" + b.service.step("form"), pdf("a.pdf"), 422, "invalid"},
	} {
		t.Run(r.name, func(t *testing.T) {
			c.in(t).do(http.MethodPost, r.path, r.body).refused(r.status, r.code)
		})
	}
}

// pdfOf is a PDF of a size, as far as its content tells.
func pdfOf(size int) []byte {
	return append(slices.Clone(pdfBytes), make([]byte, size-len(pdfBytes))...)
}

// form is a multipart body with one file in a field.
func form(field, name string, content []byte) upload {
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	part, err := parts.CreateFormFile(field, name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err != nil || parts.Close() != nil {
		panic("a buffer takes everything")
	}
	return upload{kind: parts.FormDataContentType(), body: &body}
}

func (b badInput) missing(t *testing.T) {
	t.Helper()
	c := b.c.in(t)
	const nowhere = "0b1f2d0e-6f0a-5c52-9a55-4f0d3f1b8a01"
	c.do(http.MethodPut, "/applications/"+b.draft.ID+"/steps/nowhere", `{"data":{}}`).refused(http.StatusNotFound, "unknown-step")
	c.do(http.MethodGet, "/applications/"+b.draft.ID+"/files/"+nowhere, nil).refused(http.StatusNotFound, "file-not-found")
	for _, id := range []string{nowhere, "x", "%00", strings.Repeat("a", 5000)} {
		c.do(http.MethodGet, "/services/"+id, nil).refused(http.StatusNotFound, "service-not-found")
		c.do(http.MethodGet, "/services?category="+id, nil).refused(http.StatusNotFound, "category-not-found")
		c.do(http.MethodPost, "/challenges/"+id+"/resend", nil).refused(http.StatusNotFound, "challenge-not-found")
		c.do(http.MethodPost, "/applications", map[string]any{"serviceId": id}).refused(http.StatusNotFound, "service-not-found")
		c.do(http.MethodPost, "/sessions/confirm", map[string]any{"challengeId": id, "code": "0000"}).
			refused(http.StatusNotFound, "challenge-not-found")
	}
	c.do(http.MethodPost, "/password-resets/confirm", map[string]any{"token": "x", "password": testPassword}).
		refused(http.StatusGone, "reset-expired")
	c.do(http.MethodPost, "/password-resets", map[string]any{"login": identitytest.IIN(2999)}).must(http.StatusAccepted, nil)
}

// endpoint is one of the API's document.
type endpoint struct{ method, path, id string }

// endpoints lists what the document describes: what everybody may call, and what only those who are signed in.
func (c *client) endpoints() (public, private []endpoint) {
	c.t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string
			Security    []map[string][]string
		}
	}
	c.do(http.MethodGet, "/api/openapi.json", nil).must(http.StatusOK, &document)
	for path, methods := range document.Paths {
		for method, operation := range methods {
			e := endpoint{strings.ToUpper(method), path, operation.OperationID}
			if operation.Security == nil {
				public = append(public, e)
			} else {
				private = append(private, e)
			}
		}
	}
	byID := func(a, b endpoint) int { return strings.Compare(a.id, b.id) }
	slices.SortFunc(public, byID)
	slices.SortFunc(private, byID)
	return public, private
}

// fill puts ids into the gaps of a path: the first given for {id}, the same one for all others.
func (e endpoint) fill(id string) string {
	path := strings.Replace(e.path, "{id}", id, 1)
	return regexp.MustCompile(`\{[a-zA-Z]+\}`).ReplaceAllString(path, "0b1f2d0e-6f0a-5c52-9a55-4f0d3f1b8a01")
}

// anonymous checks that nobody gets in without a session, whatever they send.
func (b badInput) anonymous(t *testing.T) {
	t.Helper()
	c := b.s.client(t, "en")
	public, private := c.endpoints()
	var open []string
	for _, e := range public {
		open = append(open, e.id)
	}
	if diff := cmp.Diff([]string{
		"audit-log-checkpoint", "audit-log-checkpoint-of", "audit-log-consistency", "audit-log-cosign",
		"confirm-registration", "confirm-sign-in", "list-categories", "list-services", "popular-services", "read-passport",
		"register", "report-sms", "request-password-reset", "resend-code", "reset-password", "service-statistics", "sign-in",
	}, open); diff != "" {
		t.Errorf("open to everybody: %s", diff)
	}
	if len(private) < 16 {
		t.Errorf("only %d endpoints ask for a session", len(private))
	}
	for _, e := range private {
		for name, cookie := range map[string]string{"no session": "", "a forged session": "portal-session=" + strings.Repeat("A", 43)} {
			t.Run(e.id+" with "+name, func(t *testing.T) {
				c.in(t).do(e.method, e.fill(b.draft.ID), nil, "Cookie", cookie).refused(http.StatusUnauthorized, "sign-in-required")
			})
		}
	}
}

// besideReadModels are the queries that no read model answers, so that there is no position to wait for: an open page,
// what the log itself says, a person's copy of their data.
var besideReadModels = []string{
	"my-events", "my-data", "audit-log-checkpoint", "audit-log-checkpoint-of", "audit-log-consistency",
}

func (b badInput) conditions(t *testing.T) {
	t.Helper()
	c := b.c.in(t)
	path := "/applications/" + b.draft.ID
	save := path + "/steps/" + b.service.step("form")
	for _, condition := range []string{`"999"`, `W/"999"`, `"-1"`, `abc`, `"`, `"1`, `"1", "2"`, `"99999999999999999999999"`} {
		status, code := http.StatusBadRequest, "bad-if-match"
		if strings.Contains(condition, `"999"`) {
			status, code = http.StatusPreconditionFailed, "stale"
		}
		c.do(http.MethodPut, save, `{"data":{"a":"b"}}`, "If-Match", condition).refused(status, code)
		c.do(http.MethodPost, path+"/submit", nil, "If-Match", condition).refused(status, code)
		c.do(http.MethodDelete, path, nil, "If-Match", condition).refused(status, code)
		c.do(http.MethodPut, "/me/client-card", `{"locality":"Семей"}`, "If-Match", condition).refused(status, code)
	}
	for _, position := range []string{"x", "1", "1/", "-1/-1", "1/2/3", "99999999999999999999/1", "C:1/P:1 "} {
		c.do(http.MethodGet, path, nil, "Min-Position", position).refused(http.StatusBadRequest, "bad-position")
	}
	public, private := c.endpoints()
	for _, e := range append(public, private...) {
		if e.method != http.MethodGet || !operations[e.id].who.includes("applicant") && !strings.Contains(e.path, "{id}") {
			continue
		}
		if slices.Contains(besideReadModels, e.id) {
			continue
		}
		t.Run(e.id+" at a position to come", func(t *testing.T) {
			t.Parallel()
			asked := time.Now()
			a := c.in(t).do(http.MethodGet, e.fill(b.draft.ID), nil, "Min-Position", "999999999999/999999999999")
			a.refused(http.StatusServiceUnavailable, "read-model-behind")
			if a.header.Get("Retry-After") == "" {
				t.Error("it does not say when to try again")
			}
			if took := time.Since(asked); took > 5*time.Second {
				t.Errorf("it waited %s", took)
			}
		})
	}
}

func (b badInput) pages(t *testing.T) {
	t.Helper()
	c := b.c.in(t)
	for _, list := range []string{"/my/applications", "/services"} {
		for _, limit := range []string{"0", "-1", "101", "99999999999999999999", "abc", "1e2", "%00"} {
			refused := c.do(http.MethodGet, list+"?limit="+limit, nil).refused(http.StatusUnprocessableEntity, "invalid")
			if len(refused.Errors) != 1 || refused.Errors[0].Location != "query.limit" {
				t.Errorf("limit %s of %s: %+v", limit, list, refused.Errors)
			}
		}
		for _, cursor := range []string{"x", "AAAA", "%ff%00", strings.Repeat("A", 4000)} {
			c.do(http.MethodGet, list+"?after="+cursor, nil).refused(http.StatusBadRequest, "bad-cursor")
		}
	}
	var page struct{ Next string }
	c.do(http.MethodGet, "/services?limit=1", nil).must(http.StatusOK, &page)
	c.do(http.MethodGet, "/my/applications?after="+url.QueryEscape(page.Next), nil).refused(http.StatusBadRequest, "bad-cursor")
	for _, status := range []string{"lost", "DRAFT", "draft,submitted", "%00"} {
		c.do(http.MethodGet, "/my/applications?status="+status, nil).refused(http.StatusUnprocessableEntity, "invalid")
	}
	c.do(http.MethodGet, "/services?q="+strings.Repeat("a", 201), nil).refused(http.StatusUnprocessableEntity, "invalid")
	for _, search := range []string{"%ff", "%00", "*", "%25", ".*", "'%20OR%201=1", "<script>"} {
		var found struct{ Total int }
		c.do(http.MethodGet, "/services?q="+search, nil).must(http.StatusOK, &found)
		if found.Total != 0 {
			t.Errorf("search %s found %d services", search, found.Total)
		}
	}
}

func (b badInput) otherSites(t *testing.T) {
	t.Helper()
	c := b.c.in(t)
	for _, headers := range [][]string{
		{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
	} {
		c.do(http.MethodPost, "/applications", map[string]any{"serviceId": b.service.ID}, headers...).
			refused(http.StatusForbidden, "cross-origin")
		c.do(http.MethodDelete, "/applications/"+b.draft.ID, nil, headers...).refused(http.StatusForbidden, "cross-origin")
	}
	answer := c.do(http.MethodGet, "/my/applications", nil, "Origin", "https://evil.example").must(http.StatusOK, nil)
	if allowed := answer.header.Get("Access-Control-Allow-Origin"); allowed != "" {
		t.Errorf("other sites may read: %s", allowed)
	}
}

func (b badInput) paths(t *testing.T) {
	t.Helper()
	c := b.c.in(t)
	for _, path := range []string{"/nothing", "/api/v2/services", "/api", "/metrics/x", "/api/v1/../../etc/passwd", "/api/v1/%2e%2e/x"} {
		c.do(http.MethodGet, path, nil).refused(http.StatusNotFound, "not-found")
	}
	for path, allow := range map[string]string{
		"/services": "GET, HEAD", "/applications": "POST", "/applications/" + b.draft.ID: "GET, HEAD, DELETE", "/healthz": "GET, HEAD",
	} {
		for _, method := range []string{http.MethodPatch, http.MethodOptions, http.MethodTrace, "BREW"} {
			a := c.do(method, path, nil)
			a.refused(http.StatusMethodNotAllowed, "method-not-allowed")
			if a.header.Get("Allow") != allow {
				t.Errorf("%s allows %q, want %q", path, a.header.Get("Allow"), allow)
			}
		}
	}
	head, get := c.do(http.MethodHead, "/services", nil).must(http.StatusOK, nil), c.do(http.MethodGet, "/services", nil)
	if len(head.body) != 0 || head.header.Get("Content-Type") != get.header.Get("Content-Type") {
		t.Errorf("HEAD answered %q as %s", head.body, head.header.Get("Content-Type"))
	}
	if nosniff := get.header.Get("X-Content-Type-Options"); nosniff != "nosniff" {
		t.Errorf("an answer may be taken for another type: %q", nosniff)
	}
	c.do(http.MethodGet, "/services/"+strings.Repeat("a", 30<<10), nil).refused(http.StatusNotFound, "service-not-found")
	long := c.do(http.MethodGet, "/services", nil, "X-Long", strings.Repeat("a", 1<<20))
	if long.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 1 MB was answered %d", long.status)
	}
}

// slowBodies holds many connections open whose bodies do not come. Others are served meanwhile.
func (b badInput) slowBodies(t *testing.T) {
	t.Helper()
	c := b.c.in(t)
	address := strings.TrimPrefix(b.s.url, "http://")
	cookie, err := url.Parse(b.s.url)
	if err != nil {
		t.Fatal(err)
	}
	session := c.http.Jar.Cookies(cookie)[0]
	for i := range 100 {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close() //nolint:errcheck // nothing came of it
		path, kind := "/applications/"+b.draft.ID+"/steps/"+b.service.step("form"), "PUT"
		if i%2 == 0 {
			path, kind = "/applications/"+b.draft.ID+"/files?step="+b.service.step("document"), "POST"
		}
		_, err = fmt.Fprintf(connection, "%s /api/v1%s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nIdempotency-Key: slow-%d\r\n"+
			"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"data\":{", kind, path, address, session, i)
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		c.do(http.MethodGet, "/applications/"+b.draft.ID, nil).must(http.StatusOK, nil)
		c.do(http.MethodPut, "/applications/"+b.draft.ID+"/steps/nowhere", `{"data":{}}`).refused(http.StatusNotFound, "unknown-step")
	}
}

// TestCodesAreNotGuessed tries a code six times and asks for another too soon.
func TestCodesAreNotGuessed(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	c, p := s.client(t, "en"), individual(2100)
	var challenge struct{ ChallengeID string }
	c.do(http.MethodPost, "/registrations", p.registration).must(http.StatusAccepted, &challenge)
	code := c.code(p.phone)
	soon := c.do(http.MethodPost, "/challenges/"+challenge.ChallengeID+"/resend", nil)
	soon.refused(http.StatusTooManyRequests, "resend-too-soon")
	if wait := soon.header.Get("Retry-After"); len(wait) != 2 && wait != "60" {
		t.Errorf("a new code may be asked for after %q seconds", wait)
	}
	before := events(t, s.data)
	confirm := func(code string) *answer {
		return c.do(http.MethodPost, "/registrations/confirm", map[string]any{"challengeId": challenge.ChallengeID, "code": code})
	}
	for _, wrong := range []string{"", "12345", "٠١٢٣", " " + code, notThis(code)} {
		confirm(wrong).refused(http.StatusUnprocessableEntity, "wrong-code")
	}
	late := confirm(code)
	late.refused(http.StatusTooManyRequests, "too-many-attempts")
	if late.header.Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	c.do(http.MethodGet, "/me", nil).refused(http.StatusUnauthorized, "sign-in-required")
	if after := events(t, s.data); after != before {
		t.Errorf("guessing wrote %d events", after-before)
	}

	// Whoever was refused begins again.
	c.register(p)
	c.do(http.MethodPost, "/registrations", p.registration).refused(http.StatusConflict, "identity-taken")
}

// notThis is another code.
func notThis(code string) string {
	if code == "1234" {
		return "4321"
	}
	return "1234"
}

// TestFilesUpToTheLimit attaches files of exactly 20 MB until 100 MB are full.
func TestFilesUpToTheLimit(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("writes 100 MB")
	}
	s := start(t, t.TempDir())
	b := newBadInput(t, s)
	path := "/applications/" + b.draft.ID + "/files?step=" + b.service.step("document")
	content := pdfOf(20 << 20)
	for i := range 5 {
		content[len(content)-1] = byte(i)
		var attached struct{ Size int }
		b.c.do(http.MethodPost, path, file("a.pdf", content)).must(http.StatusCreated, &attached)
		if attached.Size != 20<<20 {
			t.Fatalf("attached %d bytes", attached.Size)
		}
	}
	before := events(t, s.data)
	refused := b.c.do(http.MethodPost, path, pdf("a.pdf")).refused(http.StatusRequestEntityTooLarge, "files-too-large")
	if !strings.Contains(refused.Errors[0].Message, "100 MB") {
		t.Errorf("refused with %+v", refused)
	}
	if after := events(t, s.data); after != before {
		t.Errorf("refusing a file wrote %d events", after-before)
	}
}

// TestRepeatedCommands repeats commands under their Idempotency-Key, at once, with other bodies, and after a restart.
func TestRepeatedCommands(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	b := newBadInput(t, s)
	c := b.c
	path := "/applications/" + b.draft.ID
	requests := []func() *answer{
		func() *answer {
			return c.do(http.MethodPost, "/applications", map[string]any{"serviceId": b.service.ID}, "Idempotency-Key", "start")
		},
		func() *answer {
			return c.do(http.MethodPut, path+"/steps/"+b.service.step("form"), `{"data":{"note":"a"}}`, "Idempotency-Key", "save")
		},
		func() *answer { // the boundary is another each time
			return c.do(http.MethodPost, path+"/files?step="+b.service.step("document"), pdf("a.pdf"), "Idempotency-Key", "attach")
		},
		func() *answer {
			return c.do(http.MethodPost, path+"/submit", nil, "Idempotency-Key", "submit")
		},
		func() *answer {
			return c.do(http.MethodPut, "/me/client-card", `{"locality":"Семей"}`, "Idempotency-Key", "card")
		},
	}
	var first []repeatable
	for _, request := range requests {
		first = append(first, keep(request()))
	}
	after := events(t, s.data)
	again := func() {
		t.Helper()
		for i, request := range requests {
			if diff := cmp.Diff(first[i], keep(request())); diff != "" {
				t.Errorf("repeated: %s", diff)
			}
		}
	}
	again()
	for key, request := range map[string]func(key string) *answer{
		"start": func(key string) *answer {
			return c.do(http.MethodPost, "/applications", map[string]any{"serviceId": "x"}, "Idempotency-Key", key)
		},
		"save": func(key string) *answer {
			return c.do(http.MethodPut, path+"/steps/"+b.service.step("form"), `{"data":{"note":"b"}}`, "Idempotency-Key", key)
		},
		"attach": func(key string) *answer {
			return c.do(http.MethodPost, path+"/files?step="+b.service.step("document"), pdf("b.pdf"), "Idempotency-Key", key)
		},
	} {
		request(key).refused(http.StatusUnprocessableEntity, "idempotency-key-reused")
	}
	if now := events(t, s.data); now != after {
		t.Errorf("repeating wrote %d events", now-after)
	}
	b.atOnce(t)
	s.stop()
	c.server = start(t, s.data)
	again()
}

// repeatable is all of an answer that must be the same when its command is repeated.
type repeatable struct {
	Status                         int
	Body                           string
	ETag, Position, Location, Kind string
}

func keep(a *answer) repeatable {
	return repeatable{a.status, string(a.body), a.header.Get("ETag"), a.header.Get("Position"), a.header.Get("Location"), a.header.Get("Content-Type")}
}

// atOnce gives the same command over two connections at the same time: it is carried out once, and both hear the same.
func (b badInput) atOnce(t *testing.T) {
	t.Helper()
	for i := range 10 {
		before := events(t, b.s.data)
		key := fmt.Sprintf("at-once-%d", i)
		answers := b.together(t, func(c *client, _ int) (*answer, error) {
			return c.try(http.MethodPost, "/applications", map[string]any{"serviceId": b.service.ID}, "Idempotency-Key", key)
		})
		answers[0].must(http.StatusCreated, nil)
		if diff := cmp.Diff(keep(answers[0]), keep(answers[1])); diff != "" {
			t.Errorf("two answers: %s", diff)
		}
		if written := events(t, b.s.data) - before; written != 2 { // the number and the draft
			t.Errorf("one command over two connections wrote %d events", written)
		}
	}
}

// together sends two requests at the same time, each over a connection of its own.
func (b badInput) together(t *testing.T, request func(c *client, i int) (*answer, error)) [2]*answer {
	t.Helper()
	var answers [2]*answer
	var faults [2]error
	var group sync.WaitGroup
	for i := range answers {
		one := b.c.in(t)
		one.http = &http.Client{Jar: b.c.http.Jar, Transport: &http.Transport{DisableKeepAlives: true}}
		group.Go(func() { answers[i], faults[i] = request(one, i) })
	}
	group.Wait()
	for _, err := range faults {
		if err != nil {
			t.Fatal(err)
		}
	}
	return answers
}

// TestTwoTabs saves the same step from two tabs at the same time.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	b := newBadInput(t, start(t, t.TempDir()))
	path := "/applications/" + b.draft.ID
	step := path + "/steps/" + b.service.step("form")
	save := func(condition ...string) [2]*answer {
		return b.together(t, func(c *client, i int) (*answer, error) {
			return c.try(http.MethodPut, step, map[string]any{"data": map[string]any{"tab": i, "at": time.Now()}}, condition...)
		})
	}
	b.c.do(http.MethodPut, step, `{"data":{}}`, "If-Match", "*").must(http.StatusOK, nil)
	for range 10 {
		page := b.c.do(http.MethodGet, path, nil).must(http.StatusOK, nil)
		answers := save("If-Match", page.header.Get("ETag"))
		statuses := []int{answers[0].status, answers[1].status}
		slices.Sort(statuses)
		if diff := cmp.Diff([]int{http.StatusOK, http.StatusPreconditionFailed}, statuses); diff != "" {
			t.Fatalf("two tabs that saw the same page: %s", diff)
		}
		loser := answers[0]
		if loser.status == http.StatusOK {
			loser = answers[1]
			b.c.position = answers[0].header.Get("Position")
		} else {
			b.c.position = answers[1].header.Get("Position")
		}
		loser.refused(http.StatusPreconditionFailed, "stale")
	}
	for _, a := range save() {
		a.must(http.StatusOK, nil)
	}
}

// TestMarkupIsData writes markup wherever text goes and reads it back as the same text, in JSON that no browser runs.
func TestMarkupIsData(t *testing.T) {
	t.Parallel()
	b := newBadInput(t, start(t, t.TempDir()))
	const markup = `<script>alert("ә")</script><img src=x onerror=alert(1)>` + "\u2028\u202e{{7*7}}${7*7}'--"
	path := "/applications/" + b.draft.ID
	b.c.do(http.MethodPut, path+"/steps/"+b.service.step("form"), map[string]any{"data": map[string]any{"note": markup}}).must(http.StatusOK, nil)
	b.c.do(http.MethodPost, path+"/files?step="+b.service.step("document"), file(`<img src=x onerror=alert(1)>.pdf`, pdfBytes)).
		must(http.StatusCreated, nil)
	answer := b.c.do(http.MethodGet, path, nil)
	var page struct {
		Steps []struct {
			ID   string
			Data map[string]any
		}
		Files []struct{ ID, Name string }
	}
	answer.must(http.StatusOK, &page)
	if page.Steps[0].ID != b.service.step("form") || page.Steps[0].Data["note"] != markup {
		t.Errorf("read back %+v", page.Steps[0])
	}
	if len(page.Files) != 1 || page.Files[0].Name != `<img src=x onerror=alert(1)>.pdf` {
		t.Errorf("read back %+v", page.Files)
	}
	content := b.c.do(http.MethodGet, path+"/files/"+page.Files[0].ID, nil).must(http.StatusOK, nil)
	for name, want := range map[string]string{"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff"} {
		if got := content.header.Get(name); got != want {
			t.Errorf("a file has %s %q", name, got)
		}
	}
	if disposition := content.header.Get("Content-Disposition"); !strings.HasPrefix(disposition, "attachment;") {
		t.Errorf("a file is shown as %q", disposition)
	}
	if kind, sniff := answer.header.Get("Content-Type"), answer.header.Get("X-Content-Type-Options"); kind != "application/json" || sniff != "nosniff" {
		t.Errorf("the page is %s, %s", kind, sniff)
	}
	if !json.Valid(answer.body) || bytes.Contains(answer.body, []byte("\x00")) {
		t.Error("the page is no JSON")
	}
}
