package dev

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
	"services.example/portal/infra/eds/tsp"
)

// privateCA is an authority of a test that revokes.
func privateCA(t *testing.T, kind pki.Kind) *CA {
	t.Helper()
	ca, err := NewCA(kind, noon)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func ownerOfCA(t *testing.T, ca *CA, person Person) *Holder {
	t.Helper()
	owner, err := ca.Owner(person, noon)
	if err != nil {
		t.Fatal(err)
	}
	return owner
}

func (ca *CA) query(of *Holder) revocation.Query {
	return revocation.Query{
		Certificate: of.Certificate, Issuer: ca.Issuing.Certificate, At: noon, Now: noon,
		Legacy: ca.Issuing.Key.Kind() == pki.GOST2004,
	}
}

func TestTheResponderKnowsWhatIsRevoked(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]pki.Kind{"GOST-2015": pki.GOST2015, "GOST-2004": pki.GOST2004, "ECDSA": pki.ECDSA} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := privateCA(t, kind)
			good, bad := ownerOfCA(t, ca, nurai), ownerOfCA(t, ca, Person{Name: "Y", IIN: iin, BIN: bin})
			if err := ca.Revoke(Revocation{Serial: bad.Certificate.Serial, At: noon.Add(-time.Hour), Reason: ReasonKeyCompromise}); err != nil {
				t.Fatal(err)
			}
			status := func(of *Holder) revocation.Status {
				t.Helper()
				request, err := revocation.NewOCSPRequest(of.Certificate, ca.Issuing.Certificate, []byte("12345678"))
				if err != nil {
					t.Fatal(err)
				}
				der, err := ca.AnswerOCSP(request, noon)
				if err != nil {
					t.Fatal(err)
				}
				response, err := revocation.ParseOCSP(der)
				if err != nil {
					t.Fatal(err)
				}
				got, err := response.Status(ca.query(of))
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			if got := status(good); got.State != revocation.Good || !got.ThisUpdate.Equal(noon) {
				t.Errorf("the good one is %v since %s", got.State, got.ThisUpdate)
			}
			if got := status(bad); got.State != revocation.Revoked || !got.RevokedAt.Equal(noon.Add(-time.Hour)) || got.Reason != ReasonKeyCompromise {
				t.Errorf("the revoked one is %v since %s for %v", got.State, got.RevokedAt, got.Reason)
			}
			if err := ca.Restore(bad.Certificate.Serial); err != nil {
				t.Fatal(err)
			}
			if got := status(bad); got.State != revocation.Good {
				t.Errorf("the restored one is %v", got.State)
			}
		})
	}
}

func TestAnAnswerCanSayAnything(t *testing.T) {
	t.Parallel()
	ca := caOf(t, pki.ECDSA)
	owner := ownerOfCA(t, ca, nurai)
	id := CertID(pki.SHA256, ca.Issuing.Certificate, owner.Certificate.Serial)
	never := NeverIssued(owner.Certificate.Serial)
	unspecified := Revocation{At: noon.Add(-time.Minute), Reason: -1}
	for name, tt := range map[string]struct {
		by    *Holder
		entry OCSPEntry
		with  []pkix.Extension
		want  revocation.State
	}{
		"good, by the authority itself": {ca.Issuing, OCSPEntry{ThisUpdate: noon, NextUpdate: noon.Add(time.Hour)}, nil, revocation.Good},
		"unknown":                       {ca.Responder, OCSPEntry{ThisUpdate: noon, Unknown: true}, nil, revocation.Unknown},
		"revoked without a reason":      {ca.Responder, OCSPEntry{ThisUpdate: noon, Revoked: &unspecified}, nil, revocation.Revoked},
		"never issued":                  {ca.Responder, OCSPEntry{ThisUpdate: noon, Revoked: &never}, []pkix.Extension{ExtendedRevoke()}, revocation.Unknown},
	} {
		for _, byKey := range []bool{false, true} {
			tt.entry.ID = id
			der, err := tt.by.OCSP(&OCSPAnswer{ProducedAt: noon, ByKey: byKey, Entries: []OCSPEntry{tt.entry}, Extensions: tt.with})
			if err != nil {
				t.Fatal(err)
			}
			response, err := revocation.ParseOCSP(der)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got, err := response.Status(ca.query(owner)); err != nil || got.State != tt.want {
				t.Errorf("%s, by key %v: %v, error %v", name, byKey, got.State, err)
			}
		}
	}
}

