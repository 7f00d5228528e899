package revocation

import (
	"bytes"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

// certID names a certificate as OCSP does: by digests of its issuer's name and key, and its serial number.
type certID struct {
	hash      pki.Hash
	name, key []byte
	serial    *big.Int
}

// idOf names a certificate with a digest.
func idOf(certificate, issuer *pki.Certificate, hash pki.Hash) (certID, error) {
	key, err := keyBits(issuer)
	if err != nil {
		return certID{}, err
	}
	return certID{hash, hash.Sum(certificate.X509.RawIssuer), hash.Sum(key), certificate.Serial}, nil
}

// keyBits are the bits of a public key, without its algorithm: what OCSP makes digests of.
func keyBits(c *pki.Certificate) ([]byte, error) {
	input := cryptobyte.String(c.X509.RawSubjectPublicKeyInfo)
	var info cryptobyte.String
	var bits []byte
	if !input.ReadASN1(&info, asn1.SEQUENCE) || !info.SkipASN1(asn1.SEQUENCE) || !info.ReadASN1BitStringAsBytes(&bits) {
		return nil, pki.Malformed("the public key of an authority")
	}
	return bits, nil
}

func (id certID) equal(other certID) bool {
	return id.hash == other.hash && bytes.Equal(id.name, other.name) && bytes.Equal(id.key, other.key) && id.serial.Cmp(other.serial) == 0
}

// NewOCSPRequest writes the question for one certificate: DER for a responder. The nonce, 8 to 32 random bytes, comes
// back in an answer made for this question.
func NewOCSPRequest(certificate, issuer *pki.Certificate, nonce []byte) ([]byte, error) {
	id, err := idOf(certificate, issuer, pki.SHA256)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // OCSPRequest
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // TBSRequest
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // requestList
				b.AddASN1(asn1.SEQUENCE, id.add)
			})
			b.AddASN1(der.Explicit(2), func(b *cryptobyte.Builder) { addNonce(b, nonce) })
		})
	})
	raw, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("writing an OCSP request: %w", err)
	}
	return raw, nil
}

func (id certID) add(b *cryptobyte.Builder) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		pki.AddIdentifier(b, id.hash.OID())
		b.AddASN1OctetString(id.name)
		b.AddASN1OctetString(id.key)
		b.AddASN1BigInt(id.serial)
	})
}

func addNonce(b *cryptobyte.Builder, nonce []byte) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(oidNonce)) })
			b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
		})
	})
}
