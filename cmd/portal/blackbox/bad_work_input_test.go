package blackbox_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBadInputOfTheWork gives every command on an application that was sent in every wrong way. No refusal may write an
// event, and every one says in the caller's language what is wrong where.
func TestBadInputOfTheWork(t *testing.T) {
	t.Parallel()
	o := openOffice(t, individual(2201), "заңды қызметтер", "--messages-per-minute=0")
	b := &badWork{office: o}
	b.byApplicant, b.byStaff = o.uploads(o.applicant, "Сұрақ.pdf"), ""
	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
	b.byStaff = o.uploads(o.executor, "Акт.pdf")
	o.by(o.executor, http.MethodPost, "/messages", map[string]any{"text": "Қай қала?"}, http.StatusCreated, nil)
	b.nothingWritten(t, map[string]func(*testing.T){
		"bodies":      b.bodies(b.commands()),
		"letters":     b.letters,
		"read marks":  b.readMarks,
		"returns":     b.returns,
		"responses":   b.responses,
		"executors":   b.executors,
		"due dates":   b.dueDates,
		"uploads":     b.uploadsRefused,
		"queries":     b.queries,
		"demo":        b.demo,
		"not decided": b.notDecided,
	})

	b.keptAsText(t)
	o.by(o.executor, http.MethodPost, "/response", map[string]any{"text": markup}, http.StatusOK, nil)
	if said := o.page(o.applicant).Decision.Text; said != markup {
		t.Errorf("the response reads %q", said)
	}
	b.nothingWritten(t, map[string]func(*testing.T){
		"documents":      b.documents,
		"questionnaires": b.questionnaires,
	})
	var act struct{ ID string }
	o.by(o.executor, http.MethodPost, "/documents", map[string]any{
		"kind": "act", "fileId": b.byStaff, "signers": []string{"provider", "applicant"}, "by": "acceptance",
	}, http.StatusCreated, &act)
	b.document = act.ID
	b.nothingWritten(t, map[string]func(*testing.T){"signatures": b.signatures})
	b.refusedSignature(t)
	o.stands("awaiting_signature")
}

// TestBadDecisions gives the decision on a support measure in every wrong way.
func TestBadDecisions(t *testing.T) {
	t.Parallel()
	o := openOffice(t, legal(2202), "шығындарды өтеу", "--messages-per-minute=0")
	b := &badWork{office: o}
	b.byApplicant = o.uploads(o.applicant, "Сұрақ.pdf")
	o.by(o.executor, http.MethodPost, "/take", nil, http.StatusOK, nil)
	b.byStaff = o.uploads(o.executor, "Шешім.pdf")
	decision := workCommand{
		o.executor, http.MethodPost, "/decision",
		map[string]any{"outcome": "approved", "text": "Иә"},
		map[string]any{"fileIds": []string{}, "reason": ""},
	}
	b.nothingWritten(t, map[string]func(*testing.T){
		"bodies":    b.bodies([]workCommand{decision}),
		"decisions": b.decisions,
	})
	o.stands("in_work")
	o.by(o.executor, http.MethodPost, "/decision", map[string]any{"outcome": "refused", "reason": "other", "text": markup}, http.StatusOK, nil)
	o.stands("completed")
	if said := o.page(o.applicant).Decision.Text; said != markup {
		t.Errorf("the refusal reads %q", said)
	}
}

// markup is text like any other.
const markup = `<script>alert("ә")</script><img src=x onerror=alert(1)> {{7*7}}${7*7}'-- &amp;`

// badWork is an application in work, to which everything is done wrong.
type badWork struct {
	*office
	byApplicant, byStaff string // files that they have uploaded
	document             string
}

// nothingWritten runs groups one after the other, and counts the events in between.
func (b *badWork) nothingWritten(t *testing.T, groups map[string]func(*testing.T)) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		before := written(t, b.server.data)
		t.Run(name, groups[name])
		if diff := cmp.Diff(before, written(t, b.server.data)); diff != "" {
			t.Errorf("refusing %s wrote something: %s", name, diff)
		}
	}
}

// wrong is a request that must be refused.
type wrong struct {
	name         string
	who          *client
	method, path string // of the application, unless the path begins with another resource
	body         string
	status       int
	code         string
	faults       []string
}

