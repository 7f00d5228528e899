package tsp_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/tsp"
)

func TestATimeStampIsReadAndHolds(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]pki.Kind{"GOST": pki.GOST2015, "RSA": pki.RSA, "ECDSA": pki.ECDSA} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca := newAuthority(t, kind)
			raw, err := ca.TimeStamp(message, noon)
			if err != nil {
				t.Fatal(err)
			}
			token, err := tsp.ParseToken(raw, tsp.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := token.Verify(message); err != nil {
				t.Error(err)
			}
			if !token.Time.Equal(noon) || token.Time.Location() != time.UTC || !token.Policy.Equal(tsp.PolicyGOST2015) ||
				!token.Certificate.Equal(ca.Stamper.Certificate) || !bytes.Equal(token.Raw, raw) || token.Nonce != nil {
				t.Errorf("at %s under %s by %s, nonce %v", token.Time, token.Policy, token.Certificate.Owner.CommonName, token.Nonce)
			}
			chain, err := pki.Chain(token.Certificate, pki.ChainOptions{Anchors: ca.Authorities(), Pool: token.Certificates, At: token.Time})
			if err != nil || len(chain) < 2 {
				t.Errorf("a chain of %d, error %v", len(chain), err)
			}
			if err := token.Verify(message[1:]); !pki.IsCode(err, pki.CodeTimeStamp) {
				t.Errorf("over something else: error %v", err)
			}
		})
	}
}

func TestAllThatATimeStampSaysIsRead(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, pki.ECDSA)
	big20 := append([]byte{2, 20, 0x80}, make([]byte, 19)...) // negative, as some of the national centre's
	authority := tlv(0xa0, tlv(0xa4, ca.Stamper.Certificate.X509.RawSubject))
	harmless := tlv(0xa1, sequence(edstest.Marshal(t, asn1.ObjectIdentifier{1, 2, 3}), tlv(4, []byte("x"))))
	raw := saying(t, ca.Stamper, version, policy, imprint(t), big20, tlv(0x18, []byte("20261123070000.25Z")),
		sequence([]byte{2, 1, 2, 0x80, 1, 3, 0x81, 1, 4}), []byte{1, 1, 0xff}, []byte{2, 1, 0xff}, authority, harmless)
	token, err := tsp.ParseToken(raw, tsp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Verify(message); err != nil {
		t.Error(err)
	}
	negative := new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 159))
	if token.Serial.Cmp(negative) != 0 || !token.Time.Equal(noon.Add(250*time.Millisecond)) || token.Nonce.Int64() != -1 ||
		token.Accuracy != 2*time.Second+3*time.Millisecond+4*time.Microsecond {
		t.Errorf("number %d at %s ± %s, nonce %d", token.Serial, token.Time, token.Accuracy, token.Nonce)
	}
}

