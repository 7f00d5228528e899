package cms_test

import (
	"bytes"
	"encoding/asn1"
	"slices"
	"testing"
	"time"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

// Everything here some popular library lets pass, or might.
func TestForgeriesAreRefused(t *testing.T) {
	t.Parallel()
	gost, ecdsa, rsa := holder(t, pki.GOST2015), holder(t, pki.ECDSA), holder(t, pki.RSA)
	other := holder(t, pki.GOST2015)
	oid := func(n ...int) asn1.ObjectIdentifier { return n }
	digest := edstest.Marshal(t, pki.Streebog512.Sum(document))
	bound := func(c []byte) []byte { return sequence(sequence(sequence(edstest.Marshal(t, pki.SHA256.Sum(c))))) }
	for _, tt := range []struct {
		name  string
		by    *dev.Holder // nil: with a GOST key
		forge func(f *forgery)
		code  string
	}{
		{"a right one", nil, func(*forgery) {}, ""},
		{"the key named instead of the algorithm, GOST", nil, func(f *forgery) {
			f.signer().Algorithm = oid(1, 2, 398, 3, 10, 1, 1, 2, 2)
		}, ""},
		{"the key named instead of the algorithm, RSA", rsa, func(f *forgery) {
			f.signer().Algorithm = oid(1, 2, 840, 113549, 1, 1, 1)
		}, ""},
		{"an attribute that means nothing here", nil, func(f *forgery) { f.add(oid(1, 2, 3), []byte{5, 0}) }, ""},
		{"not bound to a certificate", nil, func(f *forgery) { f.drop(cms.OIDSigningCertificate2) }, ""},

		{"signed attributes stripped and shown as the document", nil, func(f *forgery) {
			f.made.Content = f.signer().Signed()
			f.signer().Attributes = nil
		}, pki.CodeMalformed},
		{"no signed attributes", nil, func(f *forgery) {
			f.signer().Attributes = nil
			value, err := f.by.Key.Sign(document)
			f.signer().Signature = edstest.Made(f.tb, value, err)
		}, pki.CodeMalformed},
		{"another content type in the attribute", nil, func(f *forgery) {
			f.set(cms.OIDContentType, edstest.Marshal(f.tb, cms.OIDTSTInfo))
		}, pki.CodeMalformed},
		{"another content type", nil, func(f *forgery) { f.made.ContentType = cms.OIDTSTInfo }, pki.CodeMalformed},
		{"no content type", nil, func(f *forgery) { f.drop(cms.OIDContentType) }, pki.CodeMalformed},
		{"no digest", nil, func(f *forgery) { f.drop(cms.OIDMessageDigest) }, pki.CodeMalformed},
		{"no time", nil, func(f *forgery) { f.drop(cms.OIDSigningTime) }, pki.CodeMalformed},
		{"two digests", nil, func(f *forgery) { f.add(cms.OIDMessageDigest, edstest.Marshal(f.tb, make([]byte, 64))) }, pki.CodeMalformed},
		{"one digest twice", nil, func(f *forgery) { f.add(cms.OIDMessageDigest, digest) }, pki.CodeMalformed},
		{"two digests in one attribute", nil, func(f *forgery) {
			f.set(cms.OIDMessageDigest, digest, edstest.Marshal(f.tb, make([]byte, 64)))
		}, pki.CodeMalformed},
		{"an attribute without a value", nil, func(f *forgery) { f.set(cms.OIDMessageDigest) }, pki.CodeMalformed},
		{"a digest cut short", nil, func(f *forgery) {
			f.set(cms.OIDMessageDigest, edstest.Marshal(f.tb, pki.Streebog512.Sum(document)[:32]))
		}, pki.CodeMalformed},
		{"two contents of an attribute", nil, func(f *forgery) {
			f.set(cms.OIDContentType, append(edstest.Marshal(f.tb, cms.OIDData), 5, 0))
		}, pki.CodeMalformed},
		{"too many attributes", nil, func(f *forgery) {
			for i := range 33 {
				f.add(oid(1, 2, i), []byte{5, 0})
			}
		}, pki.CodeMalformed},
		{"a digest of another document", nil, func(f *forgery) {
			f.set(cms.OIDMessageDigest, edstest.Marshal(f.tb, pki.Streebog512.Sum([]byte("another"))))
		}, pki.CodeDocChanged},
		{"moved from another document", nil, func(f *forgery) {
			another := cms.NewDetached([]byte("another"), f.by.Certificate, f.by.Key.Algorithm(), noon)
			if err := another.SignBy(f.by.Key); err != nil {
				f.tb.Fatal(err)
			}
			f.made = another
		}, pki.CodeDocChanged},
		{"its value moved from another document", nil, func(f *forgery) {
			another := cms.NewDetached([]byte("another"), f.by.Certificate, f.by.Key.Algorithm(), noon)
			if err := another.SignBy(f.by.Key); err != nil {
				f.tb.Fatal(err)
			}
			f.signer().Signature = another.Signers[0].Signature
		}, pki.CodeBadSignature},
		{"the document signed instead of the attributes", nil, func(f *forgery) {
			value, err := f.by.Key.Sign(document)
			f.signer().Signature = edstest.Made(f.tb, value, err)
		}, pki.CodeBadSignature},
		{"an attribute changed after signing", nil, func(f *forgery) {
			f.attribute(cms.OIDSigningTime).Values = [][]byte{edstest.Marshal(f.tb, noon.Add(time.Second))}
		}, pki.CodeBadSignature},

		{"a time without seconds", nil, func(f *forgery) { f.set(cms.OIDSigningTime, tagged(23, []byte("2611230700Z"))) }, pki.CodeMalformed},
		{"a time of another zone", nil, func(f *forgery) {
			f.set(cms.OIDSigningTime, tagged(23, []byte("261123120000+0500")))
		}, pki.CodeMalformed},
		{"a time that is none", nil, func(f *forgery) { f.set(cms.OIDSigningTime, edstest.Marshal(f.tb, 1)) }, pki.CodeMalformed},
		{"a 31st of February", nil, func(f *forgery) { f.set(cms.OIDSigningTime, tagged(23, []byte("260231070000Z"))) }, pki.CodeMalformed},

		{"SHA-1", rsa, func(f *forgery) { f.signer().Digest = pki.SHA1.OID() }, pki.CodeNotAllowed},
		{"MD5", rsa, func(f *forgery) { f.signer().Digest = oid(1, 2, 840, 113549, 2, 5) }, pki.CodeNotAllowed},
		{"GOST of 1994", nil, func(f *forgery) { f.signer().Digest = pki.GOST94.OID() }, pki.CodeNotAllowed},
		{"half of Streebog", nil, func(f *forgery) { f.signer().Digest = pki.Streebog256.OID() }, pki.CodeNotAllowed},
		{"RSA with SHA-1", rsa, func(f *forgery) { f.signer().Algorithm = oid(1, 2, 840, 113549, 1, 1, 5) }, pki.CodeNotAllowed},
		{"RSA-PSS", rsa, func(f *forgery) { f.signer().Algorithm = oid(1, 2, 840, 113549, 1, 1, 10) }, pki.CodeNotAllowed},
		{"a digest that the signature does not use", rsa, func(f *forgery) {
			f.signer().Algorithm = oid(1, 2, 840, 113549, 1, 1, 13)
		}, pki.CodeNotAllowed},
		{"the algorithm of another kind of key", ecdsa, func(f *forgery) {
			f.signer().Algorithm = oid(1, 2, 840, 113549, 1, 1, 11)
		}, pki.CodeNotAllowed},
		{"GOST of 2004 with a key of 2015", nil, func(f *forgery) {
			f.signer().Algorithm = oid(1, 2, 398, 3, 10, 1, 1, 1, 2)
		}, pki.CodeNotAllowed},
		{"a digest that is not announced", nil, func(f *forgery) { f.made.Announced = nil }, pki.CodeMalformed},
		{"another digest is announced", nil, func(f *forgery) { f.made.Announced = []asn1.ObjectIdentifier{pki.SHA256.OID()} }, pki.CodeMalformed},
		{"17 digests are announced", nil, func(f *forgery) {
			f.made.Announced = slices.Repeat(f.made.Announced, 17)
		}, pki.CodeMalformed},

		{"bound to another certificate", nil, func(f *forgery) { f.set(cms.OIDSigningCertificate2, bound(other.DER())) }, pki.CodeBadSignature},
		{"bound to another certificate first", nil, func(f *forgery) {
			f.set(cms.OIDSigningCertificate2, sequence(sequence(
				sequence(edstest.Marshal(f.tb, pki.SHA256.Sum(other.DER()))), sequence(edstest.Marshal(f.tb, pki.SHA256.Sum(f.by.DER()))),
			)))
		}, pki.CodeBadSignature},
		{"bound to its own and to the chain's", nil, func(f *forgery) {
			f.set(cms.OIDSigningCertificate2, sequence(sequence(
				sequence(edstest.Marshal(f.tb, pki.SHA256.Sum(f.by.DER()))), sequence(edstest.Marshal(f.tb, pki.SHA256.Sum(other.DER()))),
			)))
		}, ""},
		{"bound by Streebog", nil, func(f *forgery) {
			f.set(cms.OIDSigningCertificate2, cms.Binding(pki.Streebog512, f.by.DER()).Values...)
		}, ""},
		{"bound by SHA-1", nil, func(f *forgery) {
			f.set(cms.OIDSigningCertificate2, sequence(sequence(sequence(sequence(edstest.Marshal(f.tb, pki.SHA1.OID())), edstest.Marshal(f.tb, pki.SHA1.Sum(f.by.DER()))))))
		}, pki.CodeNotAllowed},
		{"bound by SHA-1 as of old", nil, func(f *forgery) {
			f.add(cms.OIDSigningCertificate, cms.Binding(pki.SHA1, f.by.DER()).Values...)
		}, pki.CodeNotAllowed},
		{"bound to nothing", nil, func(f *forgery) { f.set(cms.OIDSigningCertificate2, sequence(sequence())) }, pki.CodeMalformed},
		{"bound by a digest cut short", nil, func(f *forgery) {
			f.set(cms.OIDSigningCertificate2, sequence(sequence(sequence(edstest.Marshal(f.tb, pki.SHA256.Sum(f.by.DER())[:20])))))
		}, pki.CodeMalformed},
		{"bound by nonsense", nil, func(f *forgery) { f.set(cms.OIDSigningCertificate2, []byte{5, 0}) }, pki.CodeMalformed},

		{"another's certificate first in the bag", nil, func(f *forgery) {
			f.made.Certificates = [][]byte{other.DER(), f.by.DER()}
		}, ""},
		{"the signer's certificate is missing", nil, func(f *forgery) { f.made.Certificates = [][]byte{other.DER()} }, pki.CodeMalformed},
		{"the signer's certificate twice", nil, func(f *forgery) {
			f.made.Certificates = append(f.made.Certificates, f.by.DER())
		}, pki.CodeMalformed},
		{"another's certificate of the same number", nil, func(f *forgery) {
			twin := holderOf(f.tb, other.Key, func(t *dev.Template) { t.Serial = f.by.Certificate.Serial })
			f.made.Certificates = append(f.made.Certificates, twin.DER())
		}, pki.CodeMalformed},
		{"another's certificate of the same number instead", nil, func(f *forgery) {
			twin := holderOf(f.tb, other.Key, func(t *dev.Template) { t.Serial = f.by.Certificate.Serial })
			f.made.Certificates = [][]byte{twin.DER()}
		}, pki.CodeBadSignature},
		{"no certificates", nil, func(f *forgery) { f.made.Certificates = nil }, pki.CodeMalformed},
		{"a certificate of nonsense", nil, func(f *forgery) {
			f.made.Certificates = append(f.made.Certificates, sequence())
		}, pki.CodeMalformed},
		{"something else among the certificates", nil, func(f *forgery) {
			f.made.Certificates = append(f.made.Certificates, tagged(context(1)))
		}, pki.CodeMalformed},
		{"17 certificates", nil, func(f *forgery) {
			f.made.Certificates = append(f.made.Certificates, slices.Repeat([][]byte{other.DER()}, 16)...)
		}, pki.CodeMalformed},
		{"a key that must not sign", nil, func(f *forgery) {
			f.made.Certificates = [][]byte{holderOf(f.tb, shortKey(f.tb), func(t *dev.Template) { t.Serial = f.by.Certificate.Serial }).DER()}
			f.drop(cms.OIDSigningCertificate2)
		}, pki.CodeNotAllowed},

		{"no signers", nil, func(f *forgery) { f.made.Signers = nil }, pki.CodeMalformed},
		{"two signers", nil, func(f *forgery) { f.made.Signers = append(f.made.Signers, *f.signer()) }, pki.CodeMalformed},
		{"a signer without a name", nil, func(f *forgery) { f.signer().Issuer = nil }, pki.CodeMalformed},
		{"a signer of another version", nil, func(f *forgery) { f.signer().Version = 3 }, pki.CodeMalformed},
		{"another version", nil, func(f *forgery) { f.made.Version = 3 }, pki.CodeMalformed},
		{"no value", nil, func(f *forgery) { f.signer().Signature = nil }, pki.CodeBadSignature},
		{"a value with a byte too many", nil, func(f *forgery) { f.signer().Signature = append(f.signer().Signature, 0) }, pki.CodeBadSignature},
		{"a value of zeros", nil, func(f *forgery) { f.signer().Signature = make([]byte, 128) }, pki.CodeBadSignature},
		{"the halves of the value exchanged, as in the Russian form", nil, func(f *forgery) {
			v := f.signer().Signature
			f.signer().Signature = append(bytes.Clone(v[64:]), v[:64]...)
		}, pki.CodeBadSignature},
		{"signed with another key", nil, func(f *forgery) {
			value, err := other.Key.Sign(f.signer().Signed())
			f.signer().Signature = edstest.Made(f.tb, value, err)
		}, pki.CodeBadSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			by := tt.by
			if by == nil {
				by = gost
			}
			f := newForgery(t, by)
			tt.forge(f)
			_, err := check(f.made.DER(), document, now)
			edstest.Refused(t, err, tt.code)
		})
	}
}