// url is where a path lies: within the application, if it names no other resource.
func (b *badWork) url(path string) string {
	for _, other := range []string{"/documents/" + b.document + "/", "/work/", "/my/", "/dev/"} {
		if strings.HasPrefix(path, other) {
			return path
		}
	}
	return b.path(path)
}

// refuses checks that requests are refused as they should be, in words, in each language.
func (b *badWork) refuses(t *testing.T, rows ...wrong) {
	t.Helper()
	for _, r := range rows {
		t.Run(fmt.Sprintf("%s %.30q %s", r.path, r.body, r.name), func(t *testing.T) {
			inWords(t, r.who, r.status, r.code, r.faults, func(c *client) *answer {
				var body any
				if r.method != http.MethodGet {
					body = r.body
				}
				return c.do(r.method, b.url(r.path), body)
			})
		})
	}
}

// inWords checks that a request is refused the same in each language, and with words that are not the same in any two.
func inWords(t *testing.T, who *client, status int, code string, faults []string, request func(*client) *answer) {
	t.Helper()
	spoken := map[string]string{} // where some words were used: in which language
	for _, language := range []string{"kk", "ru", "en"} {
		c := who.in(t)
		c.language = language
		refused := request(c).refused(status, code)
		if diff := cmp.Diff(faults, refused.faults()); diff != "" {
			t.Error(diff)
		}
		said := []string{"title " + refused.Title, "detail " + refused.Detail}
		for _, fault := range refused.Errors {
			said = append(said, fault.Code+" "+fault.Message)
		}
		for _, words := range said {
			what, message, _ := strings.Cut(words, " ")
			if before, used := spoken[words]; message == "" || message == what || used && before != language {
				t.Errorf("in %s, %s is %q", language, what, message)
			}
			spoken[words] = language
		}
	}
}

// workCommand is a command with a body that is right, and the members that may be left out.
type workCommand struct {
	who          *client
	method, path string
	body         map[string]any
	optional     map[string]any
}

// commands are those of an application in work.
func (b *badWork) commands() []workCommand {
	o, letter := b.office, map[string]any{"text": "Сәлем"}
	files := map[string]any{"fileIds": []string{}}
	return []workCommand{
		{o.applicant, http.MethodPost, "/messages", letter, files},
		{o.executor, http.MethodPost, "/messages", letter, files},
		{o.executor, http.MethodPost, "/notes", letter, nil},
		{o.operator, http.MethodPost, "/notice", letter, nil},
		{o.applicant, http.MethodPut, "/messages/read", map[string]any{"upTo": 1}, nil},
		{o.executor, http.MethodPost, "/return", map[string]any{"reason": "other", "text": "Толықтырыңыз"}, nil},
		{o.executor, http.MethodPost, "/response", letter, files},
		{o.executor, http.MethodPost, "/documents", map[string]any{"kind": "act", "fileId": b.byStaff}, map[string]any{"by": "", "signers": []string{}}},
		{o.admin, http.MethodPut, "/due", map[string]any{"dueAt": "2027-01-15T12:00:00Z", "reason": "Мереке"}, nil},
		{o.applicant, http.MethodPost, "/questionnaire", map[string]any{"answers": map[string]any{}}, nil},
	}
}

