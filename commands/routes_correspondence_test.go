package commands

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/httpapi"
)

// TestCorrespondenceOverHTTP: when something is written, then this is answered and these are the new events.
func TestCorrespondenceOverHTTP(t *testing.T) {
	t.Parallel()
	l := newLetters(t, Limits{MessagesPerMinute: 30})
	server := l.serve()
	applicant := l.signedIn(server, dana(1))
	executor := l.staffBrowser(server, aibek, providerID, "executor")
	both := l.staffBrowser(server, saule, providerID, "provider-admin", "operator")
	foreign := l.staffBrowser(server, uuid.NewString(), uuid.NewString(), "executor", "operator", "provider-admin")
	auditor := l.staffBrowser(server, uuid.NewString(), "", "auditor")
	nobody := l.browser(server)
	now, at := l.clock.Now(), l.end().String()
	url := "/applications/" + l.id

	var asked, answered, told, noted struct{ ID string }
	wrote := applicant.do("POST", url+"/messages", map[string]any{"text": "<i>Қашан?</i> "}, "If-Match", `"99"`).is(t, http.StatusCreated, &asked)
	if got, want := wrote.header.Get("Position"), l.end().String(); got != want || wrote.header.Get("ETag") != "" {
		t.Errorf("Position %q, want %q; ETag %q, want none", got, want, wrote.header.Get("ETag"))
	}
	at = applicant.then(at, correspondence.MessagePosted{
		MessageID: asked.ID, Applicant: l.dana, Author: l.dana, Side: correspondence.Applicant, Text: "<i>Қашан?</i>", At: now,
	})
	executor.do("POST", url+"/messages", `{"text":"Ертең.","fileIds":[]}`).is(t, http.StatusCreated, &answered)
	at = executor.then(at, correspondence.MessagePosted{
		MessageID: answered.ID, Applicant: l.dana, Author: aibek, Side: correspondence.Staff, Text: "Ертең.", At: now,
	})
	first := both.do("POST", url+"/notice", `{"text":"Дайын."}`, "Idempotency-Key", "k").is(t, http.StatusCreated, &told)
	again := both.do("POST", url+"/notice", `{"text":"Дайын."}`, "Idempotency-Key", "k").is(t, http.StatusCreated, nil)
	both.do("POST", url+"/notice", `{"text":"Дайын!"}`, "Idempotency-Key", "k").refuses(t, http.StatusUnprocessableEntity, "idempotency-key-reused")
	if first.body != again.body || first.header.Get("Position") != again.header.Get("Position") {
		t.Errorf("answered %s, then %s", first.body, again.body)
	}
	at = both.then(at, correspondence.MessagePosted{
		MessageID: told.ID, Applicant: l.dana, Author: saule, Side: correspondence.Staff, Notice: true, Text: "Дайын.", At: now,
	})
	executor.do("POST", url+"/notes", `{"text":"Тексеру керек."}`).is(t, http.StatusCreated, &noted)
	at = executor.then(at, correspondence.NoteWritten{NoteID: noted.ID, Author: aibek, Text: "Тексеру керек.", At: now})
	read := applicant.do("PUT", url+"/messages/read", `{"upTo":3}`).is(t, http.StatusNoContent, nil)
	if got, want := read.header.Get("Position"), l.end().String(); got != want {
		t.Errorf("Position %q, want %q", got, want)
	}
	at = applicant.then(at, correspondence.ThreadRead{Reader: l.dana, Side: correspondence.Applicant, Messages: 2, Application: 7, At: now})
	both.do("PUT", url+"/messages/read", `{"upTo":0}`).is(t, http.StatusNoContent, nil)
	applicant.do("PUT", url+"/messages/read", `{"upTo":2}`).is(t, http.StatusNoContent, nil)
	applicant.then(at)

	wantRoles := []string{"applicant", "executor", "operator"}
	for i, meta := range l.recorded("correspondence-" + l.id) {
		if meta.Role != wantRoles[i] {
			t.Errorf("message %d was written as %s, want %s", i, meta.Role, wantRoles[i])
		}
	}

	calls := [][3]string{
		{"POST", "/messages", `{"text":"x"}`},
		{"PUT", "/messages/read", `{"upTo":1}`},
		{"POST", "/notice", `{"text":"x"}`},
		{"POST", "/notes", `{"text":"x"}`},
	}
	for _, call := range calls {
		nobody.do(call[0], url+call[1], call[2]).refuses(t, http.StatusUnauthorized, "sign-in-required")
		foreign.do(call[0], url+call[1], call[2]).refuses(t, http.StatusNotFound, "application-not-found")
		auditor.do(call[0], url+call[1], call[2]).refuses(t, http.StatusNotFound, "application-not-found")
		executor.do(call[0], "/applications/"+uuid.NewString()+call[1], call[2]).refuses(t, http.StatusNotFound, "application-not-found")
		executor.do(call[0], "/applications/x"+call[1], call[2]).refuses(t, http.StatusNotFound, "application-not-found")
	}
	for _, call := range calls[2:] {
		applicant.do(call[0], url+call[1], call[2]).refuses(t, http.StatusNotFound, "application-not-found")
		applicant.do(call[0], url+call[1], `{"text":""}`).refuses(t, http.StatusNotFound, "application-not-found")
	}
	draft := "/applications/" + l.start(l.dana).ID
	at = l.end().String()
	applicant.do("POST", draft+"/messages", `{"text":"x"}`).refuses(t, http.StatusConflict, "not-submitted")
	executor.do("POST", draft+"/messages", `{"text":"x"}`).refuses(t, http.StatusNotFound, "application-not-found")
	applicant.then(at)
}

