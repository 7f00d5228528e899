package cms

import (
	"crypto"
	encoding "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// boundCertificate is the digest of a certificate to which the signer bound the signature.
type boundCertificate struct {
	hash   crypto.Hash
	digest []byte
}

// readAttributes reads the signed attributes: each once, with one value. Content type, message digest and signing time
// are mandatory.
func (s *Signed) readAttributes(element cryptobyte.String) error {
	var list cryptobyte.String
	if !element.ReadASN1(&list, explicit0) {
		return malformed("signed attributes")
	}
	seen := map[string]bool{}
	for !list.Empty() {
		var attribute, values, value cryptobyte.String
		var oid encoding.ObjectIdentifier
		var tag asn1.Tag
		if !list.ReadASN1(&attribute, asn1.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&oid) ||
			!attribute.ReadASN1(&values, asn1.SET) || !attribute.Empty() {
			return malformed("a signed attribute")
		}
		if !values.ReadAnyASN1Element(&value, &tag) || !values.Empty() {
			return malformed("attribute " + oid.String() + " has not one value")
		}
		if seen[oid.String()] || len(seen) == maxAttributes {
			return malformed("attribute " + oid.String() + " again, or one too many")
		}
		seen[oid.String()] = true
		if err := s.readAttribute(oid, value); err != nil {
			return err
		}
	}
	for _, mandatory := range []encoding.ObjectIdentifier{oidContentType, oidDigest, oidSigningTime} {
		if !seen[mandatory.String()] {
			return malformed("no attribute " + mandatory.String())
		}
	}
	return nil
}

func (s *Signed) readAttribute(oid encoding.ObjectIdentifier, value cryptobyte.String) error {
	var right bool
	switch {
	case oid.Equal(oidContentType):
		var kind encoding.ObjectIdentifier
		right = value.ReadASN1ObjectIdentifier(&kind) && kind.Equal(oidData)
	case oid.Equal(oidDigest):
		var digest cryptobyte.String
		right = value.ReadASN1(&digest, asn1.OCTET_STRING) && len(digest) == s.Hash.Size()
		s.Digest = digest
	case oid.Equal(oidSigningTime):
		if value.PeekASN1Tag(asn1.GeneralizedTime) {
			right = value.ReadASN1GeneralizedTime(&s.SigningTime)
		} else {
			right = value.ReadASN1UTCTime(&s.SigningTime)
		}
		s.SigningTime = s.SigningTime.UTC()
	case oid.Equal(oidCertV2):
		return s.readBinding(value)
	case oid.Equal(oidSigningCert):
		return notAllowed("a certificate bound by SHA-1")
	default:
		return nil // signed, and of no meaning here
	}
	if !right || !value.Empty() {
		return malformed("attribute " + oid.String())
	}
	return nil
}

// readBinding reads the attribute signing-certificate-v2 (RFC 5035).
func (s *Signed) readBinding(value cryptobyte.String) error {
	var binding, list cryptobyte.String
	if !value.ReadASN1(&binding, asn1.SEQUENCE) || !value.Empty() || !binding.ReadASN1(&list, asn1.SEQUENCE) ||
		!binding.SkipOptionalASN1(asn1.SEQUENCE) || !binding.Empty() || list.Empty() {
		return malformed("signing certificate")
	}
	for !list.Empty() {
		var id, digest cryptobyte.String
		if !list.ReadASN1(&id, asn1.SEQUENCE) || len(s.bound) == maxCertificates {
			return malformed("signing certificate")
		}
		bound := boundCertificate{hash: crypto.SHA256}
		if id.PeekASN1Tag(asn1.SEQUENCE) {
			oid, err := readAlgorithm(&id)
			if err != nil {
				return err
			}
			var allowed bool
			if bound.hash, allowed = hashOf(oid); !allowed {
				return notAllowed("digest " + oid.String())
			}
		}
		if !id.ReadASN1(&digest, asn1.OCTET_STRING) || !id.SkipOptionalASN1(asn1.SEQUENCE) || !id.Empty() {
			return malformed("signing certificate")
		}
		bound.digest = digest
		s.bound = append(s.bound, bound)
	}
	return nil
}