// bodies sends what no command can be made of.
func (b *badWork) bodies(commands []workCommand) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		for _, c := range commands {
			text := func(changes map[string]any) string {
				raw, err := json.Marshal(with(c.body, changes))
				if err != nil {
					t.Fatal(err)
				}
				return string(raw)
			}
			whole := text(nil)
			first := slices.Sorted(maps.Keys(c.body))[0]
			twice := strings.TrimSuffix(whole, "}") + `,"` + first + `":1}`
			row := func(name, body string, status int, code string, faults ...string) wrong {
				return wrong{name, c.who, c.method, c.path, body, status, code, faults}
			}
			rows := []wrong{
				row("empty", "", http.StatusBadRequest, "malformed"),
				row("cut off", whole[:len(whole)-1], http.StatusBadRequest, "malformed"),
				row("two values", whole+"{}", http.StatusBadRequest, "malformed"),
				row("a form", "text=a&upTo=1", http.StatusBadRequest, "malformed"),
				row("broken UTF-8", `{"`+first+"\":\"\xff\xfe\"}", http.StatusBadRequest, "malformed"),
				row("half a character", `{"`+first+`":"\ud800"}`, http.StatusBadRequest, "malformed"),
				row("a member given twice", twice, http.StatusBadRequest, "duplicate-member"),
				row("nested without end", strings.Repeat("[", 60_000), http.StatusBadRequest, "malformed"),
				row("1 MB", text(map[string]any{first: strings.Repeat("a", 1<<20)}), http.StatusRequestEntityTooLarge, "body-too-large"),
				row("unknown fields", strings.TrimSuffix(whole, "}")+`,"zebra":1,"pigeon":null}`, http.StatusUnprocessableEntity, "invalid",
					"pigeon unknown-field", "zebra unknown-field"),
			}
			for _, value := range []string{"null", "[]", `"text"`, "5", "[" + whole + "]"} {
				a := c.who.in(t).do(c.method, b.path(c.path), value)
				a.refused(http.StatusUnprocessableEntity, "invalid")
			}
			for _, name := range slices.Sorted(maps.Keys(c.body)) {
				rows = append(rows, row("without "+name, text(map[string]any{name: nil}), http.StatusUnprocessableEntity, "invalid", name+" required"))
			}
			for _, name := range slices.Sorted(maps.Keys(with(c.body, c.optional))) {
				rows = append(rows, row("a wrong type for "+name, text(map[string]any{name: true}),
					http.StatusUnprocessableEntity, "invalid", name+" wrong-type"))
			}
			b.refuses(t, rows...)
			for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/html"} {
				c.who.in(t).do(c.method, b.path(c.path), whole, "Content-Type", kind).refused(http.StatusUnsupportedMediaType, "json-expected")
			}
			c.who.in(t).do(c.method, b.path(c.path), whole, "Idempotency-Key", strings.Repeat("k", 201)).
				refused(http.StatusBadRequest, "bad-idempotency-key")
			if strings.HasPrefix(c.path, "/messages") || c.path == "/notes" || c.path == "/notice" {
				continue // nothing in the thread is lost when others write meanwhile
			}
			c.who.in(t).do(c.method, b.path(c.path), whole, "If-Match", "x").refused(http.StatusBadRequest, "bad-if-match")
			c.who.in(t).do(c.method, b.path(c.path), whole, "If-Match", `"0"`).refused(http.StatusPreconditionFailed, "stale")
		}
	}
}

// texts are what cannot be words that people write to each other.
func texts(location string, longest int) map[string]string {
	quoted := func(s string) string { return `"` + s + `"` }
	return map[string]string{
		quoted(""):                                location + " text-required",
		quoted(` \n\t\r `):                        location + " text-required",
		quoted(`\u200b\u00a0`):                    location + " text-required",
		quoted(`a\u0000b`):                        location + " bad-text",
		quoted(`a\u001bb`):                        location + " bad-text",
		quoted(`a\u0085b`):                        location + " bad-text",
		quoted(strings.Repeat("ә", longest+1)):    location + " too-long",
		quoted(strings.Repeat("😀", longest+1)):    location + " too-long",
		quoted(strings.Repeat(`\n<b>`, longest)):  location + " too-long",
		quoted(strings.Repeat(`\u0000`, longest)): location + " bad-text",
	}
}

func (b *badWork) letters(t *testing.T) {
	t.Helper()
	for _, path := range []string{"/messages", "/notice", "/notes"} {
		for text, fault := range texts("text", 4000) {
			b.refuses(t, wrong{"", b.executor, http.MethodPost, path, `{"text":` + text + `}`, 422, "invalid", []string{fault}})
		}
	}
	b.refuses(t,
		wrong{"", b.applicant, http.MethodPost, "/messages", `{"text":"а","fileIds":["` + b.byStaff + `"]}`, 422, "invalid", []string{"fileIds[0] file-not-found"}},
		wrong{"", b.executor, http.MethodPost, "/messages", `{"text":"а","fileIds":["` + b.byApplicant + `","x"]}`, 422, "invalid", []string{"fileIds[0] file-not-found", "fileIds[1] file-not-found"}},
		wrong{"", b.executor, http.MethodPost, "/messages", `{"text":"а","fileIds":["` + b.byStaff + `","` + b.byStaff + `"]}`, 422, "invalid", []string{"fileIds[1] repeated"}},
		wrong{"", b.executor, http.MethodPost, "/messages", `{"text":"а","fileIds":[` + strings.Repeat(`"x",`, 10) + `"x"]}`, 422, "invalid", []string{"fileIds too-many-items"}},
		wrong{"", b.executor, http.MethodPost, "/messages", `{"text":"а","fileIds":[1]}`, 422, "invalid", []string{"fileIds[0] wrong-type"}},
	)
}

