package cms_test

import (
	"bytes"
	"testing"
	"time"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

func TestSignaturesOfTheCountry(t *testing.T) {
	t.Parallel()
	const gost, rsa = "GOST-2015-512", "RSA-SHA256"
	for _, tt := range []struct {
		name       string
		document   string // empty: it is not known
		attached   bool
		algorithms []string
		at         time.Time
	}{
		{"cms/unit_SIGNED_CMS.cms", "test123", true, []string{gost, rsa}, time.Date(2022, 9, 27, 21, 17, 59, 0, time.UTC)},
		{"cms/unit_SIGNED_DETACHED_CMS.cms", "test123", false, []string{gost, rsa}, time.Date(2022, 9, 27, 21, 29, 41, 0, time.UTC)},
		{"cms/unit_SIGNED_CMS_ONE_SIGNER.cms", "test123", true, []string{rsa}, time.Date(2022, 9, 28, 14, 40, 30, 0, time.UTC)},
		{"cms/integ_SIGNED_CMS.cms", "lol_kek", true, []string{rsa}, time.Date(2022, 10, 1, 18, 52, 19, 0, time.UTC)},
		{"cms/fixture_individual_valid_individual_valid.cms", "", false, []string{gost}, time.Time{}},
		{"cms/fixture_legal_valid_employee.cms", "", false, []string{gost}, time.Time{}},
		{"cms/fixture_legal_valid_employee_signright.cms", "", false, []string{gost}, time.Time{}},
		{"cms/fixture_legal_valid_head.cms", "", false, []string{gost}, time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			signed, err := cms.Parse(edstest.DER(t, tt.name), cms.Options{MaxSigners: 2, NeedSigningTime: true})
			if err != nil {
				t.Fatal(err)
			}
			if signed.Attached != tt.attached || len(signed.Signers) != len(tt.algorithms) {
				t.Fatalf("attached: %v, by %d", signed.Attached, len(signed.Signers))
			}
			for i, signer := range signed.Signers {
				if got := signer.Algorithm.String(); got != tt.algorithms[i] {
					t.Errorf("signed with %s, want %s", got, tt.algorithms[i])
				}
				if !tt.at.IsZero() && !signer.SigningTime.Equal(tt.at) {
					t.Errorf("signed at %s, want %s", signer.SigningTime, tt.at)
				}
				edstest.Refused(t, signer.CheckSignature(), "")
				if tt.document != "" {
					edstest.Refused(t, signer.Covers([]byte(tt.document)), "")
				}
				edstest.Refused(t, signer.Covers([]byte("another")), pki.CodeDocChanged)
				if !signer.Certificate.Signs() || signer.Certificate.Owner.IIN == "" {
					t.Errorf("the signer is %+v", signer.Certificate.Owner)
				}
			}
			if tt.attached && string(signed.Content) != tt.document {
				t.Errorf("inside is %q", signed.Content)
			}
		})
	}
}

func TestASignatureOf2018WithItsTimeStamp(t *testing.T) {
	t.Parallel()
	raw := edstest.DER(t, "cms/prod2018_gost2004_cades_t_attached.pem")
	_, err := cms.Parse(raw, now)
	edstest.Refused(t, err, pki.CodeNotAllowed)
	signed, err := cms.Parse(raw, cms.Options{Legacy: true, NeedSigningTime: true})
	if err != nil {
		t.Fatal(err)
	}
	signer := signed.Signers[0]
	edstest.Refused(t, signer.CheckSignature(), "")
	edstest.Refused(t, signer.Covers(signed.Content), "")
	if signer.Algorithm.String() != "GOST-2004" || !signer.Bound || len(signer.TimeStamps) != 1 || !bytes.HasPrefix(signed.Content, []byte("Testovaya podpis")) {
		t.Fatalf("signed with %s, bound %v, %d time stamps", signer.Algorithm, signer.Bound, len(signer.TimeStamps))
	}

	token, err := cms.Parse(signer.TimeStamps[0], cms.Options{ContentType: cms.OIDTSTInfo, Legacy: true})
	if err != nil {
		t.Fatal(err)
	}
	stamper := token.Signers[0]
	edstest.Refused(t, stamper.CheckSignature(), "")
	edstest.Refused(t, stamper.Covers(token.Content), "")
	if !bytes.Contains(token.Content, pki.GOST94.Sum(signer.Value)) {
		t.Error("the time stamp is not over the signature's value")
	}
	if !stamper.Bound || !stamper.Certificate.ExtUsageIs || !stamper.Certificate.For(pki.OIDTimeStamping) {
		t.Errorf("the stamper's certificate is for %v", stamper.Certificate.ExtUsage)
	}
	// Each certificate was valid then, under the authority of then; today none is.
	anchors := []*pki.Certificate{parsed(t, "ca-prod/nca_gost.pem")}
	for _, c := range []*pki.Certificate{signer.Certificate, stamper.Certificate} {
		_, err := pki.Chain(c, pki.ChainOptions{Anchors: anchors, At: stamper.SigningTime, Legacy: true})
		edstest.Refused(t, err, "")
		_, err = pki.Chain(c, pki.ChainOptions{Anchors: anchors, At: noon, Legacy: true})
		edstest.Refused(t, err, pki.CodeUntrusted)
	}
}

func TestATimeStampTokenOfTheTestCentre(t *testing.T) {
	t.Parallel()
	token, err := cms.Parse(edstest.DER(t, "tsp/tsp_token.bin"), cms.Options{ContentType: cms.OIDTSTInfo, Legacy: true})
	if err != nil {
		t.Fatal(err)
	}
	edstest.Refused(t, token.Signers[0].CheckSignature(), "")
	edstest.Refused(t, token.Signers[0].Covers(token.Content), "")
}

// The signer's chain, from a certificate that came along in a signature to the root of the test centre.
func TestTheChainOfASignatureOfTheCountry(t *testing.T) {
	t.Parallel()
	signed, err := cms.Parse(edstest.DER(t, "cms/fixture_legal_valid_head.cms"), now)
	if err != nil {
		t.Fatal(err)
	}
	c := signed.Signers[0].Certificate
	o := pki.ChainOptions{
		Anchors: []*pki.Certificate{parsed(t, "ca-test/root_test_gost_2022.cer")},
		Pool:    []*pki.Certificate{parsed(t, "ca-test/nca_gost2022_test.cer")},
		At:      noon,
	}
	chain, err := pki.Chain(c, o)
	if err != nil || len(chain) != 3 {
		t.Errorf("the chain has %d certificates, error %v", len(chain), err)
	}
	if !c.Has(pki.RoleCEO) || !c.Has(pki.RoleLegalEntity) || c.Owner.IIN != "123456789011" || c.Owner.BIN != "123456789021" {
		t.Errorf("read %v of %+v", c.Roles, c.Owner)
	}
	o.Anchors = []*pki.Certificate{parsed(t, "ca-prod/root_gost_2022.pem")}
	_, err = pki.Chain(c, o)
	edstest.Refused(t, err, pki.CodeUntrusted)
}

func parsed(tb testing.TB, name string) *pki.Certificate {
	tb.Helper()
	c, err := pki.ParseCertificate(edstest.DER(tb, name))
	return edstest.Made(tb, c, err)
}
