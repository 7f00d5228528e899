package revocation

import (
	"bytes"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

// Bounds of what is read of a responder.
const (
	MaxOCSP             = 64 << 10 // bytes of a whole response
	maxSingle           = 16       // certificates that it is about
	maxOCSPCertificates = 8
)

// Response is the answer of a responder that was read. Nothing vouches for it before Status.
type Response struct {
	Raw          []byte
	ProducedAt   time.Time
	Certificates []*pki.Certificate // that came along

	nonce          []byte // the content of the extension; nil: none
	extendedRevoke bool   // what the authority never issued is answered as revoked
	responderName  []byte // DER; nil: by key
	responderKey   []byte // SHA-1 of the key's bits; nil: by name
	single         []singleResponse
	algorithm      pki.Algorithm
	signed         []byte
	signature      []byte
}

// RefusalError says that a responder did not answer the question. Status is of RFC 6960, 4.2.1.
type RefusalError struct{ Status int }

// Error names the status.
func (e *RefusalError) Error() string {
	name := map[int]string{1: "malformed-request", 2: "internal-error", 3: "try-later", 5: "signature-required", 6: "unauthorized"}[e.Status]
	return fmt.Sprintf("the OCSP responder refused with status %d %s", e.Status, name)
}

// Temporary tells whether the same question may be answered later.
func (e *RefusalError) Temporary() bool { return e.Status == 2 || e.Status == 3 }

// ParseOCSP reads the answer of a responder. Errors: *RefusalError, *pki.Error with malformed or alg-not-allowed.
func ParseOCSP(raw []byte) (*Response, error) {
	if len(raw) > MaxOCSP {
		return nil, pki.Malformed("a huge OCSP response")
	}
	input := cryptobyte.String(raw)
	var whole, bytesOf, typed, kind, content cryptobyte.String
	var status int
	var present bool
	if !input.ReadASN1(&whole, asn1.SEQUENCE) || !input.Empty() || !whole.ReadASN1Enum(&status) ||
		!whole.ReadOptionalASN1(&bytesOf, &present, der.Explicit(0)) || !whole.Empty() {
		return nil, pki.Malformed("not one OCSP response")
	}
	if status != 0 {
		return nil, &RefusalError{Status: status}
	}
	if !present || !bytesOf.ReadASN1(&typed, asn1.SEQUENCE) || !bytesOf.Empty() || !typed.ReadASN1(&kind, asn1.OBJECT_IDENTIFIER) ||
		string(kind) != oidBasic || !typed.ReadASN1(&content, asn1.OCTET_STRING) || !typed.Empty() {
		return nil, pki.Malformed("not a basic OCSP response")
	}
	r := &Response{Raw: raw}
	if err := r.readBasic(content); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Response) readBasic(content cryptobyte.String) error {
	var basic, signed cryptobyte.String
	if !content.ReadASN1(&basic, asn1.SEQUENCE) || !content.Empty() || !basic.ReadASN1Element(&signed, asn1.SEQUENCE) {
		return pki.Malformed("not one basic OCSP response")
	}
	r.signed = signed
	var err error
	if _, r.algorithm, err = readAlgorithm(&basic); err != nil {
		return err
	}
	var list cryptobyte.String
	var present bool
	if !basic.ReadASN1BitStringAsBytes(&r.signature) || !basic.ReadOptionalASN1(&list, &present, der.Explicit(0)) || !basic.Empty() {
		return pki.Malformed("the signature of an OCSP response")
	}
	if present {
		if err := r.readCertificates(list); err != nil {
			return err
		}
	}
	return r.readData(signed)
}

func (r *Response) readCertificates(from cryptobyte.String) error {
	var list cryptobyte.String
	if !from.ReadASN1(&list, asn1.SEQUENCE) || !from.Empty() {
		return pki.Malformed("the certificates of an OCSP response")
	}
	for !list.Empty() {
		var raw cryptobyte.String
		if !list.ReadASN1Element(&raw, asn1.SEQUENCE) || len(r.Certificates) == maxOCSPCertificates {
			return pki.Malformed("the certificates of an OCSP response")
		}
		certificate, err := pki.ParseCertificate(raw)
		if err != nil {
			return err
		}
		r.Certificates = append(r.Certificates, certificate)
	}
	return nil
}

// readData reads ResponseData.
func (r *Response) readData(signed cryptobyte.String) error {
	var data, responder, list, extensions cryptobyte.String
	if !signed.ReadASN1(&data, asn1.SEQUENCE) {
		return pki.Malformed("an OCSP response")
	}
	if data.PeekASN1Tag(der.Explicit(0)) {
		var version int
		var number cryptobyte.String
		if !data.ReadASN1(&number, der.Explicit(0)) || !number.ReadASN1Integer(&version) || version != 0 || !number.Empty() {
			return pki.Malformed("version of an OCSP response")
		}
	}
	switch {
	case data.PeekASN1Tag(der.Explicit(1)):
		var name cryptobyte.String
		if !data.ReadASN1(&responder, der.Explicit(1)) || !responder.ReadASN1Element(&name, asn1.SEQUENCE) || !responder.Empty() {
			return pki.Malformed("the name of an OCSP responder")
		}
		r.responderName = name
	default:
		var key cryptobyte.String
		if !data.ReadASN1(&responder, der.Explicit(2)) || !responder.ReadASN1(&key, asn1.OCTET_STRING) || !responder.Empty() {
			return pki.Malformed("the key of an OCSP responder")
		}
		r.responderKey = key
	}
	if !der.ReadGeneralizedTime(&data, &r.ProducedAt) || !data.ReadASN1(&list, asn1.SEQUENCE) {
		return pki.Malformed("an OCSP response")
	}
	for !list.Empty() {
		if len(r.single) == maxSingle {
			return pki.Malformed("an OCSP response about many certificates")
		}
		single, err := readSingle(&list)
		if err != nil {
			return err
		}
		r.single = append(r.single, single)
	}
	var present bool
	if !data.ReadOptionalASN1(&extensions, &present, der.Explicit(1)) || !data.Empty() {
		return pki.Malformed("the end of an OCSP response")
	}
	if !present {
		return nil
	}
	var content cryptobyte.String
	if !extensions.ReadASN1(&content, asn1.SEQUENCE) || !extensions.Empty() {
		return pki.Malformed("the extensions of an OCSP response")
	}
	return der.ReadExtensions(content, r.takeExtension)
}

func (r *Response) takeExtension(x der.Extension) (known, fine bool) {
	switch string(x.OID) {
	case oidNonce:
		r.nonce = x.Value
		return true, len(x.Value) > 0
	case oidExtendedRevoke:
		r.extendedRevoke = true
		return true, true
	default:
		return false, false
	}
}

// answers tells whether the response was made for the question with this nonce. Some responders leave out the OCTET STRING
// around it.
func (r *Response) answers(nonce []byte) bool {
	if bytes.Equal(r.nonce, nonce) {
		return true
	}
	input := cryptobyte.String(r.nonce)
	var inner cryptobyte.String
	return input.ReadASN1(&inner, asn1.OCTET_STRING) && input.Empty() && bytes.Equal(inner, nonce)
}