func (b *badWork) readMarks(t *testing.T) {
	t.Helper()
	for number, fault := range map[string]string{
		"-1": "beyond-the-end", "-9223372036854775808": "beyond-the-end", "9223372036854775807": "beyond-the-end", "999": "beyond-the-end",
		"1.5": "wrong-type", `"1"`: "wrong-type", "null": "wrong-type", "[1]": "wrong-type",
	} {
		code := fault
		if fault == "wrong-type" {
			code = "invalid"
		}
		b.refuses(t, wrong{"", b.applicant, http.MethodPut, "/messages/read", `{"upTo":` + number + `}`, 422, code, []string{"upTo " + fault}})
	}
	for _, number := range []string{"9223372036854775808", "1e300", "1e999999", "-1e19"} {
		if a := b.applicant.in(t).do(http.MethodPut, b.path("/messages/read"), `{"upTo":`+number+`}`); a.status != 422 && a.status != 400 {
			t.Errorf("%s: %d %s", number, a.status, a.body)
		}
	}
}

// wrongReasons are neither one of the known nor one in words.
var wrongReasons = map[string]string{"": "required", " ": "text-required", strings.Repeat("ә", 201): "too-long", `a\u0000b`: "bad-text"}

func (b *badWork) returns(t *testing.T) {
	t.Helper()
	for text, fault := range texts("text", 4000) {
		b.refuses(t, wrong{"", b.executor, http.MethodPost, "/return", `{"reason":"other","text":` + text + `}`, 422, "invalid", []string{fault}})
	}
	for reason, code := range wrongReasons {
		b.refuses(t, wrong{"", b.executor, http.MethodPost, "/return", `{"reason":"` + reason + `","text":"а"}`, 422, "invalid", []string{"reason " + code}})
	}
}

func (b *badWork) responses(t *testing.T) {
	t.Helper()
	for text, fault := range texts("text", 4000) {
		b.refuses(t, wrong{"", b.executor, http.MethodPost, "/response", `{"text":` + text + `}`, 422, "invalid", []string{fault}})
	}
	b.refuses(t,
		wrong{"", b.executor, http.MethodPost, "/response", `{"text":"а","fileIds":["` + b.byApplicant + `"]}`, 422, "invalid", []string{"fileIds[0] file-not-found"}},
		wrong{"", b.executor, http.MethodPost, "/response", `{"text":"а","fileIds":["` + b.byStaff + `","` + b.byStaff + `"]}`, 422, "invalid", []string{"fileIds[1] repeated"}},
		wrong{"", b.executor, http.MethodPost, "/decision", `{"outcome":"approved","text":"а"}`, 409, "not-a-support-measure", nil},
	)
}

func (b *badWork) decisions(t *testing.T) {
	t.Helper()
	for text, fault := range texts("text", 4000) {
		b.refuses(t, wrong{"", b.executor, http.MethodPost, "/decision", `{"outcome":"approved","text":` + text + `}`, 422, "invalid", []string{fault}})
	}
	for body, fault := range map[string]string{
		`{"outcome":"","text":"а"}`:                                             "outcome unknown-value",
		`{"outcome":"answered","text":"а"}`:                                     "outcome unknown-value",
		`{"outcome":"Approved","text":"а"}`:                                     "outcome unknown-value",
		`{"outcome":"refused","text":"а"}`:                                      "reason required",
		`{"outcome":"refused","reason":"\u0007","text":"а"}`:                    "reason bad-text",
		`{"outcome":"approved","reason":"other","text":"а"}`:                    "reason not-expected",
		`{"outcome":"approved","text":"а","fileIds":["` + b.byApplicant + `"]}`: "fileIds[0] file-not-found",
		`{"outcome":"approved","text":"а","fileIds":["../../x"]}`:               "fileIds[0] file-not-found",
	} {
		b.refuses(t, wrong{"", b.executor, http.MethodPost, "/decision", body, 422, "invalid", []string{fault}})
	}
	for reason, code := range wrongReasons {
		b.refuses(t, wrong{"", b.executor, http.MethodPost, "/decision", `{"outcome":"refused","reason":"` + reason + `","text":"а"}`, 422, "invalid", []string{"reason " + code}})
	}
	b.refuses(t, wrong{"", b.executor, http.MethodPost, "/response", `{"text":"а"}`, 409, "not-a-consultation", nil})
}