func TestAForgedOrUnfitTimeStampIsRefused(t *testing.T) {
	t.Parallel()
	ca, stranger := newAuthority(t, pki.ECDSA), newAuthority(t, pki.ECDSA)
	by := func(change func(*dev.Template)) []byte { return stamp(t, stamper(t, ca.Issuing, change)) }
	owner, err := ca.Issue(dev.Person{Name: "ҮЛГІ АЙДАНА", IIN: "900101300823"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	good := stamp(t, ca.Stamper)
	without := func(attribute asn1.ObjectIdentifier) []byte {
		return drafted(t, ca.Stamper, func(d *cms.Draft) {
			all := d.Signers[0].Attributes
			d.Signers[0].Attributes = nil
			for _, a := range all {
				if !a.OID.Equal(attribute) {
					d.Signers[0].Attributes = append(d.Signers[0].Attributes, a)
				}
			}
		})
	}
	handmade := func(parts ...[]byte) []byte { return saying(t, ca.Stamper, parts...) }
	for name, test := range map[string]struct {
		raw  []byte
		want string
	}{
		"changed":                         {bytes.Replace(good, []byte("20261123070000Z"), []byte("20251123070000Z"), 1), "doc-changed: signed was something else"},
		"over something else":             {stamp(t, ca.Stamper, func(s *dev.TimeStamp) { s.Imprint = pki.SHA256.Sum(nil) }), "over something else"},
		"with a digest of years ago":      {stamp(t, ca.Stamper, func(s *dev.TimeStamp) { s.Hash, s.Imprint = pki.SHA1, pki.SHA1.Sum(message) }), "alg-not-allowed: the digest of a time stamp"},
		"with a digest of another length": {stamp(t, ca.Stamper, func(s *dev.TimeStamp) { s.Hash = pki.SHA384 }), "malformed: the imprint of a time stamp"},
		"with an unknown duty": {stamp(t, ca.Stamper, func(s *dev.TimeStamp) {
			s.Extensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true}}
		}), "malformed: a critical extension that is not known"},
		"by a signer of documents":        {stamp(t, owner), "by a key that is not for time stamps alone"},
		"by an OCSP responder":            {stamp(t, ca.Responder), "by a key that is not for time stamps alone"},
		"by an issuing authority":         {stamp(t, ca.Issuing), "by a key that is not for time stamps alone"},
		"by one for that, not only":       {by(func(c *dev.Template) { c.With(dev.ExtKeyUsage(true, pki.OIDTimeStamping, pki.OIDEmailProtection)) }), "by a key that is not for time stamps alone"},
		"by one for that, not critically": {by(func(c *dev.Template) { c.With(dev.ExtKeyUsage(false, pki.OIDTimeStamping)) }), "by a key that is not for time stamps alone"},
		"by one that is an authority":     {by(func(c *dev.Template) { c.With(dev.BasicConstraints(true, -1)) }), "by a key that may not sign time stamps"},
		"by a key for something else":     {by(func(c *dev.Template) { c.With(dev.KeyUsage(x509.KeyUsageKeyEncipherment)) }), "by a key that may not sign time stamps"},
		"by one with an unknown duty":     {by(func(c *dev.Template) { c.With(pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true}) }), "by a key that may not sign time stamps"},
		"by one whose time was over":      {by(func(c *dev.Template) { c.NotAfter = noon.Add(-time.Second) }), "cert-expired: the certificate had ended"},
		"by one whose time has to come":   {by(func(c *dev.Template) { c.NotBefore = noon.Add(time.Second) }), "cert-not-yet-valid: the certificate begins later"},
		"signed by another key":           {sign(t, must(ca.Stamper.TimeStampDraft(&dev.TimeStamp{Hash: pki.SHA256, Imprint: pki.SHA256.Sum(message), At: noon})), stranger.Stamper), "bad-signature: its value is not the key's"},
		"bound to no certificate":         {without(cms.OIDSigningCertificate2), "not bound to the certificate of its authority"},
		"bound to another certificate": {drafted(t, ca.Stamper, func(d *cms.Draft) {
			d.Signers[0].Attributes[3] = cms.NewDetached(nil, owner.Certificate, owner.Key.Algorithm(), noon).Signers[0].Attributes[3]
		}), "bad-signature: bound to another certificate"},
		"without the digest":               {without(cms.OIDMessageDigest), "malformed: no attribute 1.2.840.113549.1.9.4"},
		"without signed attributes":        {drafted(t, ca.Stamper, func(d *cms.Draft) { d.Signers[0].Attributes = nil }), "malformed: no signed attributes"},
		"with what it says elsewhere":      {drafted(t, ca.Stamper, func(d *cms.Draft) { d.Content = nil }), "malformed: a time stamp without what it says"},
		"with something else in its place": {drafted(t, ca.Stamper, func(d *cms.Draft) { d.Content = bytes.Replace(d.Content, []byte("20261123"), []byte("20251123"), 1) }), "doc-changed: signed was something else"},
		"of two signers":                   {drafted(t, ca.Stamper, func(d *cms.Draft) { d.Signers = append(d.Signers, d.Signers[0]) }), "malformed: too many signers"},
		"of no signer":                     {drafted(t, ca.Stamper, func(d *cms.Draft) { d.Signers = nil }), "malformed: no signer"},
		"without a certificate":            {drafted(t, ca.Stamper, func(d *cms.Draft) { d.Certificates = nil }), "malformed: no certificate of the signer"},
		"that is a document":               {drafted(t, ca.Stamper, func(d *cms.Draft) { d.ContentType = cms.OIDData }), "malformed: content type"},
		"with trailing bytes":              {append(bytes.Clone(good), 0), "malformed: not one DER sequence"},
		"that is huge":                     {make([]byte, tsp.MaxResponse+1), "malformed: huge"},
		"of another version":               {handmade([]byte{2, 1, 2}, policy, imprint(t), serial, genTime), "malformed: what a time stamp says"},
		"without a time":                   {handmade(version, policy, imprint(t), serial), "malformed: what a time stamp says"},
		"of local time":                    {handmade(version, policy, imprint(t), serial, tlv(0x18, []byte("20261123120000+0500"))), "malformed: what a time stamp says"},
		"of an odd time":                   {handmade(version, policy, imprint(t), serial, tlv(0x18, []byte("20260230070000Z"))), "malformed: what a time stamp says"},
		"with zeros at its time's end":     {handmade(version, policy, imprint(t), serial, tlv(0x18, []byte("20261123070000.50Z"))), "malformed: what a time stamp says"},
		"with a comma in its time":         {handmade(version, policy, imprint(t), serial, tlv(0x18, []byte("20261123070000,5Z"))), "malformed: what a time stamp says"},
		"of years as UTCTime":              {handmade(version, policy, imprint(t), serial, tlv(0x17, []byte("261123070000Z"))), "malformed: what a time stamp says"},
		"with an endless number":           {handmade(version, policy, imprint(t), append([]byte{2, 33, 1}, make([]byte, 32)...), genTime), "malformed: what a time stamp says"},
		"with no accuracy to speak of":     {handmade(version, policy, imprint(t), serial, genTime, sequence([]byte{0x80, 2, 3, 0xe8})), "malformed: what a time stamp says"},
		"with a negative accuracy":         {handmade(version, policy, imprint(t), serial, genTime, sequence([]byte{2, 1, 0xff})), "malformed: what a time stamp says"},
		"of another name":                  {handmade(version, policy, imprint(t), serial, genTime, tlv(0xa0, tlv(0xa4, ca.Root.Certificate.X509.RawSubject))), "by another authority than it says"},
		"of an unknown digest":             {handmade(version, policy, sequence(sequence(policy), []byte{4, 1, 0}), serial, genTime), "alg-not-allowed: the digest of a time stamp: 1.2.3.4"},
		"with more at its end":             {handmade(version, policy, imprint(t), serial, genTime, []byte{5, 0}), "malformed: the end of what a time stamp says"},
		"nothing":                          {nil, "malformed: not one DER sequence"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := tsp.ParseToken(test.raw, tsp.Options{})
			if err == nil {
				err = token.Verify(message)
			}
			var fault *pki.Error
			if !errors.As(err, &fault) || fault.Code != pki.CodeTimeStamp || fault.Detail != test.want {
				t.Errorf("error %v, want %s: %s", err, pki.CodeTimeStamp, test.want)
			}
		})
	}
}

