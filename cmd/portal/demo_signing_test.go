package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/dev"
)

func TestADemoSignsAsWhoeverIsAskedFor(t *testing.T) {
	t.Parallel()
	authority, err := dev.Open(filepath.Join(t.TempDir(), demoCAFile), now())
	if err != nil {
		t.Fatal(err)
	}
	signing := &demoSigning{authority: authority, people: map[string]dev.Person{}, now: now}
	for _, person := range demoPeople() {
		signing.know(person.signer())
	}
	router := chi.NewRouter()
	(&demo{signing: signing, outbox: &outbox{}}).routes(router)
	sign := func(from, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/dev/sign", strings.NewReader(body))
		r.RemoteAddr = from + ":1000"
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		return w
	}
	document := []byte("акт")
	ask := func(login string) string {
		body, err := json.Marshal(map[string]any{"login": login, "document": document})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	invented, legal, registered, registeredLegal := identitytest.IIN(910_001), identitytest.BIN(910_002), identitytest.IIN(5), identitytest.BIN(6)
	for login, want := range map[string]eds.Signature{
		invented: {IIN: invented}, legal: {BIN: legal}, registered: {IIN: registered}, registeredLegal: {BIN: registeredLegal},
	} {
		answer := sign("127.0.0.1", ask(login))
		var made struct{ CMS string }
		if err := json.Unmarshal(answer.Body.Bytes(), &made); err != nil || answer.Code != http.StatusOK {
			t.Fatalf("answered %d %s", answer.Code, answer.Body)
		}
		if want.CMS, err = base64.StdEncoding.DecodeString(made.CMS); err != nil {
			t.Fatal(err)
		}
		want.Document, want.At = bytes.NewReader(document), now()
		if report, err := authority.Verify(t.Context(), want); err != nil || login == invented && report.Certificate.Owner != "Бұлақбай Нұрай" {
			t.Errorf("signed as %+v, error %v", report.Certificate, err)
		}
	}
	for body, status := range map[string]int{
		ask("123456789012"):              http.StatusUnprocessableEntity,
		`{"login":""}`:                   http.StatusUnprocessableEntity,
		`{"document":"ә"}`:               http.StatusBadRequest,
		`{`:                              http.StatusBadRequest,
		ask(strings.Repeat("x", 31<<20)): http.StatusBadRequest,
	} {
		if answer := sign("127.0.0.1", body); answer.Code != status {
			t.Errorf("%.40s: answered %d %s, want %d", body, answer.Code, answer.Body, status)
		}
	}
	if answer := sign("192.0.2.1", ask(invented)); answer.Code != http.StatusNotFound {
		t.Errorf("another machine was answered %d", answer.Code)
	}
}