func (b *badWork) executors(t *testing.T) {
	t.Helper()
	c := b.operator.in(t)
	var me struct{ ID string }
	b.applicant.in(t).do(http.MethodGet, "/me", nil).must(http.StatusOK, &me)
	for _, id := range []string{
		nowhere, "x", "%00", "%2e%2e%2f", "-1", strings.Repeat("a", 5000), me.ID, b.ids["operator"], b.ids["provider-admin"], b.application.ID,
	} {
		refused := c.do(http.MethodPost, b.path("/executors/"+id), nil).refused(http.StatusUnprocessableEntity, "invalid")
		if diff := cmp.Diff([]string{"executor not-an-executor-account"}, refused.faults()); diff != "" {
			t.Errorf("assigning %.40s: %s", id, diff)
		}
		c.do(http.MethodDelete, b.path("/executors/"+id), nil).must(http.StatusOK, nil) // who is not on it
	}
	inWords(t, b.operator, http.StatusUnprocessableEntity, "invalid", []string{"executor not-an-executor-account"}, func(c *client) *answer {
		return c.do(http.MethodPost, b.path("/executors/x"), nil)
	})
}

func (b *badWork) dueDates(t *testing.T) {
	t.Helper()
	for text, fault := range texts("reason", 4000) {
		b.refuses(t, wrong{
			"", b.admin, http.MethodPut, "/due", `{"dueAt":"2099-01-15T12:00:00Z","reason":` + text + `}`, 422, "invalid",
			[]string{fault, "dueAt date-too-far"},
		})
	}
	for at, code := range map[string]string{
		`"2001-01-15T12:00:00Z"`: "date-in-past", `"0001-01-01T00:00:00Z"`: "date-in-past", `"9999-12-31T23:59:59Z"`: "date-too-far",
		`"15.01.2027"`: "wrong-format", `""`: "wrong-format", `"2027-02-30T12:00:00Z"`: "wrong-format", `-1`: "wrong-type", `1e300`: "wrong-type",
	} {
		b.refuses(t, wrong{"", b.admin, http.MethodPut, "/due", `{"dueAt":` + at + `,"reason":"а"}`, 422, "invalid", []string{"dueAt " + code}})
	}
}

// uploadsRefused are files that belong to no step.
func (b *badWork) uploadsRefused(t *testing.T) {
	t.Helper()
	for _, c := range []*client{b.applicant, b.executor} {
		for _, r := range []struct {
			name   string
			make   func() any
			status int
			code   string
			faults []string
		}{
			{"a program", func() any { return file("a.pdf", append([]byte("MZ\x90\x00\x03"), make([]byte, 500)...)) }, 415, "file-type-not-allowed", []string{"file file-type-not-allowed"}},
			{"a web page", func() any { return file("a.png", []byte("<html><script>alert(1)</script>")) }, 415, "file-type-not-allowed", []string{"file file-type-not-allowed"}},
			{"nothing", func() any { return file("a.pdf", nil) }, 415, "file-type-not-allowed", []string{"file file-type-not-allowed"}},
			{"no file", func() any { return form("photo", "a.pdf", pdfBytes) }, 400, "file-expected", nil},
			{"JSON", func() any { return `{"file":"a"}` }, 415, "file-expected", nil},
			{"an empty form", func() any { return upload{"multipart/form-data; boundary=x", strings.NewReader("")} }, 400, "file-expected", nil},
			{"a form without a boundary", func() any { return upload{"multipart/form-data", strings.NewReader("x")} }, 415, "file-expected", nil},
			{"a form that is cut off", func() any { return upload{"multipart/form-data; boundary=x", strings.NewReader("--x\r\nContent-Disp")} }, 400, "file-expected", nil},
		} {
			t.Run(r.name, func(t *testing.T) {
				inWords(t, c, r.status, r.code, r.faults, func(c *client) *answer { return c.do(http.MethodPost, b.path("/files"), r.make()) })
			})
		}
	}
	b.executor.in(t).do(http.MethodPost, b.path("/files"), file("a.pdf", pdfOf(20<<20+1))).refused(http.StatusRequestEntityTooLarge, "file-too-large")
	b.applicant.in(t).do(http.MethodPost, b.path("/files?step="+b.service.step("document")), pdf("a.pdf")).refused(http.StatusConflict, "not-editable")
}

