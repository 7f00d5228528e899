package commands

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"services.example/portal/domain/account"
	"services.example/portal/domain/application"
	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/service"
	"services.example/portal/infra/httpapi"
)

// browser is somebody who uses the commands over HTTP.
type browser struct {
	w      *world
	server *httptest.Server
	client *http.Client
}

// serve offers the commands over HTTP, behind what they are behind in the portal.
func (w *world) serve() *httptest.Server {
	w.t.Helper()
	cookies := httpapi.Cookies{}
	router := chi.NewRouter()
	router.Use(middleware.ClientIPFromRemoteAddr, httpapi.Protect, httpapi.WithCaller(w.sessions, cookies),
		(&httpapi.Commands{Entries: w.deps.Entries, Secret: []byte("clients"), Now: w.clock.Now}).Middleware)
	(&Routes{Commands: w.Commands, Cookies: cookies}).Register(httpapi.New(router, "test"))
	server := httptest.NewServer(router)
	w.t.Cleanup(server.Close)
	return server
}

func (w *world) browser(server *httptest.Server) *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	done(w.t, err)
	return &browser{w: w, server: server, client: &http.Client{Jar: jar, Transport: server.Client().Transport}}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// upload is a body that is not JSON.
type upload struct{ kind, body string }

func (b *browser) do(method, path string, body any, header ...string) answer {
	b.w.t.Helper()
	var content io.Reader = http.NoBody
	kind := ""
	switch body := body.(type) {
	case nil:
	case upload:
		kind, content = body.kind, strings.NewReader(body.body)
	case string:
		kind, content = "application/json", strings.NewReader(body)
	default:
		raw, err := json.Marshal(body)
		done(b.w.t, err)
		kind, content = "application/json", bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(b.w.t.Context(), method, b.server.URL+httpapi.Base+path, content)
	done(b.w.t, err)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	response, err := b.client.Do(req)
	done(b.w.t, err)
	defer response.Body.Close() //nolint:errcheck // it was only read
	raw, err := io.ReadAll(response.Body)
	done(b.w.t, err)
	return answer{status: response.StatusCode, header: response.Header, body: strings.TrimSpace(string(raw))}
}

// is expects a status and reads the body.
func (a answer) is(t *testing.T, status int, into any) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("answered %d %s, want %d", a.status, a.body, status)
	}
	if into != nil {
		done(t, json.Unmarshal([]byte(a.body), into))
	}
	return a
}

// refuses expects a problem.
func (a answer) refuses(t *testing.T, status int, code string) answer {
	t.Helper()
	var p struct{ Code string }
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" || json.Unmarshal([]byte(a.body), &p) != nil {
		t.Fatalf("answered %d %s %s, want the problem %s", a.status, kind, a.body, code)
	}
	if a.status != status || p.Code != code {
		t.Errorf("answered %d %s, want %d %s", a.status, p.Code, status, code)
	}
	return a
}

// writtenAt expects the position and revision of what was written last.
func (a answer) writtenAt(w *world, revision int64) answer {
	w.t.Helper()
	if got, want := a.header.Get("Position"), w.end().String(); got != want {
		w.t.Errorf("Position %q, want %q", got, want)
	}
	if got, want := a.header.Get("ETag"), httpapi.ETag(revision); got != want {
		w.t.Errorf("ETag %s, want %s", got, want)
	}
	return a
}

// secret leaves out what is random in events of accounts.
var secret = cmp.Options{
	cmpopts.IgnoreFields(account.RegistrationStarted{}, "PasswordHash", "RegistrationID"),
	cmpopts.IgnoreFields(account.RegistrationConfirmed{}, "RegistrationID"),
	cmpopts.IgnoreFields(account.SignedIn{}, "SessionRef"),
	cmpopts.IgnoreFields(account.SignedOut{}, "SessionRef"),
	cmpopts.IgnoreFields(account.SignInFailed{}, "AttemptID"),
	cmpopts.IgnoreFields(account.PasswordChanged{}, "PasswordHash", "SessionRef"),
	cmpopts.IgnoreFields(account.PasswordResetRequested{}, "ResetID"),
	cmpopts.IgnoreFields(account.PasswordReset{}, "PasswordHash", "ResetID"),
	cmpopts.IgnoreFields(account.ContactChangeRequested{}, "ChangeID"),
	cmpopts.IgnoreFields(account.ContactConfirmed{}, "ChangeID"),
}