func TestTheOrderOfAttributesIsTheSigners(t *testing.T) {
	t.Parallel()
	// Signed is what was received: a program that writes attributes in its own order is understood, one that signs them in
	// another order than it writes them is not.
	by := holder(t, pki.ECDSA)
	draft := newForgery(t, by).made
	right := draft.DER()
	set := draft.Signers[0].Signed()
	content := set[2:]
	if set[1] >= 0x80 {
		content = set[3:]
	}
	at := bytes.Index(right, content)
	first := int(content[1]) + 2
	turned := slices.Concat(content[first:], content[:first])
	changed := slices.Concat(right[:at], turned, right[at+len(content):])
	_, err := check(changed, document, now)
	edstest.Refused(t, err, pki.CodeBadSignature)

	value, err := by.Key.Sign(slices.Concat(set[:len(set)-len(content)], turned))
	value = edstest.Made(t, value, err)
	draft.Signers[0].Signature = value
	again := draft.DER()
	again = bytes.Replace(again, content, turned, 1)
	_, err = check(again, document, now)
	edstest.Refused(t, err, "")
}

func TestOnlyDERIsRead(t *testing.T) {
	t.Parallel()
	right := newForgery(t, holder(t, pki.GOST2015)).made.DER()
	in := func(old, by []byte) []byte {
		if bytes.Count(right, old) == 0 {
			t.Fatalf("%x is not in the signature", old)
		}
		return bytes.Replace(right, old, by, 1)
	}
	deep := bytes.Repeat([]byte{0x30, 0x80}, 100_000)
	nested := []byte{5, 0}
	for range 3000 {
		nested = sequence(nested)
	}
	for name, raw := range map[string][]byte{
		"nothing":                        nil,
		"a byte too many":                append(bytes.Clone(right), 0),
		"a second signature behind it":   append(bytes.Clone(right), right...),
		"cut short":                      right[:len(right)-1],
		"of endless length":              slices.Concat([]byte{0x30, 0x80}, right[4:], []byte{0, 0}),
		"a length with a zero too many":  slices.Concat([]byte{0x30, 0x83, 0}, right[2:]),
		"a long length for a short one":  slices.Concat([]byte{0x30, 0x84, 0, 0}, right[2:]),
		"a version with a zero too many": in([]byte{2, 1, 1, 0x31}, []byte{2, 2, 0, 1, 0x31}),
		"a negative version":             in([]byte{2, 1, 1, 0x31}, []byte{2, 1, 0xff, 0x31}),
		"another type":                   in([]byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2}, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3}),
		"a string in pieces":             in([]byte{4, 0x81, 0x80}, []byte{0x24, 0x81, 0x80}),
		"deeply nested":                  deep,
		"deeply nested, rightly":         nested,
		"huge":                           make([]byte, 1<<20+1),
		"claiming to be huge":            {0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x06},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signed, err := cms.Parse(raw, now)
			edstest.Refused(t, err, pki.CodeMalformed)
			if signed != nil {
				t.Error("it was read")
			}
		})
	}
}

func shortKey(tb testing.TB) *dev.Key {
	tb.Helper()
	private, err := rsaKey(1024)
	edstest.Made(tb, private, err)
	key, err := dev.WrapKey(private)
	return edstest.Made(tb, key, err)
}
