package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/dev"
)

// demoOffice is a demo as far as signatures go.
type demoOffice struct {
	*portal
	router chi.Router
}

func openDemoOffice(t *testing.T) *demoOffice {
	t.Helper()
	o := &demoOffice{portal: openSigning(t, options{demo: true}), router: chi.NewRouter()}
	signing := &demoSigning{authority: o.demoCA, people: map[string]dev.Person{}, now: now}
	for _, person := range demoPeople() {
		signing.know(person.signer())
	}
	(&demo{signing: signing, outbox: &outbox{}}).routes(o.router)
	return o
}

// ask calls a path of the demo from an address.
func (o *demoOffice) ask(t *testing.T, from, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.RemoteAddr = from + ":1000"
	w := httptest.NewRecorder()
	o.router.ServeHTTP(w, r)
	return w
}

const thisMachine, anotherMachine = "127.0.0.1", "192.0.2.1"

func TestADemoSignsAsWhoeverIsAskedFor(t *testing.T) {
	t.Parallel()
	o := openDemoOffice(t)
	sign := func(from, body string) *httptest.ResponseRecorder {
		return o.ask(t, from, http.MethodPost, "/dev/sign", body)
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
		answer := sign(thisMachine, ask(login))
		var made struct{ CMS string }
		if err := json.Unmarshal(answer.Body.Bytes(), &made); err != nil || answer.Code != http.StatusOK {
			t.Fatalf("answered %d %s", answer.Code, answer.Body)
		}
		var err error
		if want.CMS, err = base64.StdEncoding.DecodeString(made.CMS); err != nil {
			t.Fatal(err)
		}
		want.Document, want.At = bytes.NewReader(document), now()
		if report, err := o.verifier.Verify(t.Context(), want); err != nil || login == invented && report.Certificate.Owner != "Бұлақбай Нұрай" {
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
		if answer := sign(thisMachine, body); answer.Code != status {
			t.Errorf("%.40s: answered %d %s, want %d", body, answer.Code, answer.Body, status)
		}
	}
	if answer := sign(anotherMachine, ask(invented)); answer.Code != http.StatusNotFound {
		t.Errorf("another machine was answered %d", answer.Code)
	}
}

func TestACertificateOfADemoCanBeRevoked(t *testing.T) {
	t.Parallel()
	o := openDemoOffice(t)
	login := identitytest.IIN(910_001)
	document := []byte("акт")
	accepted := func() error {
		t.Helper()
		body, err := json.Marshal(map[string]any{"login": login, "document": document})
		if err != nil {
			t.Fatal(err)
		}
		var made struct{ CMS []byte }
		if err := json.Unmarshal(o.ask(t, thisMachine, http.MethodPost, "/dev/sign", string(body)).Body.Bytes(), &made); err != nil {
			t.Fatal(err)
		}
		_, err = o.verifier.Verify(t.Context(), eds.Signature{CMS: made.CMS, Document: bytes.NewReader(document), IIN: login, At: now()})
		return err
	}
	type answer struct {
		Serial  string
		Revoked bool
	}
	revoke := func(body string) (got answer) {
		t.Helper()
		w := o.ask(t, thisMachine, http.MethodPost, "/dev/revoke", body)
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || got.Serial == "" {
			t.Fatalf("answered %d %s", w.Code, w.Body)
		}
		return got
	}
	if err := accepted(); err != nil {
		t.Fatal(err)
	}
	revoked := revoke(`{"login":"` + login + `"}`)
	if err := accepted(); !revoked.Revoked || !problem.Has(err, "cert-revoked") {
		t.Errorf("revoked %+v: signed with error %v", revoked, err)
	}
	restored := revoke(`{"login":"` + login + `","restore":true}`)
	if err := accepted(); err != nil || restored.Revoked || restored.Serial != revoked.Serial {
		t.Errorf("restored %+v: signed with error %v", restored, err)
	}
	for body, status := range map[string]int{
		`{"login":"123456789012"}`: http.StatusUnprocessableEntity,
		`{"serial":"1"}`:           http.StatusBadRequest,
		``:                         http.StatusBadRequest,
	} {
		if w := o.ask(t, thisMachine, http.MethodPost, "/dev/revoke", body); w.Code != status {
			t.Errorf("%s: answered %d %s, want %d", body, w.Code, w.Body, status)
		}
	}
}

func TestTheAuthorityOfADemoIsServedToThisMachine(t *testing.T) {
	t.Parallel()
	o := openDemoOffice(t)
	for _, tt := range []struct{ method, path, kind string }{
		{http.MethodPost, "/dev/ocsp", "application/ocsp-response"},
		{http.MethodPost, "/dev/tsp", "application/timestamp-reply"},
		{http.MethodGet, "/dev/ca.crl", "application/pkix-crl"},
		{http.MethodGet, "/dev/root.crl", "application/pkix-crl"},
		{http.MethodGet, "/dev/ca.cer", "application/pkix-cert"},
		{http.MethodGet, "/dev/root.cer", "application/pkix-cert"},
	} {
		if w := o.ask(t, thisMachine, tt.method, tt.path, ""); w.Code != http.StatusOK || w.Header().Get("Content-Type") != tt.kind {
			t.Errorf("%s %s: answered %d %s", tt.method, tt.path, w.Code, w.Header())
		}
		if w := o.ask(t, anotherMachine, tt.method, tt.path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s %s: another machine was answered %d", tt.method, tt.path, w.Code)
		}
	}
}
