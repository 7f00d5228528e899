package revocation

import (
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

// singleResponse is what a responder says about one certificate.
type singleResponse struct {
	id        certID
	state     State
	revokedAt time.Time
	reason    Reason
	answer
}

// readSingle reads a SingleResponse.
func readSingle(list *cryptobyte.String) (singleResponse, error) {
	var s singleResponse
	var item cryptobyte.String
	if !list.ReadASN1(&item, asn1.SEQUENCE) {
		return s, pki.Malformed("what an OCSP response says")
	}
	var err error
	if s.id, err = readID(&item); err != nil {
		return s, err
	}
	if !s.readState(&item) || !der.ReadGeneralizedTime(&item, &s.this) {
		return s, pki.Malformed("what an OCSP response says")
	}
	if item.PeekASN1Tag(der.Explicit(0)) {
		var next cryptobyte.String
		if !item.ReadASN1(&next, der.Explicit(0)) || !der.ReadGeneralizedTime(&next, &s.next) || !next.Empty() {
			return s, pki.Malformed("when a newer OCSP response is there")
		}
	}
	var extensions cryptobyte.String
	var present bool
	if !item.ReadOptionalASN1(&extensions, &present, der.Explicit(1)) || !item.Empty() {
		return s, pki.Malformed("the end of what an OCSP response says")
	}
	if !present {
		return s, nil
	}
	var content cryptobyte.String
	if !extensions.ReadASN1(&content, asn1.SEQUENCE) || !extensions.Empty() {
		return s, pki.Malformed("the extensions of what an OCSP response says")
	}
	return s, der.ReadExtensions(content, s.takeExtension)
}

func (s *singleResponse) takeExtension(x der.Extension) (known, fine bool) {
	if string(x.OID) != oidArchiveCutoff {
		return false, false
	}
	return true, der.ReadGeneralizedTime(&x.Value, &s.retained) && x.Value.Empty()
}

func (s *singleResponse) readState(item *cryptobyte.String) bool {
	var content cryptobyte.String
	var tag asn1.Tag
	if !item.ReadAnyASN1(&content, &tag) {
		return false
	}
	switch tag {
	case der.Implicit(0):
		s.state = Good
		return content.Empty()
	case der.Implicit(2):
		s.state = Unknown
		return content.Empty()
	case der.Explicit(1): // implicit, of a sequence
		s.state = Revoked
		if !der.ReadGeneralizedTime(&content, &s.revokedAt) {
			return false
		}
		if content.Empty() {
			return true
		}
		var reason cryptobyte.String
		return content.ReadASN1(&reason, der.Explicit(0)) && content.Empty() && readReason(reason, &s.reason)
	default:
		return false
	}
}

// readID reads a CertID. A digest that is not known makes it name no certificate: others of the answer may still be read.
func readID(item *cryptobyte.String) (certID, error) {
	id := certID{serial: new(big.Int)}
	var content, name, key cryptobyte.String
	if !item.ReadASN1(&content, asn1.SEQUENCE) {
		return id, pki.Malformed("about which certificate an OCSP response is")
	}
	oid, err := pki.ReadIdentifier(&content)
	if err != nil {
		return id, err
	}
	id.hash, _ = pki.HashByOID(oid)
	if !content.ReadASN1(&name, asn1.OCTET_STRING) || !content.ReadASN1(&key, asn1.OCTET_STRING) ||
		len(content) > maxSerial+2 || !content.ReadASN1Integer(id.serial) || !content.Empty() {
		return id, pki.Malformed("about which certificate an OCSP response is")
	}
	id.name, id.key = name, key
	return id, nil
}