func TestCertificatesOfOthersAreUnknownToTheResponder(t *testing.T) {
	t.Parallel()
	ca, other := caOf(t, pki.ECDSA), privateCA(t, pki.ECDSA)
	request, err := revocation.NewOCSPRequest(ownerOfCA(t, other, nurai).Certificate, other.Issuing.Certificate, nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := ca.AnswerOCSP(request, noon)
	if err != nil {
		t.Fatal(err)
	}
	list, _, whole := parseOCSPRequest(request)
	if !whole || len(list) != 1 || !bytes.Contains(der, append(list[0].id, 0x82, 0)) { // CertID, then [2] of no length
		t.Errorf("answered %x", der)
	}
}

func TestWhatIsNoOCSPRequestIsRefused(t *testing.T) {
	t.Parallel()
	ca := caOf(t, pki.ECDSA)
	owner := ownerOfCA(t, ca, nurai)
	right, err := revocation.NewOCSPRequest(owner.Certificate, ca.Issuing.Certificate, []byte("12345678"))
	if err != nil {
		t.Fatal(err)
	}
	refusal := func(request []byte) int {
		der, err := ca.AnswerOCSP(request, noon)
		if err != nil {
			t.Fatal(err)
		}
		var refused *revocation.RefusalError
		if _, err := revocation.ParseOCSP(der); errors.As(err, &refused) {
			return refused.Status
		}
		return 0
	}
	if got := refusal(right); got != 0 {
		t.Errorf("the right one was refused with %d", got)
	}
	for i := range right {
		if got := refusal(right[:i]); got != int(OCSPMalformed) {
			t.Fatalf("the first %d bytes of it were refused with %d", i, got)
		}
	}
	if got := refusal(append(right, 0)); got != int(OCSPMalformed) {
		t.Errorf("a byte too many was refused with %d", got)
	}
}

func TestTheListKnowsWhatIsRevoked(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]pki.Kind{"GOST-2015": pki.GOST2015, "GOST-2004": pki.GOST2004, "ECDSA": pki.ECDSA} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := privateCA(t, kind)
			owner := ownerOfCA(t, ca, nurai)
			list := func(now time.Time) *revocation.List {
				t.Helper()
				der, err := ca.CRL(now)
				if err != nil {
					t.Fatal(err)
				}
				list, err := revocation.ParseCRL(der)
				if err != nil {
					t.Fatal(err)
				}
				return list
			}
			first := list(noon.Add(-time.Minute))
			if got, err := first.Status(ca.query(owner), nil); err != nil || got.State != revocation.Good || first.Entries != 0 {
				t.Errorf("before: %v, error %v", got.State, err)
			}
			if err := ca.Revoke(Revocation{Serial: owner.Certificate.Serial, At: noon.Add(-time.Second), Reason: ReasonSuperseded}); err != nil {
				t.Fatal(err)
			}
			got, err := list(noon).Status(ca.query(owner), nil)
			if err != nil || got.State != revocation.Revoked || !got.RevokedAt.Equal(noon.Add(-time.Second)) || got.Reason != ReasonSuperseded {
				t.Errorf("after: %v since %s, error %v", got.State, got.RevokedAt, err)
			}
			der, err := ca.Issuing.CRL(&List{
				Number: first.Number.Int64() + 1, Base: first.Number.Int64(), ThisUpdate: noon, NextUpdate: noon.Add(time.Hour),
				Revoked: []Revocation{{Serial: owner.Certificate.Serial, At: noon, Reason: -1}},
			})
			if err != nil {
				t.Fatal(err)
			}
			delta, err := revocation.ParseCRL(der)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := first.Status(ca.query(owner), delta); err != nil || got.State != revocation.Revoked {
				t.Errorf("with the delta list: %v, error %v", got.State, err)
			}
		})
	}
}

