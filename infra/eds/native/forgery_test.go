package native_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"slices"
	"sync"
	"testing"
	"time"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/pki"
)

// forgery is a right signature of the person over the document, for a test to make wrong.
type forgery struct {
	t        *testing.T
	w        *world
	by       *dev.Holder // who issues certificates
	signer   *dev.Holder
	draft    *cms.Draft
	document []byte // that is handed in
	raw      []byte // instead of the draft's
}

func newForgery(t *testing.T, kind pki.Kind) *forgery {
	t.Helper()
	w := of(t, kind)
	f := &forgery{t: t, w: w, by: w.ca.Issuing, document: document}
	f.adopt(w.owner(t, person))
	return f
}

// DER is what is handed in.
func (f *forgery) DER() []byte {
	if f.raw != nil {
		return f.raw
	}
	return f.draft.DER()
}

// adopt makes the signature anew as another holder.
func (f *forgery) adopt(holder *dev.Holder) {
	f.t.Helper()
	f.signer, f.draft = holder, holder.Draft(f.document, noon)
	f.sign()
}

// issue makes the signature anew with another certificate of the signer's key.
func (f *forgery) issue(change func(*dev.Template)) { f.reissue(person, f.signer.Key, change) }

func (f *forgery) reissue(who dev.Person, key *dev.Key, change func(*dev.Template)) {
	f.t.Helper()
	f.adopt(f.holder(who, key, change))
}

func (f *forgery) holder(who dev.Person, key *dev.Key, change func(*dev.Template)) *dev.Holder {
	f.t.Helper()
	template := dev.OwnerTemplate(who, noon.AddDate(0, 0, -1))
	serial, err := rand.Int(rand.Reader, dev.SerialOf([]byte("largest")))
	if err != nil {
		f.t.Fatal(err)
	}
	template.Serial = serial
	if change != nil {
		change(template)
	}
	holder, err := f.by.IssueTo(key, template)
	if err != nil {
		f.t.Fatal(err)
	}
	return holder
}

// only is the one signer of the draft.
func (f *forgery) only() *cms.DraftSigner { return &f.draft.Signers[0] }

func (f *forgery) attribute(oid asn1.ObjectIdentifier) *cms.Attribute {
	f.t.Helper()
	at := slices.IndexFunc(f.only().Attributes, func(a cms.Attribute) bool { return a.OID.Equal(oid) })
	if at < 0 {
		f.t.Fatalf("the draft has no attribute %s", oid)
	}
	return &f.only().Attributes[at]
}

func (f *forgery) drop(oid asn1.ObjectIdentifier) {
	f.t.Helper()
	f.only().Attributes = slices.DeleteFunc(f.only().Attributes, func(a cms.Attribute) bool { return a.OID.Equal(oid) })
	f.sign()
}

func (f *forgery) sign() {
	f.t.Helper()
	f.only().Signature = f.value(f.signer.Key, f.only().Signed())
}

// value is the signature of a key over something.
func (f *forgery) value(key *dev.Key, over []byte) []byte {
	f.t.Helper()
	value, err := key.Sign(over)
	if err != nil {
		f.t.Fatal(err)
	}
	return value
}

// signDocument puts the signature over the document itself, without signed attributes.
func (f *forgery) signDocument() {
	f.t.Helper()
	f.only().Attributes = nil
	f.only().Signature = f.value(f.signer.Key, f.document)
}

// unsigned adds an attribute that is not signed.
func (f *forgery) unsigned(oid asn1.ObjectIdentifier, values ...[]byte) {
	f.only().Unsigned = append(f.only().Unsigned, cms.Attribute{OID: oid, Values: values})
}

// stamp adds a time stamp of the authority over something.
func (f *forgery) stamp(over []byte, at time.Time) {
	f.t.Helper()
	token, err := f.w.ca.TimeStamp(over, at)
	if err != nil {
		f.t.Fatal(err)
	}
	f.unsigned(cms.OIDTimeStampToken, token)
}

// impostors are authorities with the same names and other keys.
var impostors = map[pki.Kind]func() (*dev.CA, error){
	pki.GOST2015: sync.OnceValues(func() (*dev.CA, error) { return dev.NewCA(pki.GOST2015, noon.AddDate(0, -1, 0)) }),
	pki.ECDSA:    sync.OnceValues(func() (*dev.CA, error) { return dev.NewCA(pki.ECDSA, noon.AddDate(0, -1, 0)) }),
}

func (f *forgery) impostor() *dev.CA {
	f.t.Helper()
	ca, err := impostors[f.w.ca.Issuing.Key.Kind()]()
	if err != nil {
		f.t.Fatal(err)
	}
	return ca
}

// newKey makes a key of a kind.
func (f *forgery) newKey(kind pki.Kind) *dev.Key {
	f.t.Helper()
	key, err := dev.NewKey(kind)
	if err != nil {
		f.t.Fatal(err)
	}
	return key
}

// weakRSA and weakEC are keys that no verifier takes.
func (f *forgery) weakRSA() *dev.Key {
	f.t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		f.t.Fatal(err)
	}
	key, err := dev.WrapKey(private)
	if err != nil {
		f.t.Fatal(err)
	}
	return key
}

func (f *forgery) weakEC() *dev.Key {
	f.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	key, err := dev.WrapKey(private)
	if err != nil {
		f.t.Fatal(err)
	}
	return key
}

func der(t *testing.T, value any, parameters string) []byte {
	t.Helper()
	raw, err := asn1.MarshalWithParams(value, parameters)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
