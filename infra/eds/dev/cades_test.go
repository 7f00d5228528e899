package dev

import (
	"bytes"
	"testing"
	"time"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/tsp"
)

var nurai = Person{Name: "БҰЛАҚБАЙ НҰРАЙ", IIN: iin}

func TestDocumentsAreSigned(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		for how, o := range map[string]SignOptions{
			"detached":              {},
			"attached":              {Attached: true},
			"by the digest":         {Digested: true},
			"with chain":            {Chain: true},
			"with a time stamp":     {TimeStamp: true},
			"with everything in it": {Attached: true, Chain: true, TimeStamp: true},
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				ca, at := caOf(t, kind), noon.Add(time.Hour)
				legacy := kind == pki.GOST2004
				what := document
				if o.Digested {
					what = ca.Issuing.Key.hash.Sum(document)
				}
				der, err := ca.Sign(nurai, what, at, o)
				if err != nil {
					t.Fatal(err)
				}
				signed, err := cms.Parse(der, cms.Options{Legacy: legacy, NeedSigningTime: true})
				if err != nil {
					t.Fatal(err)
				}
				signer := signed.Signers[0]
				if err := signer.CheckSignature(); err != nil {
					t.Error(err)
				}
				if err := signer.Covers(document); err != nil {
					t.Error(err)
				}
				if signer.Certificate.Owner.IIN != iin || !signer.SigningTime.Equal(at) || !signer.Bound || signer.Algorithm != ca.Issuing.Key.Algorithm() {
					t.Errorf("signed by %+v at %s", signer.Certificate.Owner, signer.SigningTime)
				}
				if signed.Attached != o.Attached || o.Attached && !bytes.Equal(signed.Content, document) {
					t.Errorf("inside is %q", signed.Content)
				}
				if chain := len(signed.Certificates) == 2; chain != o.Chain || chain && !signed.Certificates[1].Equal(ca.Issuing.Certificate) {
					t.Errorf("%d certificates came along", len(signed.Certificates))
				}
				if stamped := len(signer.TimeStamps) == 1; stamped != o.TimeStamp {
					t.Fatalf("%d time stamps came along", len(signer.TimeStamps))
				}
				if !o.TimeStamp {
					return
				}
				token, err := tsp.ParseToken(signer.TimeStamps[0], tsp.Options{Legacy: legacy})
				if err != nil {
					t.Fatal(err)
				}
				if err := token.Verify(signer.Value); err != nil || !token.Time.Equal(at) || !token.Certificate.Equal(ca.Stamper.Certificate) {
					t.Errorf("stamped at %s, error %v", token.Time, err)
				}
			})
		}
	}
}

func TestWhatCannotBeSignedIsSaid(t *testing.T) {
	t.Parallel()
	ca := caOf(t, pki.ECDSA)
	for name, tt := range map[string]struct {
		what []byte
		how  SignOptions
	}{
		"a digest of another length":     {document, SignOptions{Digested: true}},
		"a digest inside for a document": {pki.SHA256.Sum(document), SignOptions{Digested: true, Attached: true}},
	} {
		if der, err := ca.Sign(nurai, tt.what, noon, tt.how); err == nil {
			t.Errorf("%s was signed: %x", name, der)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	ca := caOf(b, pki.GOST2015)
	for b.Loop() {
		if _, err := ca.Sign(nurai, document, noon, SignOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