func TestTheRootHasRevokedNobody(t *testing.T) {
	t.Parallel()
	ca := caOf(t, pki.GOST2015)
	der, err := ca.RootCRL(noon)
	if err != nil {
		t.Fatal(err)
	}
	list, err := revocation.ParseCRL(der)
	if err != nil {
		t.Fatal(err)
	}
	q := revocation.Query{Certificate: ca.Issuing.Certificate, Issuer: ca.Root.Certificate, At: noon, Now: noon}
	if got, err := list.Status(q, nil); err != nil || got.State != revocation.Good {
		t.Errorf("the issuing authority is %v, error %v", got.State, err)
	}
}

func TestTimeStampsAreGiven(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := caOf(t, kind)
			for asked, request := range map[string]tsp.Request{
				"by the digest of its key": {Imprint: tsp.ImprintOf(ca.Stamper.Key.hash, document)},
				"by another digest":        {Imprint: tsp.ImprintOf(pki.SHA512, document), Nonce: big.NewInt(7), Policy: OIDTimeStampPolicy},
			} {
				der, err := request.DER()
				if err != nil {
					t.Fatal(err)
				}
				answer, err := ca.AnswerTimeStamp(der, noon)
				if err != nil {
					t.Fatal(err)
				}
				raw, err := tsp.ParseResponse(answer)
				if err != nil {
					t.Fatalf("%s: %v", asked, err)
				}
				token, err := tsp.ParseToken(raw, tsp.Options{Legacy: kind == pki.GOST2004})
				if err != nil {
					t.Fatalf("%s: %v", asked, err)
				}
				if err := token.Verify(document); err != nil || !token.Time.Equal(noon) || !token.Policy.Equal(OIDTimeStampPolicy) ||
					(token.Nonce == nil) != (request.Nonce == nil) || request.Nonce != nil && token.Nonce.Cmp(request.Nonce) != 0 {
					t.Errorf("%s: stamped at %s with %v, error %v", asked, token.Time, token.Nonce, err)
				}
			}
		})
	}
}

func TestWhatIsNoRequestForATimeStampIsRefused(t *testing.T) {
	t.Parallel()
	ca := caOf(t, pki.ECDSA)
	right, err := tsp.Request{Imprint: tsp.ImprintOf(pki.SHA256, document)}.DER()
	if err != nil {
		t.Fatal(err)
	}
	policy, err := tsp.Request{Imprint: tsp.ImprintOf(pki.SHA256, document), Policy: OIDPolicy}.DER()
	if err != nil {
		t.Fatal(err)
	}
	algorithm := bytes.Replace(right, []byte{0x04, 0x02, 0x01, 0x05}, []byte{0x04, 0x02, 0x7f, 0x05}, 1)
	for name, tt := range map[string]struct {
		request []byte
		failure StampFailure
	}{
		"nothing":              {nil, StampBadRequest},
		"cut short":            {right[:len(right)-1], StampBadRequest},
		"another policy":       {policy, StampBadPolicy},
		"an unknown digest":    {algorithm, StampBadAlgorithm},
		"with a byte too many": {append(bytes.Clone(right), 0), StampBadRequest},
	} {
		answer, err := ca.AnswerTimeStamp(tt.request, noon)
		if err != nil || !bytes.Equal(answer, tt.failure.DER()) {
			t.Errorf("%s: answered %x, error %v", name, answer, err)
		}
		var refused *tsp.RefusalError
		if _, err := tsp.ParseResponse(answer); !errors.As(err, &refused) {
			t.Errorf("%s: read as %v", name, err)
		}
	}
}

func TestAFailureIsABitOfItsString(t *testing.T) {
	t.Parallel()
	for _, failure := range []StampFailure{StampBadAlgorithm, StampBadRequest, StampTimeMissing, StampBadPolicy, StampInternal} {
		var response struct {
			Status struct {
				Status int
				Info   asn1.BitString
			}
		}
		if rest, err := asn1.Unmarshal(failure.DER(), &response); err != nil || len(rest) > 0 {
			t.Fatalf("%d: %v", failure, err)
		}
		if info := response.Status.Info; response.Status.Status != 2 || info.BitLength != int(failure)+1 || info.At(int(failure)) != 1 {
			t.Errorf("%d is written as %+v", failure, response)
		}
	}
}

