package dev

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eds"
	"services.example/portal/infra/eds/cms"
)

var (
	noon     = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	document = []byte("%PDF-1.7 көрсетілген қызметтер актісі")
	iin      = identitytest.IIN(1)
	bin      = identitytest.BIN(2)
)

// testFolder is where the authorities of the tests lie: their keys take time to make, so all tests share them.
var testFolder string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "demo-ca")
	if err != nil {
		panic(err)
	}
	testFolder = folder
	code := m.Run()
	if err := os.RemoveAll(folder); err != nil {
		panic(err)
	}
	os.Exit(code)
}

var authority = sync.OnceValues(func() (*Authority, error) { return made("authority") })

func open(t *testing.T) *Authority {
	t.Helper()
	a, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func sign(t *testing.T, person Person, at time.Time) []byte {
	t.Helper()
	der, err := open(t).Sign(person, document, at)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// handedIn is a signature of somebody over the document, now.
func handedIn(der []byte) eds.Signature {
	return eds.Signature{CMS: der, Document: bytes.NewReader(document), IIN: iin, At: noon}
}

func refusedWith(t *testing.T, s eds.Signature, code string) {
	t.Helper()
	got, err := open(t).Verify(t.Context(), s)
	if !problem.Has(err, code) || got.Certificate.Owner != "" {
		t.Errorf("answered %v with %+v, want %s", err, got, code)
	}
}

func TestASignatureOfAPerson(t *testing.T) {
	t.Parallel()
	report, err := open(t).Verify(t.Context(), handedIn(sign(t, Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: iin}, noon)))
	if err != nil {
		t.Fatal(err)
	}
	got := report.Certificate
	if got.Owner != "БҰЛАҚБАЙ НҰРАЙ" || got.IIN != iin || got.BIN != "" || got.Issuer == "" || got.Serial == "" ||
		len(got.SHA256) != 64 || !got.NotBefore.Before(noon) || !got.NotAfter.After(noon) {
		t.Errorf("the certificate reads %+v", got)
	}
}

func TestASignatureForAnOrganisation(t *testing.T) {
	t.Parallel()
	s := handedIn(sign(t, Person{Name: "ТЕРЕКТІБАЕВ САМАТ", IIN: iin, BIN: bin, Organization: "ЖШС"}, noon))
	s.IIN, s.BIN = "", bin
	got, err := open(t).Verify(t.Context(), s)
	if err != nil || got.Certificate.BIN != bin || got.Certificate.IIN != iin {
		t.Errorf("answered %+v, error %v", got, err)
	}
}

func TestWhatIsWrongIsSaidByItsCode(t *testing.T) {
	t.Parallel()
	person := Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: iin}
	right := sign(t, person, noon)
	with := func(change func(*eds.Signature)) eds.Signature {
		s := handedIn(right)
		change(&s)
		return s
	}
	for _, tt := range []struct {
		name string
		of   eds.Signature
		code string
	}{
		{"another person's", with(func(s *eds.Signature) { s.IIN = identitytest.IIN(3) }), "wrong-owner-iin"},
		{"a person's for an organisation", with(func(s *eds.Signature) { s.IIN, s.BIN = "", bin }), "wrong-bin"},
		{"over another document", with(func(s *eds.Signature) { s.Document = strings.NewReader("another") }), "doc-changed"},
		{"over a longer document", with(func(s *eds.Signature) {
			s.Document = bytes.NewReader(append(document[:len(document):len(document)], ' '))
		}), "doc-changed"},
		{"over no document", with(func(s *eds.Signature) { s.Document = bytes.NewReader(nil) }), "doc-changed"},
		{"long ago", with(func(s *eds.Signature) { s.At = noon.Add(6 * time.Minute) }), "clock-skew"},
		{"in times to come", handedIn(sign(t, person, noon.Add(6*time.Minute))), "cert-expired"},
		{"by a certificate that has ended", with(func(s *eds.Signature) { s.At = noon.Add(2 * time.Hour) }), "cert-expired"},
		{"with a byte too many", with(func(s *eds.Signature) { s.CMS = append(slices.Clone(right), 0) }), "malformed"},
		{"cut short", with(func(s *eds.Signature) { s.CMS = right[:len(right)-1] }), "malformed"},
		{"nothing at all", with(func(s *eds.Signature) { s.CMS = nil }), "malformed"},
		{"a huge one", with(func(s *eds.Signature) { s.CMS = make([]byte, eds.MaxContainer+1) }), "malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			refusedWith(t, tt.of, tt.code)
		})
	}
}

func TestSomebodyMustBeNamed(t *testing.T) {
	t.Parallel()
	s := handedIn(sign(t, Person{Name: "X", IIN: iin}, noon))
	s.IIN = ""
	var refused *problem.Problem
	if _, err := open(t).Verify(t.Context(), s); err == nil || errors.As(err, &refused) {
		t.Errorf("answered %v, want an error that is nobody's fault", err)
	}
}

