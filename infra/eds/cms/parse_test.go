package cms_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"
	"time"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

func TestASignatureIsWrittenAndRead(t *testing.T) {
	t.Parallel()
	large, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	large = edstest.Made(t, large, err)
	p521, err := dev.WrapKey(large)
	p521 = edstest.Made(t, p521, err)
	for name, tt := range map[string]struct {
		by        *dev.Holder
		algorithm string
	}{
		"GOST":               {holder(t, pki.GOST2015), "GOST-2015-512"},
		"ECDSA":              {holder(t, pki.ECDSA), "ECDSA-SHA256"},
		"ECDSA with SHA-512": {holderOf(t, p521.With(pki.SHA512)), "ECDSA-SHA512"},
		"RSA":                {holder(t, pki.RSA), "RSA-SHA256"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newForgery(t, tt.by)
			signed, err := check(f.made.DER(), document, now)
			if err != nil {
				t.Fatal(err)
			}
			signer := signed.Signers[0]
			if signed.Attached || signed.Content != nil || len(signed.Signers) != 1 || len(signed.Certificates) != 1 {
				t.Errorf("read %+v", signed)
			}
			if signer.Algorithm.String() != tt.algorithm || !signer.SigningTime.Equal(noon) || !signer.Bound ||
				!signer.Certificate.Equal(tt.by.Certificate) || !bytes.Equal(signer.Value, f.signer().Signature) {
				t.Errorf("read %+v", signer)
			}
			sum := signer.NewHash()
			sum.Write(document)
			if !bytes.Equal(sum.Sum(nil), signer.MessageDigest) {
				t.Errorf("the digest is %x", signer.MessageDigest)
			}
			edstest.Refused(t, signer.Covers(document[1:]), pki.CodeDocChanged)
			edstest.Refused(t, signer.Covers(nil), pki.CodeDocChanged)
		})
	}
}

func TestTheDocumentMayBeInside(t *testing.T) {
	t.Parallel()
	by := holder(t, pki.GOST2015)
	for name, content := range map[string][]byte{"a document": document, "an empty one": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			draft := cms.NewAttached(cms.OIDData, content, by.Certificate, by.Key.Algorithm(), noon)
			if err := draft.SignBy(by.Key); err != nil {
				t.Fatal(err)
			}
			signed, err := check(draft.DER(), content, now)
			if err != nil {
				t.Fatal(err)
			}
			if !signed.Attached || !bytes.Equal(signed.Content, content) {
				t.Errorf("inside is %q", signed.Content)
			}
		})
	}
}