// then expects these events, and no others, since a position, and returns where the log ends now.
func (b *browser) then(since string, want ...any) string {
	b.w.t.Helper()
	if diff := cmp.Diff(want, b.w.since(b.w.position(since)), secret); diff != "" {
		b.w.t.Errorf("events (-want +got):\n%s", diff)
	}
	return b.w.end().String()
}

type codeWanted struct{ ChallengeID, ExpiresAt string }

// TestAccountsOverHTTP: given what came before, when a command is given, then this is answered and these are the new events.
func TestAccountsOverHTTP(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), dana(1)
	b := w.browser(w.serve())
	now := w.clock.Now()
	at := w.end().String()

	var wanted codeWanted
	b.do("POST", "/registrations", map[string]any{
		"kind": "individual", "iin": p.IIN, "lastName": p.LastName, "firstName": p.FirstName, "email": p.Email, "phone": p.Phone,
		"password": p.Password, "notifyBy": []string{"sms"},
	}, "Accept-Language", "ru").is(t, http.StatusAccepted, &wanted)
	if want := now.Add(5 * time.Minute).Format(time.RFC3339); wanted.ExpiresAt != want {
		t.Errorf("the code holds until %s, want %s", wanted.ExpiresAt, want)
	}
	at = b.then(at, account.RegistrationStarted{
		Kind: account.Individual, Number: p.IIN, LastName: p.LastName, FirstName: p.FirstName, Email: p.Email, Phone: p.Phone,
		NotifyBy: []account.Channel{account.SMS}, Language: "ru", ExpiresAt: now.Add(time.Hour), At: now,
	})
	if words := w.outbox.last(t, p.Phone); !strings.Contains(words, "код регистрации") {
		t.Errorf("sent %q, want the language of the request", words)
	}

	code := w.outbox.code(t, p.Phone)
	b.do("POST", "/registrations/confirm", map[string]any{"challengeId": wanted.ChallengeID, "code": wrong(code, 1)[0]}).
		refuses(t, http.StatusUnprocessableEntity, "wrong-code")
	at = b.then(at)
	var me struct{ ID, Kind, Name, Login string }
	confirmed := b.do("POST", "/registrations/confirm", map[string]any{"challengeId": wanted.ChallengeID, "code": code}).is(t, http.StatusCreated, &me)
	if me.ID != w.deps.Secrets.AccountID(p.login) || me.Kind != "individual" || me.Name != "Самұрық Дана" || me.Login != p.login {
		t.Errorf("signed in as %+v", me)
	}
	if cookie := confirmed.header.Get("Set-Cookie"); !strings.Contains(cookie, "HttpOnly; SameSite=Lax") || strings.Contains(cookie, "Max-Age") {
		t.Errorf("cookie %s", cookie)
	}
	at = b.then(at, account.RegistrationConfirmed{At: now}, account.SignedIn{At: now})

	b.do("PUT", "/me/client-card", `{"region":"Алматы","phone":"`+identitytest.Phone(2)+`"}`, "If-Match", `"7"`).
		refuses(t, http.StatusPreconditionFailed, "stale")
	at = b.then(at)
	var card struct {
		Region, Phone string
		ConfirmPhone  codeWanted
		ConfirmEmail  *codeWanted
	}
	saved := b.do("PUT", "/me/client-card", `{"region":"Алматы","phone":"`+identitytest.Phone(2)+`"}`, "If-Match", `"1"`).is(t, http.StatusOK, &card)
	saved.writtenAt(w, 2)
	if card.Region != "Алматы" || card.Phone != p.Phone || card.ConfirmEmail != nil {
		t.Errorf("saved %+v", card)
	}
	at = b.then(at,
		account.ClientCardSaved{Card: account.Card{LastName: p.LastName, FirstName: p.FirstName, Region: "Алматы"}, At: now},
		account.ContactChangeRequested{Channel: account.SMS, Value: identitytest.Phone(2), ExpiresAt: now.Add(time.Hour), At: now})
	b.do("POST", "/me/contacts/confirm", map[string]any{
		"challengeId": card.ConfirmPhone.ChallengeID, "code": w.outbox.code(t, identitytest.Phone(2)),
	}).is(t, http.StatusNoContent, nil)
	at = b.then(at, account.ContactConfirmed{Channel: account.SMS, Value: identitytest.Phone(2), At: now})
	p.Phone = identitytest.Phone(2)

	b.do("PUT", "/me/password", `{"current":"wrong-Parol-1","new":"Zhana-parol-77"}`).refuses(t, http.StatusUnprocessableEntity, "invalid")
	at = b.then(at, account.SignInFailed{Reason: account.WrongPassword, At: now})
	b.do("PUT", "/me/password", map[string]string{"current": p.Password, "new": "Zhana-parol-77"}).is(t, http.StatusNoContent, nil)
	at = b.then(at, account.PasswordChanged{CredentialEpoch: 1, At: now})

	ended := b.do("DELETE", "/sessions/current", nil).is(t, http.StatusNoContent, nil)
	if cookie := ended.header.Get("Set-Cookie"); !strings.Contains(cookie, "Max-Age=0") {
		t.Errorf("cookie %s", cookie)
	}
	at = b.then(at, account.SignedOut{At: now})
	b.do("DELETE", "/sessions/current", nil).refuses(t, http.StatusUnauthorized, "sign-in-required")

	b.do("POST", "/sessions", map[string]string{"login": p.login, "password": p.Password}).refuses(t, http.StatusUnauthorized, "invalid-credentials")
	at = b.then(at, account.SignInFailed{Reason: account.WrongPassword, At: now})
	b.do("POST", "/sessions", map[string]any{"login": p.login, "password": "Zhana-parol-77", "stay": true}).is(t, http.StatusAccepted, &wanted)
	soon := b.do("POST", "/challenges/"+wanted.ChallengeID+"/resend", nil).refuses(t, http.StatusTooManyRequests, "resend-too-soon")
	if after := soon.header.Get("Retry-After"); after != "60" {
		t.Errorf("Retry-After %s, want 60", after)
	}
	w.clock.pass(time.Minute)
	now = w.clock.Now()
	b.do("POST", "/challenges/"+wanted.ChallengeID+"/resend", nil).is(t, http.StatusAccepted, &wanted)
	at = b.then(at)
	stays := b.do("POST", "/sessions/confirm", map[string]any{"challengeId": wanted.ChallengeID, "code": w.outbox.code(t, p.Phone)}).is(t, http.StatusOK, &me)
	if cookie := stays.header.Get("Set-Cookie"); !strings.Contains(cookie, "Max-Age=2592000") {
		t.Errorf("cookie %s, want one of 30 days", cookie)
	}
	at = b.then(at, account.SignedIn{Stay: true, At: now})

	b.do("POST", "/password-resets", map[string]string{"login": p.login}).is(t, http.StatusAccepted, nil)
	at = b.then(at, account.PasswordResetRequested{ExpiresAt: now.Add(time.Hour), At: now})
	token := tokenIn.FindStringSubmatch(w.outbox.last(t, p.Email))[1]
	b.do("POST", "/password-resets/confirm", map[string]string{"token": token, "password": "Qayta-parol-88"}).is(t, http.StatusNoContent, nil)
	at = b.then(at, account.PasswordReset{CredentialEpoch: 2, At: now})
	b.do("POST", "/password-resets/confirm", map[string]string{"token": token, "password": "Taghy-parol-99"}).refuses(t, http.StatusGone, "reset-expired")
	b.do("PUT", "/me/client-card", `{}`).refuses(t, http.StatusUnauthorized, "sign-in-required")
	b.then(at)
}

