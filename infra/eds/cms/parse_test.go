package cms_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"

	"services.example/portal/infra/eds/cms"
)

var (
	noon     = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	document = []byte("құжат")
)

func holder(tb testing.TB) (*x509.Certificate, *rsa.PrivateKey) {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "X"}, NotBefore: noon, NotAfter: noon.AddDate(1, 0, 0)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return certificate, key
}

// quick is the DER of a certificate whose key takes no time to make.
func quick(tb testing.TB) []byte {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "X"}, NotBefore: noon, NotAfter: noon.AddDate(1, 0, 0)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestASignatureIsWrittenAndRead(t *testing.T) {
	t.Parallel()
	certificate, key := holder(t)
	sum := sha512.Sum512(document)
	digest, err := asn1.Marshal(sum[:])
	if err != nil {
		t.Fatal(err)
	}
	late, err := asn1.MarshalWithParams(noon.AddDate(30, 0, 0), "generalized")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(*cms.Draft)
		hash   crypto.Hash
		at     time.Time
	}{
		"RSA with SHA-256": {func(*cms.Draft) {}, crypto.SHA256, noon},
		"RSA with SHA-512 by its own name": {func(d *cms.Draft) {
			sha512 := asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
			d.Announced = append(d.Announced, sha512)
			d.Signers[0].Digest, d.Signers[0].Algorithm = sha512, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}
			d.Signers[0].Attributes[1].Values = [][]byte{digest}
		}, crypto.SHA512, noon},
		"a time beyond 2049": {func(d *cms.Draft) { d.Signers[0].Attributes[2].Values = [][]byte{late} }, crypto.SHA256, noon.AddDate(30, 0, 0)},
		"an attribute that means nothing here": {func(d *cms.Draft) {
			d.Signers[0].Attributes = append(d.Signers[0].Attributes, cms.Attribute{OID: asn1.ObjectIdentifier{1, 2, 3}, Values: [][]byte{{5, 0}}})
		}, crypto.SHA256, noon},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			draft := cms.NewDraft(document, certificate, noon)
			tt.change(draft)
			if err := draft.Sign(key); err != nil {
				t.Fatal(err)
			}
			signed, err := cms.Parse(draft.DER())
			if err != nil {
				t.Fatal(err)
			}
			if err := signed.CheckSignature(); err != nil {
				t.Error(err)
			}
			sum := tt.hash.New()
			sum.Write(document)
			if signed.Hash != tt.hash || !bytes.Equal(signed.Digest, sum.Sum(nil)) || !signed.SigningTime.Equal(tt.at) || !signed.Certificate.Equal(certificate) {
				t.Errorf("read %v %x at %s by %s", signed.Hash, signed.Digest, signed.SigningTime, signed.Certificate.Subject)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	certificate, err := x509.ParseCertificate(quick(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cms.NewDraft(document, certificate, noon).DER()) // unsigned: every process of the fuzzer comes through here
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		signed, err := cms.Parse(raw)
		var refused *cms.Error
		if err != nil {
			if signed != nil || !errors.As(err, &refused) {
				t.Fatalf("read %v, error %v", signed, err)
			}
			return
		}
		if signed.Certificate == nil || len(signed.Digest) != signed.Hash.Size() || signed.SigningTime.IsZero() {
			t.Fatalf("read %+v", signed)
		}
		if err := signed.CheckSignature(); err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
	})
}
