package cms

import (
	"bytes"
	encoding "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/pki"
)

// binding is the digest of the certificate to which a signer bound the signature.
type binding struct {
	hash   pki.Hash
	digest []byte
}

// readAttributes reads the signed attributes: each once, with one value. Content type and message digest are mandatory.
func (s *Signed) readAttributes(signer *Signer, element cryptobyte.String) error {
	var list cryptobyte.String
	if !element.ReadASN1(&list, explicit0) {
		return malformed("signed attributes")
	}
	seen := map[string]bool{}
	for !list.Empty() {
		oid, values, err := readAttribute(&list)
		if err != nil {
			return err
		}
		name := oid.String()
		var value cryptobyte.String
		if !values.ReadAnyASN1Element(&value, new(asn1.Tag)) || !values.Empty() {
			return malformed("attribute " + name + " has not one value")
		}
		if seen[name] || len(seen) == maxAttributes {
			return malformed("attribute " + name + " again, or one too many")
		}
		seen[name] = true
		if err := s.readSignedAttribute(signer, oid, value); err != nil {
			return err
		}
	}
	mandatory := []encoding.ObjectIdentifier{OIDContentType, OIDMessageDigest}
	if s.options.NeedSigningTime {
		mandatory = append(mandatory, OIDSigningTime)
	}
	for _, oid := range mandatory {
		if !seen[oid.String()] {
			return malformed("no attribute " + oid.String())
		}
	}
	return nil
}

// readAttribute reads the next attribute of a list.
func readAttribute(list *cryptobyte.String) (oid encoding.ObjectIdentifier, values cryptobyte.String, err error) {
	var attribute cryptobyte.String
	if !list.ReadASN1(&attribute, asn1.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&oid) ||
		!attribute.ReadASN1(&values, asn1.SET) || !attribute.Empty() {
		return nil, nil, malformed("an attribute")
	}
	return oid, values, nil
}

func (s *Signed) readSignedAttribute(signer *Signer, oid encoding.ObjectIdentifier, value cryptobyte.String) error {
	var right bool
	switch {
	case oid.Equal(OIDContentType):
		var kind encoding.ObjectIdentifier
		right = value.ReadASN1ObjectIdentifier(&kind) && kind.Equal(s.options.ContentType)
	case oid.Equal(OIDMessageDigest):
		var digest cryptobyte.String
		right = value.ReadASN1(&digest, asn1.OCTET_STRING) && len(digest) == signer.Algorithm.Hash.Size()
		signer.MessageDigest = bytes.Clone(digest)
	case oid.Equal(OIDSigningTime):
		right = signer.readTime(&value)
	case oid.Equal(OIDSigningCertificate2):
		return s.readBinding(signer, value, pki.SHA256)
	case oid.Equal(OIDSigningCertificate):
		// RFC 3161 made it mandatory in time stamps. Elsewhere it is of years ago.
		if !s.options.Legacy && !s.options.ContentType.Equal(OIDTSTInfo) {
			return notAllowed("a certificate bound by SHA-1")
		}
		return s.readBinding(signer, value, pki.SHA1)
	default:
		return nil // signed, and of no meaning here
	}
	if !right || !value.Empty() {
		return malformed("attribute " + oid.String())
	}
	return nil
}

// readTime reads a time as DER has it: in UTC, with its seconds.
func (s *Signer) readTime(value *cryptobyte.String) bool {
	if !bytes.HasSuffix(*value, []byte{'Z'}) {
		return false
	}
	var right bool
	if value.PeekASN1Tag(asn1.GeneralizedTime) {
		right = value.ReadASN1GeneralizedTime(&s.SigningTime)
	} else {
		right = len(*value) == len("YYMMDDhhmmssZ")+2 && value.ReadASN1UTCTime(&s.SigningTime)
	}
	s.SigningTime = s.SigningTime.UTC()
	return right
}

// readBinding reads the attribute signing-certificate, whose digests are SHA-1 (RFC 2634), or signing-certificate-v2,
// where each names its algorithm unless that is SHA-256 (RFC 5035). The issuer and the serial number that may stand beside
// a digest add nothing to it.
func (s *Signed) readBinding(signer *Signer, value cryptobyte.String, usual pki.Hash) error {
	var attribute, list cryptobyte.String
	if !value.ReadASN1(&attribute, asn1.SEQUENCE) || !value.Empty() || !attribute.ReadASN1(&list, asn1.SEQUENCE) ||
		!attribute.SkipOptionalASN1(asn1.SEQUENCE) || !attribute.Empty() || list.Empty() {
		return malformed("signing certificate")
	}
	for n := 0; !list.Empty(); n++ {
		var id, digest cryptobyte.String
		if !list.ReadASN1(&id, asn1.SEQUENCE) || n == maxCertificates {
			return malformed("signing certificate")
		}
		hash := usual
		if usual != pki.SHA1 && id.PeekASN1Tag(asn1.SEQUENCE) {
			var err error
			if hash, err = readHash(&id, s.options.Legacy); err != nil {
				return err
			}
		}
		if !id.ReadASN1(&digest, asn1.OCTET_STRING) || !id.SkipOptionalASN1(asn1.SEQUENCE) || !id.Empty() ||
			len(digest) != hash.Size() {
			return malformed("signing certificate")
		}
		if n == 0 { // the signer's own; those that follow are of its chain
			signer.bindings = append(signer.bindings, binding{hash, bytes.Clone(digest)})
			signer.Bound = true
		}
	}
	return nil
}
