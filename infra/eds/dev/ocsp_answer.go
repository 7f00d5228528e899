package dev

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

// maxAsked is about how many certificates one request may ask.
const maxAsked = 16

// asked is one certificate of a request.
type asked struct {
	id     []byte // CertID in DER
	hash   pki.Hash
	name   []byte // digest of the issuer's name
	key    []byte // digest of the issuer's key
	serial *big.Int
}

// AnswerOCSP answers a request as the responder of the authority: good unless it was revoked. For certificates of other
// authorities the answer is unknown. Its error means that the authority itself is at fault.
func (ca *CA) AnswerOCSP(request []byte, now time.Time) ([]byte, error) {
	list, nonce, whole := parseOCSPRequest(request)
	if !whole {
		return OCSPMalformed.DER(), nil
	}
	revoked, err := ca.Revoked()
	if err != nil {
		return nil, err
	}
	answer := &OCSPAnswer{ProducedAt: now, Extensions: nonce}
	for _, one := range list {
		entry := OCSPEntry{ID: one.id, ThisUpdate: now, Unknown: !one.issuedBy(ca.Issuing.Certificate)}
		for _, r := range revoked {
			if r.Serial.Cmp(one.serial) == 0 {
				entry.Revoked = &r
			}
		}
		answer.Entries = append(answer.Entries, entry)
	}
	return ca.Responder.OCSP(answer)
}

func (a asked) issuedBy(issuer *pki.Certificate) bool {
	return bytes.Equal(a.name, a.hash.Sum(issuer.X509.RawSubject)) && bytes.Equal(a.key, keyHash(a.hash, issuer))
}

// parseOCSPRequest reads whom a request asks about, and its nonce as it is to be given back.
func parseOCSPRequest(raw []byte) (list []asked, nonce []pkix.Extension, whole bool) {
	input := cryptobyte.String(raw)
	var request, body, requests, extensions cryptobyte.String
	var has bool
	if !input.ReadASN1(&request, tag.SEQUENCE) || !input.Empty() || !request.ReadASN1(&body, tag.SEQUENCE) ||
		!request.SkipOptionalASN1(der.Explicit(0)) || !request.Empty() ||
		!body.SkipOptionalASN1(der.Explicit(0)) || !body.SkipOptionalASN1(der.Explicit(1)) || !body.ReadASN1(&requests, tag.SEQUENCE) ||
		!body.ReadOptionalASN1(&extensions, &has, der.Explicit(2)) || !body.Empty() || requests.Empty() {
		return nil, nil, false
	}
	for !requests.Empty() {
		one, read := readAsked(&requests)
		if !read || len(list) == maxAsked {
			return nil, nil, false
		}
		list = append(list, one)
	}
	if has {
		if nonce, whole = readNonce(extensions); !whole {
			return nil, nil, false
		}
	}
	return list, nonce, true
}

func readAsked(from *cryptobyte.String) (one asked, read bool) {
	var request, raw, id, hash, name, key cryptobyte.String
	var oid asn1.ObjectIdentifier
	one.serial = new(big.Int)
	if !from.ReadASN1(&request, tag.SEQUENCE) || !request.ReadASN1Element(&raw, tag.SEQUENCE) ||
		!request.SkipOptionalASN1(der.Explicit(0)) || !request.Empty() {
		return one, false
	}
	one.id = raw
	if !raw.ReadASN1(&id, tag.SEQUENCE) || !id.ReadASN1(&hash, tag.SEQUENCE) || !hash.ReadASN1ObjectIdentifier(&oid) ||
		!id.ReadASN1(&name, tag.OCTET_STRING) || !id.ReadASN1(&key, tag.OCTET_STRING) || !id.ReadASN1Integer(one.serial) || !id.Empty() {
		return one, false
	}
	one.name, one.key = name, key
	one.hash, read = pki.HashByOID(oid)
	return one, read
}

// readNonce finds the nonce among the extensions of a request. Others are not looked at.
func readNonce(from cryptobyte.String) (nonce []pkix.Extension, read bool) {
	var list cryptobyte.String
	if !from.ReadASN1(&list, tag.SEQUENCE) || !from.Empty() {
		return nil, false
	}
	for !list.Empty() {
		var one, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !list.ReadASN1(&one, tag.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&oid) ||
			!one.SkipOptionalASN1(tag.BOOLEAN) || !one.ReadASN1(&value, tag.OCTET_STRING) || !one.Empty() {
			return nil, false
		}
		if oid.Equal(OIDNonce) {
			nonce = []pkix.Extension{{Id: OIDNonce, Value: value}}
		}
	}
	return nonce, true
}