// queries are what staff and applicants ask.
func (b *badWork) queries(t *testing.T) {
	t.Helper()
	for path, who := range map[string]*client{
		"/work/applications": b.executor, b.path("/messages"): b.applicant, b.path("/notes"): b.executor,
	} {
		for _, limit := range []string{"0", "-1", "101", "99999999999999999999", "abc", "1e2", "%00"} {
			refused := who.in(t).do(http.MethodGet, path+"?limit="+limit, nil).refused(http.StatusUnprocessableEntity, "invalid")
			if len(refused.Errors) != 1 || refused.Errors[0].Location != "query.limit" {
				t.Errorf("limit %s of %s: %+v", limit, path, refused.Errors)
			}
		}
		for _, cursor := range []string{"x", "AAAA", "%ff%00", strings.Repeat("A", 4000)} {
			who.in(t).do(http.MethodGet, path+"?after="+cursor, nil).refused(http.StatusBadRequest, "bad-cursor")
		}
	}
	for _, query := range []string{
		"/work/applications?view=mine%00", "/work/applications?view=ALL", "/work/applications?q=" + strings.Repeat("a", 201),
		"/work/statistics?from=2026-13", "/work/statistics?to=-1", "/work/statistics?from=2026-1", b.path("/messages?order=up"), b.path("/notes?order=-1"),
	} {
		b.executor.in(t).do(http.MethodGet, query, nil).refused(http.StatusUnprocessableEntity, "invalid")
	}
	for _, search := range []string{"%ff", "%00", "*", "%25", ".*", "'%20OR%201=1", "<script>"} {
		var found struct{ Items []any }
		b.executor.in(t).do(http.MethodGet, "/work/applications?q="+search, nil).must(http.StatusOK, &found)
		if len(found.Items) != 0 {
			t.Errorf("search %s found %d applications", search, len(found.Items))
		}
	}
	for _, last := range []string{"x", "-1", "1/2/3", strings.Repeat("9", 500), "<b>"} {
		b.applicant.in(t).do(http.MethodGet, "/my/events", nil, "Last-Event-ID", last).refused(http.StatusBadRequest, "bad-position")
	}
	for _, id := range []string{strings.ToUpper(b.application.ID), "urn:uuid:" + b.application.ID, "{" + b.application.ID + "}", "%00", "-1", strings.Repeat("a", 5000)} {
		b.executor.in(t).do(http.MethodGet, "/applications/"+url.PathEscape(id), nil).refused(http.StatusNotFound, "application-not-found")
		b.executor.in(t).do(http.MethodPost, "/applications/"+url.PathEscape(id)+"/messages", `{"text":"а"}`).refused(http.StatusNotFound, "application-not-found")
		b.executor.in(t).do(http.MethodPost, "/applications/"+url.PathEscape(id)+"/take", nil).refused(http.StatusNotFound, "application-not-found")
		b.executor.in(t).do(http.MethodPost, "/documents/"+url.PathEscape(id)+"/acceptance", nil).refused(http.StatusNotFound, "document-not-found")
	}
}

// demo is what stands in for people's signing programs.
func (b *badWork) demo(t *testing.T) {
	t.Helper()
	for _, body := range []string{"", "{", `null{`, "[]", `{"login":1}`, `{"login":"x","document":"***"}`, `{"login":"x","document":""}{}`, `{"login":"x","by":"me"}`, `{"login":"x","document":1e300}`, "\xff"} {
		inWords(t, b.applicant, http.StatusBadRequest, "malformed", nil, func(c *client) *answer { return c.do(http.MethodPost, "/dev/sign", body) })
	}
	for _, login := range []string{"", "x", "-1", "123456789012", "<b>", strings.Repeat("9", 1<<20), `a\u0000`} {
		inWords(t, b.applicant, http.StatusUnprocessableEntity, "invalid", []string{"login iin-invalid"}, func(c *client) *answer {
			return c.do(http.MethodPost, "/dev/sign", `{"login":"`+login+`","document":"AAAA"}`)
		})
	}
	b.applicant.in(t).do(http.MethodPost, "/dev/sign", `{}`, "Origin", "https://evil.example").refused(http.StatusForbidden, "cross-origin")
}