// TestForgeriesThatLibrariesAcceptAreRefused goes through what is known to pass popular verifiers.
func TestForgeriesThatLibrariesAcceptAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		forge func(*forgery)
		code  string // empty: it is no forgery
	}{
		{name: "nothing is wrong", forge: func(*forgery) {}},
		{name: "an ECDSA key", forge: func(f *forgery) { f.use(ecKey(f.t, elliptic.P256()), f.template()) }},
		{name: "a weak curve", forge: func(f *forgery) { f.use(ecKey(f.t, elliptic.P224()), f.template()) }, code: "alg-not-allowed"},
		{name: "no signed attributes", forge: func(f *forgery) {
			f.signDocument()
		}, code: "malformed"},
		{name: "the attributes made the document", forge: func(f *forgery) {
			// What was signed once as attributes is shown as a document that was signed without any.
			f.document = f.signer().Signed()
			f.signer().Attributes = nil
		}, code: "malformed"},
		{name: "another content type inside", forge: func(f *forgery) {
			f.attribute(contentType).Values = [][]byte{der(f.t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 5})}
			f.sign()
		}, code: "malformed"},
		{name: "another content type outside", forge: func(f *forgery) {
			f.draft.ContentType = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 5}
		}, code: "malformed"},
		{name: "no content type", forge: func(f *forgery) { f.drop(contentType) }, code: "malformed"},
		{name: "no digest", forge: func(f *forgery) { f.drop(messageDigest) }, code: "malformed"},
		{name: "no time", forge: func(f *forgery) { f.drop(signingTime) }, code: "malformed"},
		{name: "two digests", forge: func(f *forgery) {
			f.signer().Attributes = append(f.signer().Attributes, *f.attribute(messageDigest))
			f.sign()
		}, code: "malformed"},
		{name: "a digest with two values", forge: func(f *forgery) {
			f.attribute(messageDigest).Values = append(f.attribute(messageDigest).Values, f.attribute(messageDigest).Values[0])
			f.sign()
		}, code: "malformed"},
		{name: "the document inside", forge: func(f *forgery) { f.draft.Content = document }, code: "malformed"},
		{name: "another document inside", forge: func(f *forgery) { f.draft.Content = []byte("x") }, code: "malformed"},
		{name: "SHA-1", forge: func(f *forgery) {
			f.signer().Digest = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
		}, code: "alg-not-allowed"},
		{name: "RSA with SHA-1", forge: func(f *forgery) {
			f.signer().Algorithm = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}
		}, code: "alg-not-allowed"},
		{name: "a digest that the signature does not use", forge: func(f *forgery) {
			f.signer().Algorithm = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}
		}, code: "alg-not-allowed"},
		{name: "a digest that is not announced", forge: func(f *forgery) { f.draft.Announced = nil }, code: "malformed"},
		{name: "a short RSA key", forge: func(f *forgery) { f.use(rsaKey(f.t, 1024), f.template()) }, code: "alg-not-allowed"},
		{name: "a certificate that has ended, dated back", forge: func(f *forgery) {
			template := f.template()
			template.NotBefore, template.NotAfter = noon.AddDate(-1, 0, 0), noon.AddDate(0, 0, -1)
			f.use(f.key, template)
			f.draft = cms.NewDraft(document, f.certificate, noon.AddDate(0, 0, -2))
			f.sign()
		}, code: "cert-expired"},
		{name: "a certificate for signing in", forge: func(f *forgery) {
			template := f.template()
			template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
			template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			f.use(f.key, template)
		}, code: "cert-not-for-signing"},
		{name: "a certificate for servers", forge: func(f *forgery) {
			template := f.template()
			template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			f.use(f.key, template)
		}, code: "cert-not-for-signing"},
		{name: "another authority", forge: func(f *forgery) {
			f.impersonate()
			f.use(f.key, f.template())
		}, code: "untrusted-ca"},
		{name: "an authority of the same name that came along", forge: func(f *forgery) {
			f.impersonate()
			f.use(f.key, f.template())
			f.draft.Certificates = append(f.draft.Certificates, f.authority.certificate.Raw)
		}, code: "untrusted-ca"},
		{name: "the certificate signs itself", forge: func(f *forgery) {
			template := f.template()
			template.SerialNumber = big.NewInt(1)
			raw, err := x509.CreateCertificate(rand.Reader, template, template, f.key.Public(), f.key)
			if err != nil {
				f.t.Fatal(err)
			}
			certificate, err := x509.ParseCertificate(raw)
			if err != nil {
				f.t.Fatal(err)
			}
			f.adopt(certificate)
		}, code: "untrusted-ca"},
		{name: "bound to another certificate", forge: func(f *forgery) {
			other := f.issue(f.template())
			f.attribute(signingCertificate).Values = cms.NewDraft(document, other, noon).Signers[0].Attributes[signingCertificate].Values
			f.sign()
		}, code: "bad-signature"},
		{name: "bound by SHA-1", forge: func(f *forgery) {
			f.attribute(signingCertificate).OID = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
			f.sign()
		}, code: "alg-not-allowed"},
		{name: "another's certificate first in the bag", forge: func(f *forgery) {
			template := f.template()
			template.Subject.SerialNumber = "IIN" + identitytest.IIN(9)
			other := f.issue(template)
			f.draft.Certificates = [][]byte{other.Raw, f.certificate.Raw}
		}},
		{name: "the signer's certificate is missing", forge: func(f *forgery) {
			f.draft.Certificates = [][]byte{f.issue(f.template()).Raw}
		}, code: "malformed"},
		{name: "the signer's certificate twice", forge: func(f *forgery) {
			f.draft.Certificates = append(f.draft.Certificates, f.certificate.Raw)
		}, code: "malformed"},
		{name: "no certificates", forge: func(f *forgery) { f.draft.Certificates = nil }, code: "malformed"},
		{name: "too many certificates", forge: func(f *forgery) {
			for range 16 {
				f.draft.Certificates = append(f.draft.Certificates, f.issue(f.template()).Raw)
			}
		}, code: "malformed"},
		{name: "no signers", forge: func(f *forgery) { f.draft.Signers = nil }, code: "malformed"},
		{name: "two signers", forge: func(f *forgery) {
			f.draft.Signers = append(f.draft.Signers, f.draft.Signers[0])
		}, code: "malformed"},
		{name: "signed with another key", forge: func(f *forgery) {
			if err := f.draft.Sign(rsaKey(f.t, 2048)); err != nil {
				f.t.Fatal(err)
			}
		}, code: "bad-signature"},
		{name: "another's number in a second place", forge: func(f *forgery) {
			template := f.template()
			template.Subject.ExtraNames = []pkix.AttributeTypeAndValue{
				{Type: asn1.ObjectIdentifier{2, 5, 4, 5}, Value: "IIN" + identitytest.IIN(9)},
				{Type: asn1.ObjectIdentifier{2, 5, 4, 5}, Value: "IIN" + iin},
			}
			template.Subject.SerialNumber = ""
			f.use(f.key, template)
		}, code: "wrong-owner-iin"},
		{name: "a number without what it is", forge: func(f *forgery) {
			template := f.template()
			template.Subject.SerialNumber = iin
			f.use(f.key, template)
		}, code: "wrong-owner-iin"},
		{name: "an authority as signer", forge: func(f *forgery) {
			template := f.template()
			template.IsCA, template.BasicConstraintsValid = true, true
			f.use(f.key, template)
		}, code: "untrusted-ca"},
		{name: "a critical extension that nobody knows", forge: func(f *forgery) {
			template := f.template()
			template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
			f.use(f.key, template)
		}, code: "untrusted-ca"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newForgery(t)
			tt.forge(f)
			s := eds.Signature{CMS: f.draft.DER(), Document: bytes.NewReader(f.document), IIN: iin, At: noon}
			got, err := f.trusted.Verify(t.Context(), s)
			if tt.code == "" {
				if err != nil || got.Certificate.IIN != iin {
					t.Errorf("answered %+v, error %v; want it accepted", got, err)
				}
				return
			}
			if !problem.Has(err, tt.code) {
				t.Errorf("answered %v with %+v, want %s", err, got, tt.code)
			}
		})
	}
}

