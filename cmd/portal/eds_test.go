package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"golang.org/x/mod/sumdb/note"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/trust"
)

// openSigning wires who verifies signatures, without a portal around.
func openSigning(t *testing.T, with options) *portal {
	t.Helper()
	p, err := tryOpenSigning(t, with)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func tryOpenSigning(t *testing.T, with options) (*portal, error) {
	t.Helper()
	p := &portal{now: now}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	return p, p.openSigning(t.Context(), storage{Data: t.TempDir()}, with)
}

var (
	signedAct = []byte("көрсетілген қызметтер актісі")
	signsAct  = dev.Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: identitytest.IIN(1)}
)

// handIn lets the portal's verifier check a signature over the act.
func handIn(t *testing.T, p *portal, der []byte) (eds.Report, error) {
	t.Helper()
	return p.verifier.Verify(t.Context(), eds.Signature{
		CMS: der, Document: bytes.NewReader(signedAct), IIN: signsAct.IIN, At: now(),
	})
}

// signAct signs the act with a certificate of the authority.
func signAct(t *testing.T, ca *dev.CA) []byte {
	t.Helper()
	der, err := ca.Sign(signsAct, signedAct, now(), dev.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestADemoBelievesItsOwnAuthority(t *testing.T) {
	t.Parallel()
	p := openSigning(t, options{demo: true})
	report, err := handIn(t, p, signAct(t, p.demoCA))
	if err != nil || report.Certificate.Owner != signsAct.Name || report.Algorithm != "GOST-2015-512" || report.TrustList == "" {
		t.Fatalf("answered %+v, error %v", report, err)
	}
	var kinds []eds.EvidenceKind
	for _, e := range report.Evidence {
		kinds = append(kinds, e.Kind)
	}
	want := []eds.EvidenceKind{eds.EvidenceCertificate, eds.EvidenceCertificate, eds.EvidenceOCSP}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("evidence: %s", diff)
	}
	owner, err := p.demoCA.Owner(signsAct, now())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.demoCA.Revoke(dev.Revocation{Serial: owner.Certificate.Serial, At: now().Add(-time.Second)}); err != nil {
		t.Fatal(err)
	}
	if _, err := handIn(t, p, signAct(t, p.demoCA)); !problem.Has(err, "cert-revoked") {
		t.Errorf("a revoked certificate was answered %v", err)
	}
}

func TestTwoDemosDoNotBelieveEachOther(t *testing.T) {
	t.Parallel()
	one, other := openSigning(t, options{demo: true}), openSigning(t, options{demo: true})
	if _, err := handIn(t, one, signAct(t, other.demoCA)); !problem.Has(err, "untrusted-ca") {
		t.Errorf("answered %v", err)
	}
}

func TestProductionBelievesNoDemo(t *testing.T) {
	t.Parallel()
	demo := openSigning(t, options{demo: true})
	p := openSigning(t, options{eds: &edsFlags{}})
	if _, err := handIn(t, p, signAct(t, demo.demoCA)); !problem.Has(err, "untrusted-ca") {
		t.Errorf("answered %v", err)
	}
	if p.demoCA != nil {
		t.Error("production has the authority of a demo")
	}
}

func TestWhoTakesNoSignatures(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]options{
		"a command that serves nobody": {},
		"told so":                      {eds: &edsFlags{Verifier: "none"}},
		"a demo that was told so":      {demo: true, eds: &edsFlags{Verifier: "none"}},
	} {
		if _, err := handIn(t, openSigning(t, with), nil); !problem.Has(err, "signing-unavailable") {
			t.Errorf("%s: answered %v", name, err)
		}
	}
}

// listOf writes a signed list of authorities, and returns flags that name it.
func listOf(t *testing.T, number int, authorities ...trust.Authority) *edsFlags {
	t.Helper()
	secret, public, err := note.GenerateKey(nil, "trust.example.kz")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	list, err := trust.NewList(number, now(), authorities...)
	if err != nil {
		t.Fatal(err)
	}
	text, err := list.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "trust.txt")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return &edsFlags{Trust: path, TrustKey: public}
}

