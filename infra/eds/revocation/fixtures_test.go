package revocation_test

import (
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"services.example/portal/infra/eds/cms"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
	"services.example/portal/infra/eds/revocation"
)

func realCertificate(t *testing.T, name string) *pki.Certificate {
	t.Helper()
	c, err := pki.ParseCertificate(edstest.DER(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// named is a certificate of which nothing is known but its number.
func named(t *testing.T, issuer *pki.Certificate, serial string) *pki.Certificate {
	t.Helper()
	number, right := new(big.Int).SetString(serial, 16)
	if !right {
		t.Fatal(serial)
	}
	return &pki.Certificate{
		Serial: number, X509: &x509.Certificate{RawIssuer: issuer.X509.RawSubject}, NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func TestTheCentresListsAreRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file, issuer  string
		legacy        bool
		entries       int
		number        int64
		this, next    string
		revoked, when string
		reason        revocation.Reason
	}{
		{
			file: "crl/2026-08_nca_gost2022_test.crl", issuer: "ca-test/nca_gost2022_test.cer", entries: 195, number: 166,
			this: "2026-08-11T03:49:19Z", next: "2027-02-07T03:49:19Z",
			revoked: "1A310BE9B7672FC46E79E479420BE16D459196E3", when: "2026-06-02T10:53:51Z", reason: revocation.Superseded,
		},
		{
			file: "crl/nca_gost2022_test.crl", issuer: "ca-test/nca_gost2022_test.cer", entries: 6, number: 4,
			this: "2022-07-27T11:26:06Z", next: "2023-01-23T11:26:06Z",
			revoked: "0FD51BA7059261AE60CC621F316DB4EF0EF4BA14", when: "2022-07-27T10:13:19Z", reason: revocation.KeyCompromise,
		},
		{
			file: "crl/nca_gost_test.crl", issuer: "ca-test/NCA_2004_GOST_CERT.cer", legacy: true, entries: 31, number: 7,
			this: "2022-03-29T04:30:07Z", next: "2022-09-25T04:30:07Z",
			revoked: "51BDF4262FA7FF0E71E5BFABF25C5586DFDF2FF9", when: "2021-04-03T09:22:02Z", reason: revocation.Unspecified,
		},
		{
			file: "crl/nca_rsa_test.crl", issuer: "ca-test/NCA_2004_RSA_CERT.cer", entries: 126, number: 9,
			this: "2022-03-29T04:18:29Z", next: "2022-09-25T04:18:29Z",
			revoked: "474C38696D8677A2C8B6E40345A8B04168C0905C", when: "2021-04-01T06:56:52Z", reason: revocation.CertificateHold,
		},
	} {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			issuer := realCertificate(t, test.issuer)
			list, err := revocation.ParseCRL(edstest.Fixture(t, test.file))
			if err != nil {
				t.Fatal(err)
			}
			if err := list.SignedBy(issuer, test.legacy); err != nil {
				t.Fatal(err)
			}
			if test.legacy && !pki.IsCode(list.SignedBy(issuer, false), pki.CodeNotAllowed) {
				t.Error("an algorithm of years ago is allowed now")
			}
			if list.Entries != test.entries || list.Number.Int64() != test.number || list.Base != nil ||
				list.ThisUpdate.Format(time.RFC3339) != test.this || list.NextUpdate.Format(time.RFC3339) != test.next {
				t.Errorf("%d entries, number %v, base %v, from %s to %s", list.Entries, list.Number, list.Base, list.ThisUpdate, list.NextUpdate)
			}
			q := revocation.Query{Issuer: issuer, At: list.ThisUpdate, Now: list.ThisUpdate, Legacy: test.legacy}
			q.Certificate = named(t, issuer, test.revoked)
			status, err := list.Status(q, nil)
			if err != nil || status.State != revocation.Revoked || status.RevokedAt.Format(time.RFC3339) != test.when || status.Reason != test.reason {
				t.Errorf("%s %s %s, error %v", status.State, status.RevokedAt, status.Reason, err)
			}
			q.Certificate = named(t, issuer, "123456")
			if status, err := list.Status(q, nil); err != nil || status.State != revocation.Good {
				t.Errorf("%s, error %v; want good", status.State, err)
			}
		})
	}
}

// Of the signatures that were made with the centre's test keys of 2026, that of the employee was made with a key that had
// been revoked.
func TestTheCentresListKnowsTheRevokedEmployee(t *testing.T) {
	t.Parallel()
	issuer := realCertificate(t, "ca-test/nca_gost2022_test.cer")
	list, err := revocation.ParseCRL(edstest.Fixture(t, "crl/2026-08_nca_gost2022_test.crl"))
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]revocation.State{
		"cms/fixture_individual_valid_individual_valid.cms": revocation.Good,
		"cms/fixture_legal_valid_head.cms":                  revocation.Good,
		"cms/fixture_legal_valid_employee_signright.cms":    revocation.Good,
		"cms/fixture_legal_valid_employee.cms":              revocation.Revoked,
	} {
		signed, err := cms.Parse(edstest.DER(t, file), cms.Options{})
		if err != nil {
			t.Fatal(file, err)
		}
		at := list.ThisUpdate.Add(time.Hour)
		status, err := list.Status(revocation.Query{Certificate: signed.Signers[0].Certificate, Issuer: issuer, At: at, Now: at}, nil)
		if err != nil || status.State != want {
			t.Errorf("%s: %s, error %v; want %s", file, status.State, err, want)
		}
	}
}

func TestTheCentresAnswersAreRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file, issuer, serial string
		legacy               bool
		at                   string
		state                revocation.State
		revoked              string
		reason               revocation.Reason
		code                 string
	}{
		{
			file: "ocsp/ocsp_response_ceo_2015_revoked.bin", issuer: "ca-test/nca_gost2022_test.cer", serial: "3A90343E720594C55204B19CB9A402422EF0E622",
			at: "2022-09-02T16:59:28Z", state: revocation.Revoked, revoked: "2022-07-27T10:25:30Z", reason: revocation.CertificateHold, code: pki.CodeRevoked,
		},
		{
			file: "ocsp/ocsp_response_ceo_sign_2004_revoked.bin", issuer: "ca-test/NCA_2004_GOST_CERT.cer", serial: "12E3E7B9966D09EB9CDA64251457E815C2A8DDED",
			legacy: true, at: "2022-09-02T16:57:04Z", state: revocation.Revoked, revoked: "2022-01-18T06:30:55Z", reason: revocation.Superseded, code: pki.CodeRevoked,
		},
		{ // "revoked in 1970": the responder did not know the certificate
			file: "ocsp/ocsp_response_individual_2015.bin", issuer: "ca-test/nca_gost2022_test.cer", serial: "0FF06211DC82BEB00253FFA000F1DE84ABEF454F",
			at: "2022-09-02T16:58:34Z", state: revocation.Unknown, code: pki.CodeUnknown,
		},
		{
			file: "ocsp/ocsp_response_individual_sign_2004.bin", issuer: "ca-test/NCA_2004_RSA_CERT.cer", serial: "4279390A141F5353A62947B61ED65E81741467D1",
			at: "2022-09-02T16:53:59Z", state: revocation.Good,
		},
	} {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			raw := edstest.Fixture(t, test.file)
			response, err := revocation.ParseOCSP(raw)
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339, test.at)
			if err != nil {
				t.Fatal(err)
			}
			issuer := realCertificate(t, test.issuer)
			q := revocation.Query{Certificate: named(t, issuer, test.serial), Issuer: issuer, At: at, Now: at, Legacy: test.legacy}
			status, err := response.Status(q)
			if err != nil {
				t.Fatal(err)
			}
			if status.State != test.state || status.Reason != test.reason || test.revoked != "" && status.RevokedAt.Format(time.RFC3339) != test.revoked {
				t.Errorf("%s %s %s", status.State, status.RevokedAt, status.Reason)
			}
			if err := status.Err(at); test.code == "" && err != nil || test.code != "" && !pki.IsCode(err, test.code) {
				t.Errorf("error %v, want %s", err, test.code)
			}
			if len(status.Evidence) != 1 || status.Evidence[0].Kind != revocation.OCSP || len(status.Evidence[0].DER) != len(raw) {
				t.Error("the evidence is not the response")
			}
			q.Now = at.Add(revocation.MaxAge + time.Second)
			if _, err := response.Status(q); !pki.IsCode(err, pki.CodeRevocationUnavailable) {
				t.Errorf("a day later: error %v", err)
			}
		})
	}
}
