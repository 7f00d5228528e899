package tsp_test

import (
	"testing"
	"time"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/tsp"
)

func realCertificate(t *testing.T, name string) *pki.Certificate {
	t.Helper()
	c, err := pki.ParseCertificate(edstest.DER(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheTimeStampOf2018Holds(t *testing.T) {
	t.Parallel()
	signed, err := cms.Parse(edstest.DER(t, "cms/prod2018_gost2004_cades_t_attached.pem"), cms.Options{Legacy: true})
	if err != nil {
		t.Fatal(err)
	}
	signer := signed.Signers[0]
	if len(signer.TimeStamps) != 1 {
		t.Fatalf("%d time stamps", len(signer.TimeStamps))
	}
	token, err := tsp.ParseToken(signer.TimeStamps[0], tsp.Options{Legacy: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Verify(signer.Value); err != nil {
		t.Error(err)
	}
	if want := time.Date(2018, 12, 21, 9, 25, 4, 0, time.UTC); !token.Time.Equal(want) || token.Imprint.Hash != pki.GOST94 ||
		!token.Policy.Equal(tsp.PolicyGOST2004) {
		t.Errorf("at %s with %s under %s", token.Time, token.Imprint.Hash, token.Policy)
	}
	chain, err := pki.Chain(token.Certificate, pki.ChainOptions{
		Anchors: []*pki.Certificate{realCertificate(t, "ca-prod/nca_gost.pem")}, Pool: token.Certificates, At: token.Time, Legacy: true,
	})
	if err != nil || len(chain) != 2 {
		t.Errorf("a chain of %d, error %v", len(chain), err)
	}
	if err := token.Verify(signer.MessageDigest); !pki.IsCode(err, pki.CodeTimeStamp) {
		t.Errorf("over something else: error %v", err)
	}
	if _, err := tsp.ParseToken(signer.TimeStamps[0], tsp.Options{}); !pki.IsCode(err, pki.CodeTimeStamp) {
		t.Errorf("as of now: error %v", err)
	}
}

func TestTheCentresAnswerOf2022IsRead(t *testing.T) {
	t.Parallel()
	raw, err := tsp.ParseResponse(edstest.Fixture(t, "tsp/tsp_response.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != string(edstest.Fixture(t, "tsp/tsp_token.bin")) {
		t.Error("another token")
	}
	token, err := tsp.ParseToken(raw, tsp.Options{Legacy: true})
	if err != nil {
		t.Fatal(err)
	}
	if token.Time != time.Date(2022, 9, 18, 13, 20, 14, 0, time.UTC) || token.Imprint.Hash != pki.SHA1 || !token.Policy.Equal(tsp.PolicyGOST2004) ||
		token.Serial.Text(16) != "5e846dd75d861154db10f13c54dc1f8d33fe6adc" || token.Nonce.Text(16) != "18350c022d7" {
		t.Errorf("at %s with %s under %s, number %x, nonce %x", token.Time, token.Imprint.Hash, token.Policy, token.Serial, token.Nonce)
	}
	if err := token.Certificate.SignedBy(realCertificate(t, "ca-test/NCA_2004_GOST_CERT.cer"), true); err != nil {
		t.Error(err)
	}
}