// notDecided is what comes too early.
func (b *badWork) notDecided(t *testing.T) {
	t.Helper()
	b.refuses(t,
		wrong{"", b.executor, http.MethodPost, "/documents", `{"kind":"act","fileId":"` + b.byStaff + `"}`, 409, "not-decided", nil},
		wrong{"", b.executor, http.MethodPost, "/complete", ``, 409, "not-decided", nil},
		wrong{"", b.applicant, http.MethodPost, "/questionnaire", `{"answers":{}}`, 409, "questionnaire-not-open", nil},
	)
}

func (b *badWork) documents(t *testing.T) {
	t.Helper()
	for body, faults := range map[string][]string{
		`{"kind":"","fileId":""}`:                                                                  {"kind unknown-value", "fileId file-not-found"},
		`{"kind":"Act","fileId":"` + b.byStaff + `"}`:                                              {"kind unknown-value"},
		`{"kind":"<b>","fileId":"` + b.byStaff + `"}`:                                              {"kind unknown-value"},
		`{"kind":"act","fileId":"` + b.byApplicant + `"}`:                                          {"fileId file-not-found"},
		`{"kind":"act","fileId":"` + nowhere + `"}`:                                                {"fileId file-not-found"},
		`{"kind":"act","fileId":"` + b.byStaff + `","by":"hand"}`:                                  {"by unknown-value"},
		`{"kind":"result","fileId":"` + b.byStaff + `","signers":["applicant"],"by":"acceptance"}`: {"by acceptance-not-allowed"},
		`{"kind":"act","fileId":"` + b.byStaff + `","signers":["provider"]}`:                       {"signers applicant-must-sign"},
		`{"kind":"act","fileId":"` + b.byStaff + `","signers":["applicant","me"]}`:                 {"signers[1] unknown-value"},
		`{"kind":"act","fileId":"` + b.byStaff + `","signers":["applicant","applicant"]}`:          {"signers[1] repeated"},
	} {
		b.refuses(t, wrong{"", b.executor, http.MethodPost, "/documents", body, 422, "invalid", faults})
	}
}

func (b *badWork) questionnaires(t *testing.T) {
	t.Helper()
	var page struct {
		Questionnaire struct{ Questions []struct{ ID, Kind string } }
	}
	b.applicant.in(t).do(http.MethodGet, b.path(""), nil).must(http.StatusOK, &page)
	answers, score, words := map[string]any{}, "", ""
	for _, q := range page.Questionnaire.Questions {
		if q.Kind == "score" {
			answers[q.ID], score = 5, q.ID
		} else {
			words = q.ID
		}
	}
	if score == "" || words == "" {
		t.Fatalf("the questionnaire asks %+v", page.Questionnaire.Questions)
	}
	send := func(name string, answer any, fault string) {
		raw, err := json.Marshal(map[string]any{"answers": with(answers, map[string]any{name: answer})})
		if err != nil {
			t.Fatal(err)
		}
		b.refuses(t, wrong{"", b.applicant, http.MethodPost, "/questionnaire", string(raw), 422, "invalid", []string{"answers." + name + " " + fault}})
	}
	for _, wrongScore := range []any{0, 6, -1, 4.5, 1e300, -1e300, "5", true, []int{5}, map[string]int{"5": 5}} {
		send(score, wrongScore, "score-invalid")
	}
	send(score, nil, "required")
	for text, code := range map[any]string{
		5: "not-text", true: "not-text", "a\x00b": "bad-text", strings.Repeat("ә", 2001): "too-long",
	} {
		send(words, text, code)
	}
	send("pigeon", 5, "unknown-field")
}