func TestTheServicesAreServed(t *testing.T) {
	t.Parallel()
	ca := caOf(t, pki.ECDSA)
	server := httptest.NewServer(http.StripPrefix("/dev", ca.Handler(func() time.Time { return noon })))
	t.Cleanup(server.Close)
	stamp, err := tsp.Request{Imprint: tsp.ImprintOf(pki.SHA256, document)}.DER()
	if err != nil {
		t.Fatal(err)
	}
	status, err := revocation.NewOCSPRequest(ownerOfCA(t, ca, nurai).Certificate, ca.Issuing.Certificate, nil)
	if err != nil {
		t.Fatal(err)
	}
	reads := func(read func([]byte) error) func(*testing.T, []byte) {
		return func(t *testing.T, body []byte) {
			t.Helper()
			if err := read(body); err != nil {
				t.Error(err)
			}
		}
	}
	crl := reads(func(body []byte) error { _, err := revocation.ParseCRL(body); return err })
	certificate := reads(func(body []byte) error { _, err := pki.ParseCertificate(body); return err })
	for _, tt := range []struct {
		method, path string
		body         []byte
		status       int
		kind         string
		check        func(*testing.T, []byte)
	}{
		{"POST", "/dev/ocsp", status, 200, "application/ocsp-response", reads(func(body []byte) error { _, err := revocation.ParseOCSP(body); return err })},
		{"POST", "/dev/tsp", stamp, 200, "application/timestamp-reply", reads(func(body []byte) error { _, err := tsp.ParseResponse(body); return err })},
		{"GET", "/dev/ca.crl", nil, 200, "application/pkix-crl", crl},
		{"GET", "/dev/root.crl", nil, 200, "application/pkix-crl", crl},
		{"GET", "/dev/ca.cer", nil, 200, "application/pkix-cert", certificate},
		{"GET", "/dev/root.cer", nil, 200, "application/pkix-cert", certificate},
		{"GET", "/dev/ocsp", nil, 405, "text/plain; charset=utf-8", nil},
		{"POST", "/dev/ca.crl", nil, 405, "text/plain; charset=utf-8", nil},
		{"POST", "/dev/tsp", make([]byte, maxRequest+1), 413, "text/plain; charset=utf-8", nil},
	} {
		request, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL+tt.path, bytes.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != tt.status || response.Header.Get("Content-Type") != tt.kind {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, response.StatusCode, response.Header.Get("Content-Type"))
		}
		if tt.check != nil {
			tt.check(t, body)
		}
	}
}

func TestAnAuthorityThatCannotReadItsFileSaysSo(t *testing.T) {
	t.Parallel()
	ca := privateCA(t, pki.ECDSA)
	ca.revoked.path = t.TempDir()
	w := httptest.NewRecorder()
	ca.Handler(func() time.Time { return noon }).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/ca.crl", nil))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

func FuzzAnswerOCSP(f *testing.F) {
	ca := caOf(f, pki.ECDSA)
	right, err := revocation.NewOCSPRequest(ca.Responder.Certificate, ca.Issuing.Certificate, []byte("12345678"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(right)
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, request []byte) {
		der, err := ca.AnswerOCSP(request, noon)
		if err != nil || len(der) == 0 {
			t.Fatalf("answered %x, error %v", der, err)
		}
	})
}

func FuzzAnswerTimeStamp(f *testing.F) {
	ca := caOf(f, pki.ECDSA)
	right, err := tsp.Request{Imprint: tsp.ImprintOf(pki.SHA256, document), Nonce: big.NewInt(1)}.DER()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(right)
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, request []byte) {
		der, err := ca.AnswerTimeStamp(request, noon)
		if err != nil {
			t.Fatal(err)
		}
		var refused *tsp.RefusalError
		if _, err := tsp.ParseResponse(der); err != nil && !errors.As(err, &refused) {
			t.Fatalf("answered %x: %v", der, err)
		}
	})
}
