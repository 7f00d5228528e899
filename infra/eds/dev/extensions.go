package dev

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/bits"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
)

// Extensions of certificates, lists and answers.
var (
	OIDSubjectKeyID     = asn1.ObjectIdentifier{2, 5, 29, 14}
	OIDKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	OIDBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	OIDCRLNumber        = asn1.ObjectIdentifier{2, 5, 29, 20}
	OIDReason           = asn1.ObjectIdentifier{2, 5, 29, 21}
	OIDDeltaCRL         = asn1.ObjectIdentifier{2, 5, 29, 27}
	OIDCRLPoints        = asn1.ObjectIdentifier{2, 5, 29, 31}
	OIDPolicies         = asn1.ObjectIdentifier{2, 5, 29, 32}
	OIDAuthorityKeyID   = asn1.ObjectIdentifier{2, 5, 29, 35}
	OIDExtKeyUsage      = asn1.ObjectIdentifier{2, 5, 29, 37}
	OIDFreshestCRL      = asn1.ObjectIdentifier{2, 5, 29, 46}
	OIDAuthorityInfo    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 1}
	OIDNonce            = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
	OIDNoCheck          = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
	OIDExtendedRevoke   = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 9}
	OIDKeyStore         = asn1.ObjectIdentifier{1, 2, 398, 3, 3, 5} // where the key lies, says the national centre
)

// Policies of certificates and time stamps.
var (
	OIDPolicy          = asn1.ObjectIdentifier{1, 2, 398, 3, 3, 2}
	OIDRootPolicy      = asn1.ObjectIdentifier{1, 2, 398, 3, 1, 2}
	OIDTimeStampPolicy = asn1.ObjectIdentifier{1, 2, 398, 3, 3, 2, 6, 4}
)

var (
	oidFileKey   = asn1.ObjectIdentifier{1, 2, 398, 3, 3, 5, 1, 1}
	oidOCSP      = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1}
	oidCAIssuers = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 2}
)

func extension(oid asn1.ObjectIdentifier, critical bool, content func(*cryptobyte.Builder)) pkix.Extension {
	return pkix.Extension{Id: oid, Critical: critical, Value: der.Build(content)}
}

// KeyUsage says what a key may be used for. The extension is critical.
func KeyUsage(usage x509.KeyUsage) pkix.Extension {
	return extension(OIDKeyUsage, true, func(b *cryptobyte.Builder) {
		// Bit 0 of the BIT STRING is its highest, and DER drops the zeros at the end.
		value := bytes.TrimRight([]byte{bits.Reverse8(uint8(usage)), bits.Reverse8(uint8(usage >> 8))}, "\x00")
		unused := 0
		if len(value) > 0 {
			unused = bits.TrailingZeros8(value[len(value)-1])
		}
		b.AddASN1(tag.BIT_STRING, func(b *cryptobyte.Builder) {
			b.AddUint8(uint8(unused))
			b.AddBytes(value)
		})
	})
}

// ExtKeyUsage says what a key is for, and the owner's roles.
func ExtKeyUsage(critical bool, purposes ...asn1.ObjectIdentifier) pkix.Extension {
	return extension(OIDExtKeyUsage, critical, func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			for _, oid := range purposes {
				b.AddASN1ObjectIdentifier(oid)
			}
		})
	})
}

// BasicConstraints says whether the subject is an authority, and how many authorities may follow below; negative: any
// number. The extension is critical.
func BasicConstraints(authority bool, pathLength int) pkix.Extension {
	return extension(OIDBasicConstraints, true, func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			if authority {
				b.AddASN1Boolean(true)
			}
			if pathLength >= 0 {
				b.AddASN1Int64(int64(pathLength))
			}
		})
	})
}

// Policies says under which rules a certificate was issued.
func Policies(policies ...asn1.ObjectIdentifier) pkix.Extension {
	return extension(OIDPolicies, false, func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			for _, oid := range policies {
				der.Sequence(b, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
			}
		})
	})
}

// SubjectKeyID names the subject's key.
func SubjectKeyID(id []byte) pkix.Extension {
	return extension(OIDSubjectKeyID, false, func(b *cryptobyte.Builder) { b.AddASN1OctetString(id) })
}

// AuthorityKeyID names the issuer's key.
func AuthorityKeyID(id []byte) pkix.Extension {
	return extension(OIDAuthorityKeyID, false, func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1(der.Implicit(0), func(b *cryptobyte.Builder) { b.AddBytes(id) })
		})
	})
}

// CRLPoint says where the list of revoked certificates lies.
func CRLPoint(url string) pkix.Extension { return distributionPoint(OIDCRLPoints, url) }

// FreshestCRL says where the delta list lies.
func FreshestCRL(url string) pkix.Extension { return distributionPoint(OIDFreshestCRL, url) }

func distributionPoint(oid asn1.ObjectIdentifier, url string) pkix.Extension {
	return extension(oid, false, func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			der.Sequence(b, func(b *cryptobyte.Builder) {
				b.AddASN1(der.Explicit(0), func(b *cryptobyte.Builder) {
					b.AddASN1(der.Explicit(0), func(b *cryptobyte.Builder) { addURL(b, url) })
				})
			})
		})
	})
}

// AuthorityInfo says who answers for a certificate by OCSP and where the certificate of its issuer lies; empty: it does
// not say.
func AuthorityInfo(ocsp, issuer string) pkix.Extension {
	return extension(OIDAuthorityInfo, false, func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			for _, access := range []struct {
				method asn1.ObjectIdentifier
				url    string
			}{{oidCAIssuers, issuer}, {oidOCSP, ocsp}} {
				if access.url != "" {
					der.Sequence(b, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(access.method)
						addURL(b, access.url)
					})
				}
			}
		})
	})
}

// NoCheck says that nobody need ask whether the certificate is revoked: it is the one of whoever answers that.
func NoCheck() pkix.Extension {
	return extension(OIDNoCheck, false, func(b *cryptobyte.Builder) { b.AddASN1NULL() })
}

// keyStore says that a key lies in a file.
func keyStore() pkix.Extension {
	return extension(OIDKeyStore, false, func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidFileKey) })
	})
}

func addURL(b *cryptobyte.Builder, url string) {
	b.AddASN1(der.Implicit(6), func(b *cryptobyte.Builder) { b.AddBytes([]byte(url)) })
}

// addExtensions writes a list of extensions.
func addExtensions(b *cryptobyte.Builder, list []pkix.Extension) {
	der.Sequence(b, func(b *cryptobyte.Builder) { addExtensionList(b, list) })
}

// addExtensionList writes extensions without what holds them.
func addExtensionList(b *cryptobyte.Builder, list []pkix.Extension) {
	for _, e := range list {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(e.Id)
			if e.Critical {
				b.AddASN1Boolean(true)
			}
			b.AddASN1OctetString(e.Value)
		})
	}
}