// form is a multipart form with one file.
func form(t *testing.T, field, name, content string) upload {
	t.Helper()
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	part, err := parts.CreateFormFile(field, name)
	done(t, err)
	_, err = io.WriteString(part, content)
	done(t, err)
	done(t, parts.Close())
	return upload{kind: parts.FormDataContentType(), body: body.String()}
}

// signedIn is the browser of somebody who is signed in.
func (w *world) signedIn(server *httptest.Server, p person) *browser {
	w.t.Helper()
	b := w.browser(server)
	ch, code := w.enter(p)
	b.do("POST", "/sessions/confirm", map[string]string{"challengeId": ch.ID, "code": code}).is(w.t, http.StatusOK, nil)
	return b
}

func TestApplicationsOverHTTP(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t).withCatalogue(), dana(1)
	who := w.enrol(p)
	server := w.serve()
	b := w.signedIn(server, p)
	now := w.clock.Now()
	at := w.end().String()

	var a struct {
		ID, Number, Status string
		Steps              []struct {
			ID, Kind string
			Complete bool
			Data     map[string]string
		}
	}
	b.do("POST", "/applications", `{"serviceId":"nothing"}`).refuses(t, http.StatusNotFound, "service-not-found")
	started := b.do("POST", "/applications", `{"serviceId":"`+adviceID+`"}`).is(t, http.StatusCreated, &a).writtenAt(w, 0)
	if a.Number != "1-23-11-26" || a.Status != "draft" || started.header.Get("Location") != "/api/v1/applications/"+a.ID {
		t.Errorf("started %+v at %s", a, started.header.Get("Location"))
	}
	if len(a.Steps) != 4 || !a.Steps[0].Complete || a.Steps[0].Data["name"] != "Самұрық" || a.Steps[1].Data == nil {
		t.Errorf("steps %+v", a.Steps)
	}
	at = b.then(at, application.NumberAssigned{ApplicationID: a.ID, At: now}, w.history("application-" + a.ID)[0])
	if first := w.history("application-" + a.ID)[0].(application.DraftStarted); first.Applicant != who {
		t.Errorf("started by %s, want %s", first.Applicant, who)
	}
	url := "/applications/" + a.ID

	var saved struct {
		ID       string
		Complete bool
		Missing  []httpapi.FieldFault
	}
	b.do("PUT", url+"/steps/company", `{"data":{}}`, "Accept-Language", "en").is(t, http.StatusOK, &saved).writtenAt(w, 1)
	want := []httpapi.FieldFault{{Location: "/steps/company/data/name", Message: "Fill in this field.", Code: "required"}}
	if diff := cmp.Diff(want, saved.Missing); diff != "" || saved.Complete || saved.ID != "company" {
		t.Errorf("saved %+v; missing (-want +got):\n%s", saved, diff)
	}
	at = b.then(at, application.StepSaved{StepID: "company", Data: json.RawMessage(`{}`), At: now})
	b.do("PUT", url+"/steps/company", `{"data":{"name":"Қиял"}}`, "If-Match", `"0"`).refuses(t, http.StatusPreconditionFailed, "stale")
	b.do("PUT", url+"/steps/company", `{"data":{"name":"Қиял"}}`, "If-Match", `0`).refuses(t, http.StatusBadRequest, "bad-if-match")
	b.do("PUT", url+"/steps/nowhere", `{"data":{}}`).refuses(t, http.StatusNotFound, "unknown-step")
	b.do("PUT", url+"/steps/company", `{"data":[]}`).refuses(t, http.StatusUnprocessableEntity, "not-an-object")
	for _, body := range []string{`{"data":{}`, `{"data":{}}}`, `{"data":{}}]`, `{"data":{}} x`, `{"data":{}}{}`, ``} {
		if got := b.do("PUT", url+"/steps/company", body); got.status != http.StatusBadRequest {
			t.Errorf("the body %q: %d %s, want 400", body, got.status, got.body)
		}
	}
	at = b.then(at)
	b.do("PUT", url+"/steps/company", `{"data":{"name":"Қиял"}}`, "If-Match", `"1"`).is(t, http.StatusOK, &saved).writtenAt(w, 2)
	at = b.then(at, application.StepSaved{StepID: "company", Data: json.RawMessage(`{"name":"Қиял"}`), Complete: true, At: now})

	var file struct {
		ID, Name, MIME, SHA256 string
		Size                   int64
	}
	attached := b.do("POST", url+"/files?step=papers", form(t, "file", "құжат.pdf", "%PDF-1.4 x")).is(t, http.StatusCreated, &file).writtenAt(w, 3)
	if attached.header.Get("Location") != "/api/v1"+url+"/files/"+file.ID {
		t.Errorf("location %s", attached.header.Get("Location"))
	}
	at = b.then(at, application.FileAttached{
		FileID: file.ID, StepID: "papers", Name: "құжат.pdf", MIME: "application/pdf", Size: 10, SHA256: file.SHA256, Complete: true, At: now,
	})
	b.do("POST", url+"/files?step=papers", form(t, "file", "a.pdf", "%PDF"+strings.Repeat("x", 997))).
		refuses(t, http.StatusRequestEntityTooLarge, "file-too-large")
	b.do("POST", url+"/files?step=papers", form(t, "file", "a.pdf", "MZ")).refuses(t, http.StatusUnsupportedMediaType, "file-type-not-allowed")
	b.do("POST", url+"/files?step=papers", form(t, "other", "a.pdf", "%PDF")).refuses(t, http.StatusBadRequest, "file-expected")
	b.do("POST", url+"/files?step=papers", `{}`).refuses(t, http.StatusUnsupportedMediaType, "file-expected")
	at = b.then(at)
	b.do("DELETE", url+"/files/"+file.ID, nil).is(t, http.StatusNoContent, nil).writtenAt(w, 4)
	at = b.then(at, application.FileRemoved{FileID: file.ID, StepID: "papers", At: now})

	var incomplete struct{ Errors []httpapi.FieldFault }
	refusal := b.do("POST", url+"/submit", nil, "Accept-Language", "ru").refuses(t, http.StatusUnprocessableEntity, "incomplete")
	refusal.is(t, http.StatusUnprocessableEntity, &incomplete)
	if len(incomplete.Errors) != 2 || incomplete.Errors[0].Location != "/steps/papers/files" || incomplete.Errors[1].Message != "Заполните это поле." {
		t.Errorf("missing %+v", incomplete.Errors)
	}
	b.do("POST", url+"/withdraw", nil).refuses(t, http.StatusConflict, "not-submitted")
	b.then(at)
	w.fill(who, a.ID)
	at = w.end().String()
	var sent struct{ Status, SubmittedAt, DueAt string }
	b.do("POST", url+"/submit", nil).is(t, http.StatusOK, &sent).writtenAt(w, 8)
	if sent.Status != "submitted" || sent.SubmittedAt != now.Format(time.RFC3339) || !strings.HasPrefix(sent.DueAt, "2026-12-14T18:59:59") {
		t.Errorf("sent %+v", sent)
	}
	at = b.then(at, application.Submitted{
		ServiceID: adviceID, ProviderID: providerID, Term: service.Term{Days: 15, Kind: service.WorkingDays}, DueAt: w.stateOf(a.ID).DueAt, At: now,
	})
	b.do("DELETE", url, nil).refuses(t, http.StatusConflict, "not-a-draft")
	b.do("POST", url+"/withdraw", nil).is(t, http.StatusOK, &sent).writtenAt(w, 9)
	b.then(at, application.Withdrawn{ServiceID: adviceID, At: now})

	b.do("POST", "/applications", `{"serviceId":"`+adviceID+`"}`).is(t, http.StatusCreated, &a)
	at = w.end().String()
	b.do("DELETE", "/applications/"+a.ID, nil).is(t, http.StatusNoContent, nil).writtenAt(w, 1)
	at = b.then(at, application.DraftDeleted{ServiceID: adviceID, At: now})

	stranger := w.browser(server)
	for _, call := range [][2]string{
		{"POST", "/applications"},
		{"PUT", url + "/steps/company"},
		{"POST", url + "/files?step=papers"},
		{"DELETE", url + "/files/" + file.ID},
		{"POST", url + "/submit"},
		{"POST", url + "/withdraw"},
		{"DELETE", url},
	} {
		stranger.do(call[0], call[1], nil).refuses(t, http.StatusUnauthorized, "sign-in-required")
	}
	b.then(at)
}