func must[T any](made T, err error) T {
	if err != nil {
		panic(err)
	}
	return made
}

func TestAKnownAuthoritysCertificateNeedNotComeAlong(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, pki.ECDSA)
	raw := drafted(t, ca.Stamper, func(d *cms.Draft) { d.Certificates = nil })
	token, err := tsp.ParseToken(raw, tsp.Options{Known: []*pki.Certificate{ca.Responder.Certificate, ca.Stamper.Certificate}})
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Verify(message); err != nil {
		t.Error(err)
	}
}

func TestAStrangersTimeStampIsForTheCallerToRefuse(t *testing.T) {
	t.Parallel()
	ca, stranger := newAuthority(t, pki.ECDSA), newAuthority(t, pki.ECDSA)
	token, err := tsp.ParseToken(stamp(t, stranger.Stamper), tsp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Verify(message); err != nil {
		t.Fatal(err)
	}
	if _, err := pki.Chain(token.Certificate, pki.ChainOptions{Anchors: ca.Authorities(), At: token.Time}); err == nil {
		t.Error("a chain to somebody else")
	}
}

func TestAChangedTimeStampNeverHolds(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, pki.ECDSA)
	raw := stamp(t, ca.Stamper)
	for i := range raw {
		changed := bytes.Clone(raw)
		changed[i] ^= 1 << (i % 8)
		token, err := tsp.ParseToken(changed, tsp.Options{})
		if err != nil {
			continue
		}
		if err := token.Verify(message); err == nil && !bytes.Equal(token.Certificate.Raw, ca.Stamper.Certificate.Raw) {
			t.Fatalf("byte %d: taken with another certificate", i)
		} else if err == nil {
			t.Fatalf("byte %d: taken", i)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	ca := newAuthority(f, pki.ECDSA)
	f.Add(stamp(f, ca.Stamper))
	f.Add(stamp(f, ca.Stamper, func(s *dev.TimeStamp) { s.Seconds, s.Nonce, s.Serial = 1, big.NewInt(7), big.NewInt(-9) }))
	f.Add(saying(f, ca.Stamper, version, policy, imprint(f), serial, genTime, sequence([]byte{0x80, 1, 3}), tlv(0xa0, tlv(0x86, []byte("x")))))
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		token, err := tsp.ParseToken(raw, tsp.Options{})
		var fault *pki.Error
		if err != nil {
			if token != nil || !errors.As(err, &fault) || fault.Code != pki.CodeTimeStamp {
				t.Fatalf("read %v, error %v", token, err)
			}
			return
		}
		if token.Time.IsZero() || token.Certificate == nil || len(token.Imprint.Digest) != token.Imprint.Hash.Size() {
			t.Fatalf("read %+v", token)
		}
		if err := token.Verify(message); err != nil && (!errors.As(err, &fault) || fault.Code != pki.CodeTimeStamp) {
			t.Fatal(err)
		}
	})
}

func BenchmarkTokenWithGOST(b *testing.B) {
	ca := newAuthority(b, pki.GOST2015)
	raw, err := ca.TimeStamp(message, noon)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		token, err := tsp.ParseToken(raw, tsp.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := token.Verify(message); err != nil {
			b.Fatal(err)
		}
	}
}
