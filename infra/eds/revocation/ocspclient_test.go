package revocation_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/remote"
	"services.example/portal/infra/eds/revocation"
)

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func newRemote(t *testing.T) *remote.Client {
	t.Helper()
	client := remote.New(nil)
	t.Cleanup(client.Close)
	return client
}

func newOCSPClient(t *testing.T, url string, lists revocation.Source) *revocation.OCSPClient {
	t.Helper()
	client, err := revocation.NewOCSPClient(url, newRemote(t), lists)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestTheResponderIsAskedOverHTTP(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.GOST2015)
	client := newOCSPClient(t, serve(t, a.Handler(func() time.Time { return noon }))+"/ocsp", nil)
	if got, err := client.Status(t.Context(), a.query()); err != nil || got.State != revocation.Good || len(got.Evidence) != 1 {
		t.Errorf("%s, error %v", got.State, err)
	}
	if err := a.Revoke(a.revoked(noon.Add(-time.Minute), revocation.KeyCompromise)); err != nil {
		t.Fatal(err)
	}
	if got, err := client.Status(t.Context(), a.query()); err != nil || got.State != revocation.Revoked {
		t.Errorf("%s, error %v", got.State, err)
	}
	q := a.query()
	q.Now = time.Time{}
	if _, err := client.Status(t.Context(), q); !pki.IsCode(err, pki.CodeRevocationUnavailable) {
		t.Errorf("for years ago: error %v", err)
	}
}

func TestAnAnswerThatWasNotMadeForTheQuestionIsRefused(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	for name, raw := range map[string][]byte{
		"without a nonce": a.answer(t, a.Responder),
		"of another":      a.answer(t, a.Responder, func(o *dev.OCSPAnswer) { o.Extensions = append(o.Extensions, dev.Nonce(make([]byte, 16))) }),
	} {
		client := newOCSPClient(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(raw) })), nil)
		if _, err := client.Status(t.Context(), a.query()); !pki.IsCode(err, pki.CodeRevocationUnavailable) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestAResponderInTroubleMayAnswerLater(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	for name, test := range map[string]struct {
		answer    func(http.ResponseWriter)
		temporary bool
	}{
		"down":         {func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) }, true},
		"busy":         {func(w http.ResponseWriter) { _, _ = w.Write(dev.OCSPTryLater.DER()) }, true},
		"not for us":   {func(w http.ResponseWriter) { _, _ = w.Write(dev.OCSPUnauthorized.DER()) }, false},
		"not there":    {func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) }, false},
		"not OCSP":     {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>") }, false},
		"far too much": {func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, revocation.MaxOCSP+1)) }, false},
	} {
		client := newOCSPClient(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { test.answer(w) })), nil)
		if _, err := client.Status(t.Context(), a.query()); err == nil || remote.Temporary(err) != test.temporary {
			t.Errorf("%s: error %v, temporary %t", name, err, remote.Temporary(err))
		}
	}
}

func TestAResponderMustNotBeRevokedItself(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, pki.ECDSA)
	a.Responder = a.responder(t, a.Issuing, func(c *dev.Template) { c.Without(dev.OIDNoCheck) })
	url := serve(t, a.Handler(func() time.Time { return noon })) + "/ocsp"
	for name, test := range map[string]struct {
		lists revocation.Source
		right bool
	}{
		"nobody asks":    {nil, true},
		"it was not":     {&source{status: revocation.Status{State: revocation.Good}}, true},
		"it was":         {&source{status: revocation.Status{State: revocation.Revoked, RevokedAt: noon}}, false},
		"nobody says so": {&source{err: errors.New("down")}, false},
	} {
		got, err := newOCSPClient(t, url, test.lists).Status(t.Context(), a.query())
		if (err == nil) != test.right || test.right && got.State != revocation.Good || !test.right && got.State != 0 {
			t.Errorf("%s: %s, error %v", name, got.State, err)
		}
	}
	checked := newAuthority(t, pki.ECDSA)
	never := &source{err: errors.New("asked")}
	url = serve(t, checked.Handler(func() time.Time { return noon })) + "/ocsp"
	if _, err := newOCSPClient(t, url, never).Status(t.Context(), checked.query()); err != nil || never.asked != 0 {
		t.Errorf("though its certificate says that it needs no check: error %v, asked %d times", err, never.asked)
	}
}

func TestOnlyServicesOverHTTPAreAsked(t *testing.T) {
	t.Parallel()
	if _, err := revocation.NewOCSPClient("ldap://ca.example", nil, nil); err == nil {
		t.Error("a responder")
	}
	if _, err := revocation.NewCRLClient(revocation.CRLOptions{URL: "ldap://ca.example"}); err == nil {
		t.Error("a list")
	}
	if _, err := revocation.NewCRLClient(revocation.CRLOptions{URL: "http://ca.example", DeltaURL: "ldap://ca.example"}); err == nil {
		t.Error("a delta list")
	}
}
