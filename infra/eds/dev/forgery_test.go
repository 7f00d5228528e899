package dev

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"services.example/portal/infra/eds/cms"
)

// forgery is a right signature over the document, for a test to make wrong.
type forgery struct {
	t           *testing.T
	trusted     *Authority // whom the verifier trusts
	authority   *Authority // who makes certificates
	key         crypto.Signer
	certificate *x509.Certificate
	draft       *cms.Draft
	document    []byte
}

func newForgery(t *testing.T) *forgery {
	t.Helper()
	a := open(t)
	key, err := a.signer()
	if err != nil {
		t.Fatal(err)
	}
	f := &forgery{t: t, trusted: a, authority: a, document: document}
	f.use(key, f.template())
	return f
}

// template is the certificate of the person whose signature it is to be.
func (f *forgery) template() *x509.Certificate { return template(Person{Name: "X", IIN: iin}, noon) }

// use makes the signature anew with another key and certificate.
func (f *forgery) use(key crypto.Signer, template *x509.Certificate) {
	f.t.Helper()
	f.key = key
	f.adopt(f.issue(template))
}

func (f *forgery) issue(template *x509.Certificate) *x509.Certificate {
	f.t.Helper()
	certificate, err := f.authority.issue(template, f.key.Public())
	if err != nil {
		f.t.Fatal(err)
	}
	return certificate
}

// adopt makes the signature anew with another certificate.
func (f *forgery) adopt(certificate *x509.Certificate) {
	f.t.Helper()
	f.certificate, f.draft = certificate, cms.NewDraft(f.document, certificate, noon)
	if _, is := f.key.(*ecdsa.PrivateKey); is {
		f.signer().Algorithm = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	}
	f.sign()
}

func (f *forgery) signer() *cms.DraftSigner { return &f.draft.Signers[0] }

// The places of the signed attributes in a draft.
const (
	contentType = iota
	messageDigest
	signingTime
	signingCertificate
)

func (f *forgery) attribute(place int) *cms.Attribute { return &f.signer().Attributes[place] }

func (f *forgery) drop(place int) {
	f.t.Helper()
	f.signer().Attributes = slices.Delete(f.signer().Attributes, place, place+1)
	f.sign()
}

func (f *forgery) sign() {
	f.t.Helper()
	if err := f.draft.Sign(f.key); err != nil {
		f.t.Fatal(err)
	}
}

// signDocument puts the signature over the document itself.
func (f *forgery) signDocument() {
	f.t.Helper()
	f.signer().Attributes = nil
	sum := sha256.Sum256(f.document)
	var err error
	if f.signer().Signature, err = f.key.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
		f.t.Fatal(err)
	}
}

// impostor is an authority of the same name with another key.
var impostor = sync.OnceValues(func() (*Authority, error) { return made("impostor") })

// impersonate lets the impostor make the certificates.
func (f *forgery) impersonate() {
	f.t.Helper()
	var err error
	if f.authority, err = impostor(); err != nil {
		f.t.Fatal(err)
	}
}

func ecKey(t *testing.T, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t *testing.T, bits int) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func der(t *testing.T, value any) []byte {
	t.Helper()
	raw, err := asn1.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// made makes an authority whose file nobody needs any more.
func made(name string) (*Authority, error) {
	path := filepath.Join(testFolder, name+".pem")
	return Open(path, noon)
}