func TestSeveralMaySignOneDocument(t *testing.T) {
	t.Parallel()
	first, second := holder(t, pki.GOST2015), holder(t, pki.RSA)
	draft := cms.NewDetached(document, first.Certificate, first.Key.Algorithm(), noon)
	draft.AddSigner(document, second.Certificate, second.Key.Algorithm(), noon.Add(time.Hour))
	if err := draft.SignBy(first.Key); err == nil {
		t.Error("two signers sign with one key")
	}
	if err := draft.SignBy(first.Key, second.Key); err != nil {
		t.Fatal(err)
	}
	signed, err := check(draft.DER(), document, cms.Options{MaxSigners: 2, NeedSigningTime: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(signed.Signers) != 2 || !signed.Signers[0].Certificate.Equal(first.Certificate) || !signed.Signers[1].Certificate.Equal(second.Certificate) {
		t.Errorf("%d signed", len(signed.Signers))
	}
	if !signed.Signers[1].SigningTime.Equal(noon.Add(time.Hour)) || signed.Signers[1].Algorithm.Kind != pki.RSA {
		t.Errorf("the second one signed %+v", signed.Signers[1])
	}
	_, err = cms.Parse(draft.DER(), now)
	edstest.Refused(t, err, pki.CodeMalformed)
	// One wrong signature makes all of it wrong.
	draft.Signers[1].Signature[7] ^= 1
	_, err = check(draft.DER(), document, cms.Options{MaxSigners: 2})
	edstest.Refused(t, err, pki.CodeBadSignature)
}

func TestASignerMayBeKnownWithoutACertificateInside(t *testing.T) {
	t.Parallel()
	by := holder(t, pki.ECDSA)
	f := newForgery(t, by)
	f.made.Certificates = nil
	_, err := cms.Parse(f.made.DER(), now)
	edstest.Refused(t, err, pki.CodeMalformed)
	signed, err := check(f.made.DER(), document, cms.Options{Known: []*pki.Certificate{holder(t, pki.ECDSA).Certificate, by.Certificate}})
	if err != nil || !signed.Signers[0].Certificate.Equal(by.Certificate) || len(signed.Certificates) != 0 {
		t.Errorf("read %+v, error %v", signed, err)
	}
	_, err = cms.Parse(f.made.DER(), cms.Options{Known: []*pki.Certificate{by.Certificate, by.Certificate}})
	edstest.Refused(t, err, pki.CodeMalformed)
}

func TestWhatATimeStampSaysIsReadAsSuch(t *testing.T) {
	t.Parallel()
	by := holder(t, pki.GOST2015)
	info := sequence(edstest.Marshal(t, 1))
	draft := cms.NewAttached(cms.OIDTSTInfo, info, by.Certificate, by.Key.Algorithm(), noon)
	if draft.Version != 3 {
		t.Errorf("its version is %d", draft.Version)
	}
	if err := draft.SignBy(by.Key); err != nil {
		t.Fatal(err)
	}
	signed, err := check(draft.DER(), info, cms.Options{ContentType: cms.OIDTSTInfo})
	if err != nil || !bytes.Equal(signed.Content, info) {
		t.Errorf("read %+v, error %v", signed, err)
	}
	_, err = cms.Parse(draft.DER(), now)
	edstest.Refused(t, err, pki.CodeMalformed) // a time stamp is no signature over a document
	f := newForgery(t, by)
	_, err = cms.Parse(f.made.DER(), cms.Options{ContentType: cms.OIDTSTInfo})
	edstest.Refused(t, err, pki.CodeMalformed) // nor the other way round
}

func TestATimeStampMayBeBoundBySHA1(t *testing.T) {
	t.Parallel()
	by := holder(t, pki.ECDSA)
	info := []byte("info")
	stamp := func(binding []byte) []byte {
		draft := cms.NewAttached(cms.OIDTSTInfo, info, by.Certificate, by.Key.Algorithm(), noon)
		draft.Signers[0].Attributes[3] = cms.Attribute{OID: cms.OIDSigningCertificate, Values: [][]byte{binding}}
		if err := draft.SignBy(by.Key); err != nil {
			t.Fatal(err)
		}
		return draft.DER()
	}
	o := cms.Options{ContentType: cms.OIDTSTInfo}
	signed, err := check(stamp(cms.Binding(pki.SHA1, by.DER()).Values[0]), info, o)
	if err != nil || !signed.Signers[0].Bound {
		t.Errorf("read %+v, error %v", signed, err)
	}
	_, err = check(stamp(sequence(sequence(sequence(edstest.Marshal(t, make([]byte, 20)))))), info, o)
	edstest.Refused(t, err, pki.CodeBadSignature)
	_, err = check(stamp(cms.Binding(pki.SHA256, by.DER()).Values[0]), info, o)
	edstest.Refused(t, err, pki.CodeMalformed)
}

func TestAlgorithmsOfYearsAgoAreForOldEvidence(t *testing.T) {
	t.Parallel()
	rsa := holder(t, pki.RSA)
	for name, by := range map[string]*dev.Holder{
		"GOST of 2004":   holder(t, pki.GOST2004),
		"RSA with SHA-1": {Certificate: rsa.Certificate, Key: rsa.Key.With(pki.SHA1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newForgery(t, by)
			_, err := cms.Parse(f.made.DER(), now)
			edstest.Refused(t, err, pki.CodeNotAllowed)
			signed, err := check(f.made.DER(), document, cms.Options{Legacy: true})
			if err != nil || signed.Signers[0].Algorithm != by.Key.Algorithm() {
				t.Errorf("read %+v, error %v", signed, err)
			}
		})
	}
	f := newForgery(t, rsa)
	f.add(cms.OIDSigningCertificate, cms.Binding(pki.SHA1, rsa.DER()).Values...)
	_, err := cms.Parse(f.made.DER(), now)
	edstest.Refused(t, err, pki.CodeNotAllowed)
	_, err = check(f.made.DER(), document, cms.Options{Legacy: true})
	edstest.Refused(t, err, "")
}

func TestATimeBeyond2049(t *testing.T) {
	t.Parallel()
	by := holder(t, pki.ECDSA)
	late := noon.AddDate(30, 0, 0)
	draft := cms.NewDetached(document, by.Certificate, by.Key.Algorithm(), late)
	if err := draft.SignBy(by.Key); err != nil {
		t.Fatal(err)
	}
	signed, err := check(draft.DER(), document, now)
	if err != nil || !signed.Signers[0].SigningTime.Equal(late) {
		t.Errorf("read %+v, error %v", signed, err)
	}
}

func TestNoByteOfASignatureCanBeChanged(t *testing.T) {
	t.Parallel()
	by := holder(t, pki.ECDSA)
	ca, err := authority()
	ca = edstest.Made(t, ca, err)
	right := newForgery(t, by).made.DER()
	for i := range right {
		changed := bytes.Clone(right)
		changed[i] ^= 1 << (i % 8)
		signed, err := check(changed, document, now)
		if err == nil && signed.Signers[0].Certificate.SignedBy(ca.Issuing.Certificate, false) == nil {
			t.Fatalf("accepted with byte %d changed", i)
		}
	}
}

func FuzzParse(f *testing.F) {
	by := holder(f, pki.ECDSA)
	right := newForgery(f, by)
	right.unsigned(cms.OIDTimeStampToken, sequence())
	f.Add(right.made.DER())
	gost := newForgery(f, holder(f, pki.GOST2015))
	gost.unsigned(cms.OIDRevocationValues, revocationValues())
	gost.unsigned(cms.OIDCertificateValues, sequence(by.DER()))
	gost.made.CRLs, gost.made.OCSPs, gost.made.Version = [][]byte{sequence()}, [][]byte{sequence()}, 5
	f.Add(gost.made.DER())
	stamp := cms.NewAttached(cms.OIDTSTInfo, document, by.Certificate, by.Key.Algorithm(), noon)
	f.Add(stamp.DER())
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, o := range []cms.Options{now, {ContentType: cms.OIDTSTInfo, Legacy: true, MaxSigners: 4}} {
			signed, err := cms.Parse(raw, o)
			if err != nil {
				if signed != nil || !pki.IsCode(err, pki.CodeMalformed) && !pki.IsCode(err, pki.CodeNotAllowed) {
					t.Fatalf("read %v, error %v", signed, err)
				}
				continue
			}
			if len(signed.Signers) == 0 {
				t.Fatal("nobody signed")
			}
			for _, s := range signed.Signers {
				if s.Certificate == nil || len(s.MessageDigest) != s.Algorithm.Hash.Size() || s.SigningTime.IsZero() && o.NeedSigningTime {
					t.Fatalf("read %+v", s)
				}
				if err := s.CheckSignature(); err != nil && !pki.IsCode(err, pki.CodeBadSignature) && !pki.IsCode(err, pki.CodeNotAllowed) {
					t.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkParseAndCheck(b *testing.B) {
	for name, kind := range map[string]pki.Kind{"GOST": pki.GOST2015, "RSA": pki.RSA, "ECDSA": pki.ECDSA} {
		raw := newForgery(b, holder(b, kind)).made.DER()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := check(raw, document, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
