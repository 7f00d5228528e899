package cms

import (
	"bytes"
	encoding "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
)

// readUnsigned reads the unsigned attributes. Anybody may have added them, so those without a meaning here are skipped.
func (s *Signed) readUnsigned(signer *Signer, list cryptobyte.String) error {
	for n := 0; !list.Empty(); n++ {
		oid, values, err := readAttribute(&list)
		if err != nil {
			return err
		}
		if n == maxAttributes || values.Empty() {
			return malformed("attribute " + oid.String() + " without a value, or one too many")
		}
		for !values.Empty() {
			var value cryptobyte.String
			if !values.ReadAnyASN1Element(&value, new(asn1.Tag)) {
				return malformed("attribute " + oid.String())
			}
			if err := s.readUnsignedValue(signer, oid, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Signed) readUnsignedValue(signer *Signer, oid encoding.ObjectIdentifier, value cryptobyte.String) error {
	switch {
	case oid.Equal(OIDTimeStampToken):
		if !value.PeekASN1Tag(asn1.SEQUENCE) || len(signer.TimeStamps) == maxTimeStamps {
			return malformed("a time stamp, or one too many")
		}
		signer.TimeStamps = append(signer.TimeStamps, bytes.Clone(value))
	case oid.Equal(OIDCertificateValues):
		var list cryptobyte.String
		if !value.ReadASN1(&list, asn1.SEQUENCE) {
			return malformed("certificate values")
		}
		more, err := s.readCertificates(list)
		if err != nil {
			return err
		}
		signer.Certificates = append(signer.Certificates, more...)
	case oid.Equal(OIDRevocationValues):
		return signer.readRevocationValues(value)
	}
	return nil
}

// readRevocationValues reads the attribute of that name (RFC 5126): lists, and OCSP answers in their basic form.
func (s *Signer) readRevocationValues(value cryptobyte.String) error {
	var values, explicit, list cryptobyte.String
	var there bool
	if !value.ReadASN1(&values, asn1.SEQUENCE) {
		return malformed("revocation values")
	}
	for _, tag := range []asn1.Tag{explicit0, explicit1} {
		if !values.ReadOptionalASN1(&explicit, &there, tag) {
			return malformed("revocation values")
		}
		if !there {
			continue
		}
		if !explicit.ReadASN1(&list, asn1.SEQUENCE) || !explicit.Empty() {
			return malformed("revocation values")
		}
		for !list.Empty() {
			var one cryptobyte.String
			if !list.ReadASN1Element(&one, asn1.SEQUENCE) || len(s.CRLs)+len(s.OCSPs) == maxRevocations {
				return malformed("revocation values")
			}
			if tag == explicit0 {
				s.CRLs = append(s.CRLs, bytes.Clone(one))
			} else {
				s.OCSPs = append(s.OCSPs, wholeOCSP(one))
			}
		}
	}
	if !values.SkipOptionalASN1(asn1.Tag(2).ContextSpecific().Constructed()) || !values.Empty() {
		return malformed("revocation values")
	}
	return nil
}

// wholeOCSP is the response that a responder would send with a basic response: so there is one form of them.
func wholeOCSP(basic []byte) []byte {
	return der.Build(func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.ENUM, func(b *cryptobyte.Builder) { b.AddUint8(0) }) // successful
			b.AddASN1(explicit0, func(b *cryptobyte.Builder) {
				der.Sequence(b, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidOCSPBasic)
					b.AddASN1OctetString(basic)
				})
			})
		})
	})
}

// readRevocations reads the revocation lists of a container, and says whether there is anything else among them, as OCSP
// responses are.
func (s *Signed) readRevocations(list cryptobyte.String) (others bool, err error) {
	for n := 0; !list.Empty(); n++ {
		var one, other cryptobyte.String
		var oid encoding.ObjectIdentifier
		switch {
		case n == maxRevocations:
			return false, malformed("too many revocation lists")
		case list.PeekASN1Tag(asn1.SEQUENCE) && list.ReadASN1Element(&one, asn1.SEQUENCE):
			s.CRLs = append(s.CRLs, bytes.Clone(one))
		case list.ReadASN1(&other, explicit1) && other.ReadASN1ObjectIdentifier(&oid) &&
			other.ReadAnyASN1Element(&one, new(asn1.Tag)) && other.Empty():
			others = true
			if oid.Equal(oidOCSP) {
				s.OCSPs = append(s.OCSPs, bytes.Clone(one))
			}
		default:
			return false, malformed("revocation lists")
		}
	}
	return others, nil
}