func TestNoBitOfASignatureCanBeChanged(t *testing.T) {
	t.Parallel()
	right := sign(t, Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: iin}, noon)
	a := open(t)
	for i := range right {
		for bit := range 8 {
			changed := slices.Clone(right)
			changed[i] ^= 1 << bit
			if got, err := a.Verify(t.Context(), handedIn(changed)); err == nil {
				t.Fatalf("accepted with bit %d of byte %d changed, as of %+v", bit, i, got)
			}
		}
	}
}

func TestOpenSSLAcceptsASignature(t *testing.T) {
	t.Parallel()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	folder := t.TempDir()
	ca := filepath.Join(folder, "ca.pem")
	now := time.Now()
	a, err := Open(ca, now)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := a.Sign(Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: iin}, document, now)
	if err != nil {
		t.Fatal(err)
	}
	container, content := filepath.Join(folder, "cms"), filepath.Join(folder, "document")
	write(t, container, signed)
	write(t, content, document)
	verify := exec.CommandContext(t.Context(), openssl, "cms", "-verify", "-binary", "-inform", "DER", "-in", container,
		"-content", content, "-CAfile", ca, "-purpose", "smimesign", "-out", os.DevNull)
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("openssl: %v\n%s", err, out)
	}
}

func FuzzVerify(f *testing.F) {
	a, err := authority()
	if err != nil {
		f.Fatal(err)
	}
	right, err := a.Sign(Person{Name: "X", IIN: iin}, document, noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(right)
	f.Add([]byte{0x30, 0x80})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := a.Verify(t.Context(), handedIn(raw))
		var refused *problem.Problem
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("an error that is no refusal: %v", err)
		}
		if err == nil && !bytes.Equal(raw, right) {
			t.Fatal("a signature that nobody made is accepted")
		}
	})
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkVerify(b *testing.B) {
	a, err := authority()
	if err != nil {
		b.Fatal(err)
	}
	signed, err := a.Sign(Person{Name: "X", IIN: iin}, document, noon)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := a.Verify(b.Context(), handedIn(signed)); err != nil {
			b.Fatal(err)
		}
	}
}
