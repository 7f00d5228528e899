package gost_test

import (
	"crypto/x509"
	encoding "encoding/asn1"
	"hash"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/gost"
)

// The certificates of the national certification centre and of its tests, each with the one that signed it.
var chains = []struct {
	name, issuer string
	curve        *gost.Curve
	hash         func() hash.Hash
}{
	{"ca-prod/root_gost_2022.pem", "ca-prod/root_gost_2022.pem", gost.TC26Set512A(), gost.New512},
	{"ca-prod/nca_gost_2022.pem", "ca-prod/root_gost_2022.pem", gost.TC26Set512A(), gost.New512},
	{"ca-test/root_test_gost_2022.cer", "ca-test/root_test_gost_2022.cer", gost.TC26Set512A(), gost.New512},
	{"ca-test/nca_gost2022_test.cer", "ca-test/root_test_gost_2022.cer", gost.TC26Set512A(), gost.New512},
	{"ca-prod/root_gost.pem", "ca-prod/root_gost.pem", gost.CryptoProA(), gost.New94},
	{"ca-prod/nca_gost.pem", "ca-prod/root_gost.pem", gost.CryptoProA(), gost.New94},
	{"ca-prod/root_gost_2020.cer", "ca-prod/root_gost_2020.cer", gost.CryptoProA(), gost.New94},
	{"ca-prod/btsd_gost.cer", "ca-prod/root_gost_2020.cer", gost.CryptoProA(), gost.New94},
	{"ca-prod/ucgo_gost.cer", "ca-prod/root_gost_2020.cer", gost.CryptoProA(), gost.New94},
}

func TestCertificatesOfTheNationalAuthority(t *testing.T) {
	for _, c := range chains {
		t.Run(c.name, func(t *testing.T) {
			certificate := readCertificate(t, c.name)
			key, err := gost.ParsePublicKey(c.curve, publicKey(t, readCertificate(t, c.issuer)))
			require.NoError(t, err)
			signed := digest(c.hash(), certificate.RawTBSCertificate)
			require.True(t, key.Verify(signed, certificate.Signature))

			changed := slices.Clone(certificate.RawTBSCertificate)
			changed[len(changed)/2] ^= 1
			require.False(t, key.Verify(digest(c.hash(), changed), certificate.Signature))
		})
	}
}

func readCertificate(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	certificate, err := x509.ParseCertificate(edstest.DER(t, name))
	require.NoError(t, err)
	return certificate
}

// publicKey is what is inside the BIT STRING and the OCTET STRING of the certificate's key.
func publicKey(t *testing.T, certificate *x509.Certificate) []byte {
	t.Helper()
	input := cryptobyte.String(certificate.RawSubjectPublicKeyInfo)
	var info, raw cryptobyte.String
	var wrapped encoding.BitString
	require.True(t, input.ReadASN1(&info, asn1.SEQUENCE) && info.SkipASN1(asn1.SEQUENCE) && info.ReadASN1BitString(&wrapped))
	inner := cryptobyte.String(wrapped.Bytes)
	require.True(t, inner.ReadASN1(&raw, asn1.OCTET_STRING) && inner.Empty())
	return raw
}
