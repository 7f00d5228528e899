package ncalayer_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/ncalayer"
	"services.example/portal/infra/eds/pki"
)

// holder is somebody with a GOST key under an authority of the test.
func holder(t *testing.T) (*dev.CA, *ncalayer.SigningKey) {
	t.Helper()
	ca, err := dev.NewCA(pki.GOST2015, made)
	if err != nil {
		t.Fatal(err)
	}
	owner, err := ca.Owner(dev.Person{Name: "ҮЛГІБАЕВ ҮЛГІ", IIN: aPerson}, made)
	if err != nil {
		t.Fatal(err)
	}
	return ca, &ncalayer.SigningKey{
		Owner: owner.Certificate, Private: owner.Key, Now: func() time.Time { return made },
		Stamp: func(_ context.Context, signature []byte) ([]byte, error) { return ca.TimeStamp(signature, made) },
	}
}

func TestASignatureIsReadByTheStrictReader(t *testing.T) {
	t.Parallel()
	_, key := holder(t)
	document := []byte("келісім")
	for name, what := range map[string]ncalayer.Request{
		"detached":            {Data: document},
		"with a time stamp":   {Data: document, TimeStamp: true},
		"attached":            {Data: document, Attached: true},
		"of its digest":       {Data: pki.Streebog512.Sum(document), Digested: true},
		"a digest, and stamp": {Data: pki.Streebog512.Sum(document), Digested: true, TimeStamp: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			der, err := key.Sign(t.Context(), what)
			if err != nil {
				t.Fatal(err)
			}
			signed, err := cms.Parse(der, cms.Options{ContentType: cms.OIDData, MaxSigners: 1, NeedSigningTime: true})
			if err != nil {
				t.Fatal(err)
			}
			signer := signed.Signers[0]
			if err := errors.Join(signer.Covers(document), signer.CheckSignature()); err != nil {
				t.Error(err)
			}
			if signed.Attached != what.Attached || what.Attached && string(signed.Content) != string(document) {
				t.Errorf("inside, %t: %q", signed.Attached, signed.Content)
			}
			if !signer.SigningTime.Equal(made) || !signer.Certificate.Equal(key.Owner) || len(signed.Certificates) != 1 {
				t.Errorf("signed at %v by %x with %d certificates", signer.SigningTime, signer.Certificate.Raw, len(signed.Certificates))
			}
			if stamps := len(signer.TimeStamps); stamps == 1 != what.TimeStamp {
				t.Errorf("%d time stamps", stamps)
			}
		})
	}
}

func TestWhatCannotBeSignedIsRefused(t *testing.T) {
	t.Parallel()
	_, key := holder(t)
	for name, what := range map[string]ncalayer.Request{
		"a digest of another function": {Data: make([]byte, 32), Digested: true},
		"a digest inside":              {Data: make([]byte, 64), Digested: true, Attached: true},
	} {
		if der, err := key.Sign(t.Context(), what); err == nil {
			t.Errorf("%s was signed: %x", name, der)
		}
	}
	key.Stamp = func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no time") }
	if der, err := key.Sign(t.Context(), ncalayer.Request{TimeStamp: true}); err == nil {
		t.Errorf("without the stamp that was asked for: %x", der)
	}
	key.Stamp = nil
	if _, err := key.Sign(t.Context(), ncalayer.Request{TimeStamp: true}); err != nil {
		t.Errorf("without anybody who stamps: %v", err)
	}
}

// TestAGOSTKeyIsDescribedAsAnyOther reads what x509 knows nothing of.
func TestAGOSTKeyIsDescribedAsAnyOther(t *testing.T) {
	t.Parallel()
	_, key := holder(t)
	p := open(t, serve(t, ncalayer.Config{Keys: []ncalayer.Key{key}}))
	answer, _ := p.ask(`{"module":"kz.gov.pki.knca.commonUtils","method":"getKeyInfo","args":["PKCS12"]}`).(map[string]any)
	info, _ := answer["responseObject"].(map[string]any)
	if info["algorithm"] != "ECGOST3410-2015" || info["subjectCn"] != "ҮЛГІБАЕВ ҮЛГІ" || info["issuerCn"] != "DEMO CA: NOT A SIGNATURE OF ANYBODY" {
		t.Errorf("the key is %v", info)
	}
}
