package pki_test

import (
	"encoding/hex"
	"testing"
	"time"

	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

func TestTheAuthoritiesOfTheCountry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, by  string
		kind      pki.Kind
		algorithm string
		legacy    bool
	}{
		{"ca-prod/root_gost_2022.pem", "ca-prod/root_gost_2022.pem", pki.GOST2015, "GOST-2015-512", false},
		{"ca-prod/nca_gost_2022.pem", "ca-prod/root_gost_2022.pem", pki.GOST2015, "GOST-2015-512", false},
		{"ca-prod/root_rsa_2020.cer", "ca-prod/root_rsa_2020.cer", pki.RSA, "RSA-SHA256", false},
		{"ca-prod/nca_rsa_2022.cer", "ca-prod/root_rsa_2020.cer", pki.RSA, "RSA-SHA256", false},
		{"ca-prod/root_gost.pem", "ca-prod/root_gost.pem", pki.GOST2004, "GOST-2004", true},
		{"ca-prod/nca_gost.pem", "ca-prod/root_gost.pem", pki.GOST2004, "GOST-2004", true},
		{"ca-prod/root_gost_2020.cer", "ca-prod/root_gost_2020.cer", pki.GOST2004, "GOST-2004", true},
		{"ca-prod/ucgo_gost.cer", "ca-prod/root_gost_2020.cer", pki.GOST2004, "GOST-2004", true},
		{"ca-prod/btsd_gost.cer", "ca-prod/root_gost_2020.cer", pki.GOST2004, "GOST-2004", true},
		{"ca-prod/root_rsa.pem", "ca-prod/root_rsa.pem", pki.RSA, "RSA-SHA256", false},
		{"ca-prod/nca_rsa.pem", "ca-prod/root_rsa.pem", pki.RSA, "RSA-SHA256", false},
		{"ca-test/root_test_gost_2022.cer", "ca-test/root_test_gost_2022.cer", pki.GOST2015, "GOST-2015-512", false},
		{"ca-test/nca_gost2022_test.cer", "ca-test/root_test_gost_2022.cer", pki.GOST2015, "GOST-2015-512", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, by := fixture(t, tt.name), fixture(t, tt.by)
			if !c.IsCA || c.Key.Kind() != tt.kind || c.Algorithm.String() != tt.algorithm || c.Signs() || len(c.Unknown) > 0 {
				t.Errorf("read an authority: %v, of kind %d, signed with %s, unknown %v", c.IsCA, c.Key.Kind(), c.Algorithm, c.Unknown)
			}
			code := ""
			if tt.legacy {
				code = pki.CodeNotAllowed
			}
			edstest.Refused(t, c.SignedBy(by, false), code)
			edstest.Refused(t, c.SignedBy(by, true), "")
		})
	}
}

func TestRootsOfTheSameNameAreToldApart(t *testing.T) {
	t.Parallel()
	issuing := fixture(t, "ca-prod/ucgo_gost.cer")
	old, now := fixture(t, "ca-prod/root_gost.pem"), fixture(t, "ca-prod/root_gost_2020.cer")
	chain, err := pki.Chain(issuing, pki.ChainOptions{
		Anchors: []*pki.Certificate{old, now}, At: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Legacy: true,
	})
	if err != nil || len(chain) != 2 || !chain[1].Equal(now) {
		t.Errorf("the chain has %d certificates, error %v", len(chain), err)
	}
}

func TestThePinOfAnAuthorityIsTheDigestOfItsDER(t *testing.T) {
	t.Parallel()
	sum := fixture(t, "ca-prod/nca_gost_2022.pem").SHA256()
	if got := hex.EncodeToString(sum[:]); got != "32c7d233a42703a327f3025543a05b930e3f39a786c68dfa196baa86d5618524" {
		t.Errorf("the pin is %s", got)
	}
}

func FuzzParseCertificateOfTheCountry(f *testing.F) {
	for _, folder := range []string{"ca-prod", "ca-test"} {
		for _, name := range edstest.Names(f, folder) {
			f.Add(edstest.DER(f, name))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if c, err := pki.ParseCertificate(raw); (err == nil) != (c != nil) {
			t.Fatalf("read %v, error %v", c, err)
		}
	})
}