// TestBadLettersOverHTTP: what cannot be a message is refused with what is wrong where, and leaves no trace.
func TestBadLettersOverHTTP(t *testing.T) {
	t.Parallel()
	l := newLetters(t)
	server := l.serve()
	executor := l.staffBrowser(server, aibek, providerID, "executor")
	at := l.end().String()
	url := "/applications/" + l.id
	for _, bad := range []struct {
		method, path, body string
		status             int
		code, faults       string
	}{
		{"POST", "/messages", `{"text":""}`, 422, "invalid", "text: text-required"},
		{"POST", "/notice", `{"text":" \n\u200b"}`, 422, "invalid", "text: text-required"},
		{"POST", "/notes", `{"text":"a\u0000"}`, 422, "invalid", "text: bad-text"},
		{"POST", "/notes", `{"text":"` + strings.Repeat("ә", 4001) + `"}`, 422, "invalid", "text: too-long"},
		{"POST", "/messages", `{"text":"` + strings.Repeat(`\ud83d\ude00`, 4001) + `"}`, 422, "invalid", "text: too-long"},
		{"POST", "/messages", `{"text":"x","fileIds":["y","` + strings.Repeat("z", 3000) + `"]}`, 422, "invalid", "fileIds[0]: file-not-found, fileIds[1]: file-not-found"},
		{"POST", "/messages", `{"text":"x","fileIds":["1","2","3","4","5","6","7","8","9","10","11"]}`, 422, "invalid", "fileIds: too-many-items"},
		{"POST", "/messages", `{"text":"x","fileIds":[1]}`, 422, "invalid", "fileIds[0]: wrong-type"},
		{"POST", "/messages", `{"text":"x","fileIds":"1"}`, 422, "invalid", "fileIds: wrong-type"},
		{"POST", "/messages", `{"text":1}`, 422, "invalid", "text: wrong-type"},
		{"POST", "/messages", `{"text":null}`, 422, "invalid", "text: wrong-type"},
		{"POST", "/messages", `{}`, 422, "invalid", "text: required"},
		{"POST", "/messages", `{"text":"x","html":true}`, 422, "invalid", "html: unknown-field"},
		{"POST", "/messages", `{"text":"x","text":"y"}`, 400, "duplicate-member", ""},
		{"POST", "/messages", "{\"text\":\"\xff\"}", 400, "malformed", ""},
		{"POST", "/messages", `{"text":`, 400, "malformed", ""},
		{"POST", "/notice", ``, 400, "malformed", ""},
		{"POST", "/notes", `{"text":"` + strings.Repeat("a", maxBody) + `"}`, 413, "body-too-large", ""},
		{"PUT", "/messages/read", `{"upTo":-1}`, 422, "beyond-the-end", "upTo: beyond-the-end"},
		{"PUT", "/messages/read", `{"upTo":11}`, 422, "beyond-the-end", "upTo: beyond-the-end"},
		{"PUT", "/messages/read", `{"upTo":9223372036854775807}`, 422, "beyond-the-end", "upTo: beyond-the-end"},
		{"PUT", "/messages/read", `{"upTo":1e300}`, 422, "invalid", ": wrong-format"},
		{"PUT", "/messages/read", `{"upTo":1.5}`, 422, "invalid", "upTo: wrong-type"},
		{"PUT", "/messages/read", `{"upTo":"3"}`, 422, "invalid", "upTo: wrong-type"},
		{"PUT", "/messages/read", `{"upTo":null}`, 422, "invalid", "upTo: wrong-type"},
		{"PUT", "/messages/read", `{}`, 422, "invalid", "upTo: required"},
	} {
		var refusal struct{ Errors []httpapi.FieldFault }
		got := executor.do(bad.method, url+bad.path, bad.body).refuses(t, bad.status, bad.code)
		got.is(t, bad.status, &refusal)
		var faults []string
		for _, f := range refusal.Errors {
			faults = append(faults, f.Location+": "+f.Code)
			if f.Message == "" || f.Message == f.Code {
				t.Errorf("%s has no words", f.Code)
			}
		}
		if is := strings.Join(faults, ", "); is != bad.faults {
			t.Errorf("%s %.60s: %s, want %s", bad.path, bad.body, is, bad.faults)
		}
	}
	executor.then(at)
}

// TestAFloodOverHTTP: whoever is refused is told when to come back, and the same request is good then.
func TestAFloodOverHTTP(t *testing.T) {
	t.Parallel()
	l := newLetters(t, Limits{MessagesPerMinute: 2})
	server := l.serve()
	executor := l.staffBrowser(server, aibek, providerID, "executor")
	url := "/applications/" + l.id + "/messages"
	for range 2 {
		executor.do("POST", url, `{"text":"x"}`).is(t, http.StatusCreated, nil)
	}
	for range 2 {
		refused := executor.do("POST", url, `{"text":"y"}`, "Idempotency-Key", "k").refuses(t, http.StatusTooManyRequests, "too-many-messages")
		if after := refused.header.Get("Retry-After"); after != "60" {
			t.Errorf("Retry-After %q, want 60", after)
		}
	}
	l.clock.pass(correspondence.FloodWindow)
	executor.do("POST", url, `{"text":"y"}`, "Idempotency-Key", "k").is(t, http.StatusCreated, nil)
}
