package cms_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	der "golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

var (
	noon     = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	document = []byte("%PDF-1.7 көрсетілген қызметтер актісі")
	person   = dev.Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: identitytest.IIN(1)}
	now      = cms.Options{NeedSigningTime: true}
)

// authority issues all certificates of the tests.
var authority = sync.OnceValues(func() (*dev.CA, error) { return dev.NewCA(pki.ECDSA, noon) })

// holder is somebody with a key of a kind.
func holder(tb testing.TB, kind pki.Kind, changes ...func(*dev.Template)) *dev.Holder {
	tb.Helper()
	key, err := dev.NewKey(kind)
	return holderOf(tb, edstest.Made(tb, key, err), changes...)
}

func holderOf(tb testing.TB, key *dev.Key, changes ...func(*dev.Template)) *dev.Holder {
	tb.Helper()
	ca, err := authority()
	ca = edstest.Made(tb, ca, err)
	template := dev.OwnerTemplate(person, noon.Add(-time.Minute))
	for _, change := range changes {
		change(template)
	}
	h, err := ca.Issuing.IssueTo(key, template)
	return edstest.Made(tb, h, err)
}

// forgery is a right signature over the document, for a test to make wrong.
type forgery struct {
	tb   testing.TB
	by   *dev.Holder
	made *cms.Draft
}

func newForgery(tb testing.TB, by *dev.Holder) *forgery {
	tb.Helper()
	f := &forgery{tb: tb, by: by, made: cms.NewDetached(document, by.Certificate, by.Key.Algorithm(), noon)}
	f.sign()
	return f
}

func (f *forgery) sign() {
	f.tb.Helper()
	keys := make([]pki.Signer, len(f.made.Signers))
	for i := range keys {
		keys[i] = f.by.Key
	}
	if err := f.made.SignBy(keys...); err != nil {
		f.tb.Fatal(err)
	}
}

func (f *forgery) signer() *cms.DraftSigner { return &f.made.Signers[0] }

// attribute is the signed attribute of an identifier.
func (f *forgery) attribute(oid asn1.ObjectIdentifier) *cms.Attribute {
	f.tb.Helper()
	for i, a := range f.signer().Attributes {
		if a.OID.Equal(oid) {
			return &f.signer().Attributes[i]
		}
	}
	f.tb.Fatalf("no attribute %s", oid)
	return nil
}

func (f *forgery) drop(oid asn1.ObjectIdentifier) {
	f.tb.Helper()
	f.signer().Attributes = slices.DeleteFunc(f.signer().Attributes, func(a cms.Attribute) bool { return a.OID.Equal(oid) })
	f.sign()
}

// set puts another value in the place of an attribute's, and signs it.
func (f *forgery) set(oid asn1.ObjectIdentifier, values ...[]byte) {
	f.tb.Helper()
	f.attribute(oid).Values = values
	f.sign()
}

// add adds an attribute and signs it.
func (f *forgery) add(oid asn1.ObjectIdentifier, values ...[]byte) {
	f.tb.Helper()
	f.signer().Attributes = append(f.signer().Attributes, cms.Attribute{OID: oid, Values: values})
	f.sign()
}

func (f *forgery) unsigned(oid asn1.ObjectIdentifier, values ...[]byte) {
	f.signer().Unsigned = append(f.signer().Unsigned, cms.Attribute{OID: oid, Values: values})
}

// sequence is DER by hand.
var sequence = edstest.Sequence

func tagged(tag der.Tag, parts ...[]byte) []byte { return edstest.TLV(byte(tag), parts...) }

func context(n uint8) der.Tag { return der.Tag(n).ContextSpecific().Constructed() }

// check reads a container, and checks its signatures and that they cover the document: what a verifier does first.
func check(raw, content []byte, o cms.Options) (*cms.Signed, error) {
	signed, err := cms.Parse(raw, o)
	if err != nil {
		return nil, err
	}
	for _, signer := range signed.Signers {
		if err := errors.Join(signer.CheckSignature(), signer.Covers(content)); err != nil {
			return nil, err
		}
	}
	return signed, nil
}

func rsaKey(bits int) (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, bits) }