func TestProductionDoesNotStartWithAuthoritiesOfADemo(t *testing.T) {
	t.Parallel()
	ca, err := dev.NewCA(pki.GOST2015, now())
	if err != nil {
		t.Fatal(err)
	}
	flags := listOf(t, 1000, trust.NewDev(ca.Root.Certificate, ca.Issuing.Certificate)...)
	if _, err := tryOpenSigning(t, options{eds: flags}); !errors.Is(err, trust.ErrNotForProduction) {
		t.Errorf("started with %v", err)
	}
}

func TestAListThatSomebodyElseSignedIsNotBelieved(t *testing.T) {
	t.Parallel()
	list, err := trust.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	var ours []trust.Authority
	for _, a := range list.Authorities() {
		if a.Role.Real() {
			ours = append(ours, a)
		}
	}
	flags := listOf(t, 1000, ours...)
	if _, err := tryOpenSigning(t, options{eds: flags}); err != nil {
		t.Errorf("the list of the key was refused: %v", err)
	}
	flags.TrustKey = listOf(t, 1000, ours...).TrustKey
	if _, err := tryOpenSigning(t, options{eds: flags}); err == nil {
		t.Error("a list of another key was believed")
	}
}

func TestASecondVerifierThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, verifier := range []string{verifierNCANode, verifierBoth} {
		p := openSigning(t, options{demo: true, eds: &edsFlags{Verifier: verifier, NCANode: gone.URL}})
		if _, err := handIn(t, p, signAct(t, p.demoCA)); !problem.Has(err, "signing-unavailable") {
			t.Errorf("%s: answered %v", verifier, err)
		}
		if _, err := handIn(t, p, []byte("not a signature")); !problem.Has(err, "malformed") {
			t.Errorf("%s: something else was answered %v", verifier, err)
		}
	}
}

// serveNCANode stands in for a NCANode that finds valid what it is asked about, or not.
func serveNCANode(t *testing.T, valid bool) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ CMS []byte }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
			return
		}
		signed, err := cms.Parse(asked.CMS, cms.Options{})
		if err != nil {
			t.Error(err)
			return
		}
		c := signed.Signers[0].Certificate
		if err := json.NewEncoder(w).Encode(map[string]any{"valid": valid, "signers": []any{map[string]any{"certificates": []any{map[string]any{
			"valid": valid, "serialNumber": c.Serial.Text(16), "keyUsage": "SIGN", "keyUser": []string{"INDIVIDUAL"},
			"subject":     map[string]string{"iin": c.Owner.IIN},
			"revocations": []any{map[string]any{"revoked": false, "by": "OCSP", "reason": "OK"}},
		}}}}}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestASecondVerifierMustAgree(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		verifier string
		valid    bool
		code     string // empty: accepted
	}{
		"alone, it accepts":  {verifierNCANode, true, ""},
		"alone, it refuses":  {verifierNCANode, false, "untrusted-ca"},
		"both accept":        {verifierBoth, true, ""},
		"the second refuses": {verifierBoth, false, "verifiers-disagree"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := openSigning(t, options{demo: true, eds: &edsFlags{Verifier: tt.verifier, NCANode: serveNCANode(t, tt.valid)}})
			report, err := handIn(t, p, signAct(t, p.demoCA))
			if tt.code != "" && !problem.Has(err, tt.code) || tt.code == "" && (err != nil || report.Certificate.IIN != signsAct.IIN) {
				t.Errorf("answered %+v, error %v; want %q", report.Certificate, err, tt.code)
			}
		})
	}
}

func TestThereNeedBeNobodyToAsk(t *testing.T) {
	t.Parallel()
	p := &portal{now: now}
	if asked, err := p.openAuthorities(edsFlags{OCSP: nobody, CRL: []string{nobody}, TSP: nobody}.services(nil)); err != nil ||
		asked.revocation() != nil || asked.stamper != nil {
		t.Errorf("asked %+v, error %v", asked, err)
	}
}