// TestARepeatedRequest: the same key with the same body has the same answer, byte for byte, also when the first answers
// were lost with the read store; with another body it is refused; another person's key is another key.
func TestARepeatedRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalogue()
	w.enrol(dana(1))
	w.enrol(dana(2))
	server := w.serve()
	b := w.signedIn(server, dana(1))
	body := `{"serviceId":"` + adviceID + `"}`
	first := b.do("POST", "/applications", body, "Idempotency-Key", "k").is(t, http.StatusCreated, nil)
	at := w.end().String()
	again := b.do("POST", "/applications", body, "Idempotency-Key", "k").is(t, http.StatusCreated, nil)
	b.do("POST", "/applications", body+" ", "Idempotency-Key", "k").refuses(t, http.StatusUnprocessableEntity, "idempotency-key-reused")
	w.clock.pass(25 * time.Hour) // first answers are kept for a day
	b = w.signedIn(server, dana(1))
	at = b.then(at, account.SignedIn{At: w.clock.Now()})
	late := b.do("POST", "/applications", body, "Idempotency-Key", "k").is(t, http.StatusCreated, nil)
	b.do("POST", "/applications", body+" ", "Idempotency-Key", "k").refuses(t, http.StatusUnprocessableEntity, "idempotency-key-reused")
	b.then(at)
	if first.body != again.body || first.body != late.body {
		t.Errorf("answered\n%s\n%s\n%s", first.body, again.body, late.body)
	}
	for _, name := range []string{"Location", "ETag", "Position"} {
		if got := again.header.Get(name); got != first.header.Get(name) {
			t.Errorf("%s %q, want %q", name, got, first.header.Get(name))
		}
	}
	other := w.signedIn(server, dana(2))
	if theirs := other.do("POST", "/applications", body, "Idempotency-Key", "k").is(t, http.StatusCreated, nil); theirs.body == first.body {
		t.Error("somebody else's key gave the same application")
	}
}