// signatures that cannot be any.
func (b *badWork) signatures(t *testing.T) {
	t.Helper()
	path := "/documents/" + b.document + "/signatures"
	row := func(name, body string, status int, code string, faults ...string) wrong {
		return wrong{name, b.executor, http.MethodPost, path, body, status, code, faults}
	}
	large := base64.StdEncoding.EncodeToString(make([]byte, 64<<10+1))
	b.refuses(t,
		row("empty", ``, 400, "malformed"), row("", `{"cms":`, 400, "malformed"), row("broken UTF-8", "{\"cms\":\"\xff\"}", 400, "malformed"),
		row("", `{}`, 422, "invalid", "cms required"), row("", `{"cms":1}`, 422, "invalid", "cms wrong-type"),
		row("", `{"cms":null}`, 422, "invalid", "cms wrong-type"), row("", `{"cms":"AAAA","by":"me"}`, 422, "invalid", "by unknown-field"),
		row("", `{"cms":"AAAA","cms":"AAAA"}`, 400, "duplicate-member"),
		row("", `{"cms":""}`, 422, "malformed", "cms malformed"), row("", `{"cms":"***"}`, 422, "malformed", "cms malformed"),
		row("", `{"cms":"<b>AAAA</b>"}`, 422, "malformed", "cms malformed"), row("", `{"cms":"AAAA\u0000"}`, 422, "malformed", "cms malformed"),
		row("", `{"cms":"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}`, 422, "malformed", "cms malformed"),
		row("too large", `{"cms":"`+large+`"}`, 413, "signature-too-large"),
		row("1 MB", `{"cms":"`+strings.Repeat("A", 1<<20)+`"}`, 413, "body-too-large"),
	)
	b.applicant.in(t).do(http.MethodPost, "/documents/"+b.document+"/acceptance", nil).refused(http.StatusConflict, "not-your-turn")
	b.operator.in(t).do(http.MethodPost, "/documents/"+b.document+"/acceptance", nil).refused(http.StatusConflict, "role-not-allowed")
}

// refusedSignature: a container that is none is refused, and kept as what was tried.
func (b *badWork) refusedSignature(t *testing.T) {
	t.Helper()
	before := written(t, b.server.data)
	b.executor.in(t).do(http.MethodPost, "/documents/"+b.document+"/signatures", `{"cms":"PGI+bm90IGEgc2lnbmF0dXJlPC9iPg=="}`).
		refused(http.StatusUnprocessableEntity, "malformed")
	want := slices.Concat(before, []string{"signature-" + b.document + " signature.rejected.v1"})
	if diff := cmp.Diff(want, written(t, b.server.data)); diff != "" {
		t.Error(diff)
	}
}

// keptAsText writes markup wherever words go: they are read back as they were written.
func (b *badWork) keptAsText(t *testing.T) {
	t.Helper()
	b.by(b.applicant, http.MethodPost, "/messages", map[string]any{"text": markup + " 1"}, http.StatusCreated, nil)
	b.by(b.executor, http.MethodPost, "/messages", map[string]any{"text": markup + " 2"}, http.StatusCreated, nil)
	b.by(b.operator, http.MethodPost, "/notice", map[string]any{"text": markup + " 3"}, http.StatusCreated, nil)
	b.by(b.admin, http.MethodPost, "/notes", map[string]any{"text": markup + " 4"}, http.StatusCreated, nil)
	b.by(b.executor, http.MethodPost, "/return", map[string]any{"reason": "other", "text": markup + " 5"}, http.StatusOK, nil)
	named := b.uploads(b.executor, `"><img src=x onerror=alert(1)>.pdf`)
	for who, c := range map[string]*client{"the applicant": b.applicant, "the executor": b.executor} {
		var said []string
		for _, item := range b.thread(c) {
			if strings.HasPrefix(item.Text, markup) {
				said = append(said, item.Text)
			}
		}
		if diff := cmp.Diff([]string{markup + " 1", markup + " 2", markup + " 3"}, said); diff != "" {
			t.Errorf("%s reads %s", who, diff)
		}
	}
	var notes struct{ Items []struct{ Text string } }
	b.executor.do(http.MethodGet, b.path("/notes"), nil).must(http.StatusOK, &notes)
	if len(notes.Items) != 1 || notes.Items[0].Text != markup+" 4" {
		t.Errorf("the note reads %+v", notes.Items)
	}
	var page struct {
		Returned struct{ Text string }
		Uploads  []struct{ ID, Name string }
	}
	a := b.executor.do(http.MethodGet, b.path(""), nil).must(http.StatusOK, &page)
	if page.Returned.Text != markup+" 5" {
		t.Errorf("the return reads %q", page.Returned.Text)
	}
	if last := page.Uploads[len(page.Uploads)-1]; last.ID != named || last.Name != `"><img src=x onerror=alert(1)>.pdf` {
		t.Errorf("the file is called %+v", last)
	}
	if kind, sniff := a.header.Get("Content-Type"), a.header.Get("X-Content-Type-Options"); kind != "application/json" || sniff != "nosniff" {
		t.Errorf("the page is %s, %s", kind, sniff)
	}
	b.by(b.applicant, http.MethodPost, "/submit", nil, http.StatusOK, nil)
}