func TestWhomToAsk(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		flags edsFlags
		want  services
	}{
		{"nothing is said", edsFlags{}, services{
			ocsp: "http://ocsp.pki.gov.kz/", tsp: "http://tsp.pki.gov.kz/",
			lists:   []string{"http://crl.pki.gov.kz/nca_gost_2022.crl", "https://crl.pki.gov.kz/nca_rsa_2022.crl"},
			updates: []string{"http://crl.pki.gov.kz/nca_d_gost_2022.crl", "https://crl.pki.gov.kz/nca_d_rsa_2022.crl"},
		}},
		{"others", edsFlags{OCSP: "http://o", TSP: "http://t", CRL: []string{"http://c"}}, services{ocsp: "http://o", tsp: "http://t", lists: []string{"http://c"}}},
		{"a list and what adds to it", edsFlags{OCSP: nobody, TSP: nobody, CRL: []string{"http://c"}, Delta: []string{"http://d"}}, services{lists: []string{"http://c"}, updates: []string{"http://d"}}},
		{"nobody", edsFlags{OCSP: nobody, TSP: nobody, CRL: []string{nobody}}, services{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.flags.services(nil), cmp.AllowUnexported(services{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSettingsOfSignaturesThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	for arguments, right := range map[string]bool{
		"":                       true,
		"--eds-verifier=none":    true,
		"--eds-verifier=ncanode": false,
		"--eds-verifier=both":    false,
		"--eds-verifier=both --ncanode-url=https://n":                   true,
		"--eds-verifier=somebody":                                       false,
		"--eds-trust=list":                                              false,
		"--eds-trust-key=key":                                           false,
		"--eds-trust=list --eds-trust-key=key":                          true,
		"--crl-delta-url=http://d":                                      false,
		"--crl-url=http://c,http://e --crl-delta-url=http://d":          false,
		"--crl-url=http://c,http://e --crl-delta-url=http://d,http://f": true,
	} {
		var commands cli
		parser, err := kong.New(&commands, kong.Exit(func(int) { t.Error("the parser ended the program") }))
		if err != nil {
			t.Fatal(err)
		}
		_, err = parser.Parse(append([]string{"serve"}, strings.Fields(arguments)...))
		if (err == nil) != right {
			t.Errorf("%q: %v", arguments, err)
		}
	}
}

func TestWrongAddressesAreToldBeforeAnybodySigns(t *testing.T) {
	t.Parallel()
	for flag, flags := range map[string]*edsFlags{
		"--ocsp-url":    {OCSP: "ocsp.pki.gov.kz"},
		"--tsp-url":     {TSP: "ftp://tsp.pki.gov.kz"},
		"--crl-url":     {CRL: []string{"file:///etc"}},
		"--ncanode-url": {Verifier: verifierNCANode, NCANode: "http://192.0.2.1"},
	} {
		if _, err := tryOpenSigning(t, options{eds: flags}); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

func TestWhatBecomesOfSignaturesIsCounted(t *testing.T) {
	t.Parallel()
	reader := sdk.NewManualReader()
	p := openSigning(t, options{demo: true, meter: sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("test")})
	right := signAct(t, p.demoCA)
	for _, cms := range [][]byte{right, right, nil} {
		_, _ = handIn(t, p, cms)
	}
	_, _ = p.verifier.Verify(t.Context(), eds.Signature{CMS: right, Document: strings.NewReader(""), At: now()}) // of nobody
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if sum, is := m.Data.(metricdata.Sum[int64]); is && m.Name == "eds.verifications" {
				for _, point := range sum.DataPoints {
					outcome, _ := point.Attributes.Value("outcome")
					got[outcome.AsString()] = point.Value
				}
			}
		}
	}
	if diff := cmp.Diff(map[string]int64{"valid": 2, "malformed": 1, "failed": 1}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRequestsInsideAreAnsweredAsOverTheNetwork(t *testing.T) {
	t.Parallel()
	client := &http.Client{Transport: inside{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/plain")
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusGone)
			w.WriteHeader(http.StatusOK)
		}
		_, _ = w.Write(append([]byte(r.Method+" "), body...))
	})}}
	for path, want := range map[string]int{"/here": http.StatusOK, "/gone": http.StatusGone} {
		answer, err := client.Post("http://ca.invalid"+path, "text/plain", strings.NewReader("сұрақ")) //nolint:noctx // nothing waits
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.Body.Close() != nil || answer.StatusCode != want || string(body) != "POST сұрақ" ||
			answer.Header.Get("Content-Type") != "text/plain" {
			t.Errorf("%s: answered %d %q, error %v", path, answer.StatusCode, body, err)
		}
	}
}
