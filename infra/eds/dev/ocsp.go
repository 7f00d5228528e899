package dev

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

// OCSPAnswer is an answer by RFC 6960 before it is signed.
type OCSPAnswer struct {
	Responder    Name // nil: the subject of whoever signs
	ByKey        bool // the responder is named by its key instead
	ProducedAt   time.Time
	Entries      []OCSPEntry
	Extensions   []pkix.Extension
	Certificates [][]byte              // that come along; nil: that of whoever signs, empty: none
	Algorithm    asn1.ObjectIdentifier // nil: what the key signs with
}

// OCSPEntry says how it is about one certificate.
type OCSPEntry struct {
	ID         []byte      // CertID in DER
	Revoked    *Revocation // nil: it is not; the serial number is not looked at
	Unknown    bool        // the responder does not know the certificate
	ThisUpdate time.Time
	NextUpdate time.Time // zero: it does not say
	Extensions []pkix.Extension
}

// OCSPFailure is why there is no answer.
type OCSPFailure int

// The failures of RFC 6960.
const (
	OCSPMalformed    OCSPFailure = 1
	OCSPInternal     OCSPFailure = 2
	OCSPTryLater     OCSPFailure = 3
	OCSPSigRequired  OCSPFailure = 5
	OCSPUnauthorized OCSPFailure = 6
)

// DER writes the failure as a response.
func (f OCSPFailure) DER() []byte {
	return der.Build(func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(f)) })
	})
}

var oidBasicOCSP = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}

// OCSP signs an answer.
func (h *Holder) OCSP(a *OCSPAnswer) ([]byte, error) {
	algorithm := a.Algorithm
	if algorithm == nil {
		algorithm = h.Key.Algorithm().OID()
	}
	certificates := a.Certificates
	if certificates == nil {
		certificates = [][]byte{h.DER()}
	}
	body := der.Build(func(b *cryptobyte.Builder) { a.add(b, h) })
	if body == nil {
		return nil, errors.New("making an OCSP answer: what it says cannot be written")
	}
	basic, err := sealed(body, algorithm, h.Key, func(b *cryptobyte.Builder) {
		if len(certificates) > 0 {
			b.AddASN1(der.Explicit(0), func(b *cryptobyte.Builder) {
				der.Sequence(b, func(b *cryptobyte.Builder) {
					for _, c := range certificates {
						b.AddBytes(c)
					}
				})
			})
		}
	})
	if err != nil {
		return nil, err
	}
	return der.Build(func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1Enum(0)
			b.AddASN1(der.Explicit(0), func(b *cryptobyte.Builder) {
				der.Sequence(b, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidBasicOCSP)
					b.AddASN1OctetString(basic)
				})
			})
		})
	}), nil
}

func (a *OCSPAnswer) add(b *cryptobyte.Builder, by *Holder) {
	der.Sequence(b, func(b *cryptobyte.Builder) {
		if a.ByKey {
			b.AddASN1(der.Explicit(2), func(b *cryptobyte.Builder) { b.AddASN1OctetString(keyHash(pki.SHA1, by.Certificate)) })
		} else {
			b.AddASN1(der.Explicit(1), func(b *cryptobyte.Builder) {
				if a.Responder != nil {
					b.AddBytes(a.Responder.DER())
				} else {
					b.AddBytes(by.Certificate.X509.RawSubject)
				}
			})
		}
		b.AddASN1GeneralizedTime(a.ProducedAt.UTC())
		der.Sequence(b, func(b *cryptobyte.Builder) {
			for _, entry := range a.Entries {
				der.Sequence(b, entry.add)
			}
		})
		addOptional(b, 1, a.Extensions)
	})
}

func (e OCSPEntry) add(b *cryptobyte.Builder) {
	b.AddBytes(e.ID)
	switch {
	case e.Unknown:
		b.AddASN1(der.Implicit(2), func(*cryptobyte.Builder) {})
	case e.Revoked != nil:
		b.AddASN1(der.Explicit(1), func(b *cryptobyte.Builder) {
			b.AddASN1GeneralizedTime(e.Revoked.At.UTC())
			if e.Revoked.Reason >= 0 {
				b.AddASN1(der.Explicit(0), func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(e.Revoked.Reason)) })
			}
		})
	default:
		b.AddASN1(der.Implicit(0), func(*cryptobyte.Builder) {})
	}
	b.AddASN1GeneralizedTime(e.ThisUpdate.UTC())
	if !e.NextUpdate.IsZero() {
		b.AddASN1(der.Explicit(0), func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(e.NextUpdate.UTC()) })
	}
	addOptional(b, 1, e.Extensions)
}

func addOptional(b *cryptobyte.Builder, number uint8, extensions []pkix.Extension) {
	if len(extensions) > 0 {
		b.AddASN1(der.Explicit(number), func(b *cryptobyte.Builder) { addExtensions(b, extensions) })
	}
}

// CertID names a certificate as OCSP does: by digests of its issuer's name and key, and its serial number.
func CertID(hash pki.Hash, issuer *pki.Certificate, serial *big.Int) []byte {
	return der.Build(func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			pki.AddIdentifier(b, hash.OID())
			b.AddASN1OctetString(hash.Sum(issuer.X509.RawSubject))
			b.AddASN1OctetString(keyHash(hash, issuer))
			b.AddASN1BigInt(serial)
		})
	})
}

// keyHash is the digest of a public key without what says of which kind it is.
func keyHash(hash pki.Hash, of *pki.Certificate) []byte {
	info := cryptobyte.String(of.X509.RawSubjectPublicKeyInfo)
	var content, bits cryptobyte.String
	if !info.ReadASN1(&content, tag.SEQUENCE) || !content.SkipASN1(tag.SEQUENCE) || !content.ReadASN1(&bits, tag.BIT_STRING) || !bits.Skip(1) {
		return nil
	}
	return hash.Sum(bits)
}

// Nonce is the extension that ties an answer to a request.
func Nonce(value []byte) pkix.Extension {
	return extension(OIDNonce, false, func(b *cryptobyte.Builder) { b.AddASN1OctetString(value) })
}

// ExtendedRevoke is the extension of an answer that calls certificates revoked which were never issued.
func ExtendedRevoke() pkix.Extension {
	return extension(OIDExtendedRevoke, false, func(b *cryptobyte.Builder) { b.AddASN1NULL() })
}
