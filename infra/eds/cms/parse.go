// Package cms reads detached signatures, CMS SignedData of RFC 5652, more strictly than the RFC asks: DER without a byte
// to spare, one signer, whose signed attributes are mandatory and each there once, and no algorithm of yesterday. What
// popular libraries let pass beside that are forgeries.
package cms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	encoding "encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Error says why a signature is refused. Code is malformed, alg-not-allowed or bad-signature; Detail is for developers
// and quotes nothing of the signature.
type Error struct{ Code, Detail string }

// Error gives code and detail.
func (e *Error) Error() string { return e.Code + ": " + e.Detail }

func malformed(detail string) error  { return &Error{Code: "malformed", Detail: detail} }
func notAllowed(detail string) error { return &Error{Code: "alg-not-allowed", Detail: detail} }
func bad(detail string) error        { return &Error{Code: "bad-signature", Detail: detail} }

// Signed is a detached signature that was read. That it is right CheckSignature and the caller must find out.
type Signed struct {
	Certificate  *x509.Certificate   // the signer's: the one that the signer's issuer and serial number name
	Certificates []*x509.Certificate // all that came along; nothing vouches for them
	Hash         crypto.Hash         // of Digest
	Digest       []byte              // of the document
	SigningTime  time.Time           // as the signer claims

	algorithm x509.SignatureAlgorithm
	bound     []boundCertificate // by the attribute signing-certificate-v2
	signed    []byte             // the DER of the signed attributes
	signature []byte
}

const (
	maxCertificates = 16
	maxAttributes   = 32
)

var (
	explicit0 = asn1.Tag(0).ContextSpecific().Constructed()
	explicit1 = asn1.Tag(1).ContextSpecific().Constructed()
)

// Parse reads a signature. Errors: *Error with malformed or alg-not-allowed.
func Parse(der []byte) (*Signed, error) {
	input := cryptobyte.String(der)
	var info, content, data cryptobyte.String
	var kind encoding.ObjectIdentifier
	switch {
	case !input.ReadASN1(&info, asn1.SEQUENCE) || !input.Empty():
		return nil, malformed("not one DER sequence")
	case !info.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidSignedData):
		return nil, malformed("not signed data")
	case !info.ReadASN1(&content, explicit0) || !info.Empty() || !content.ReadASN1(&data, asn1.SEQUENCE) || !content.Empty():
		return nil, malformed("no signed data inside")
	}
	return parseSignedData(data)
}

func parseSignedData(data cryptobyte.String) (*Signed, error) {
	var version int
	var digestSet, encapsulated, certificates, signers, signer cryptobyte.String
	var contentType encoding.ObjectIdentifier
	var embedded bool
	switch {
	case !data.ReadASN1Integer(&version) || version != 1:
		return nil, malformed("version")
	case !data.ReadASN1(&digestSet, asn1.SET):
		return nil, malformed("digest algorithms")
	case !data.ReadASN1(&encapsulated, asn1.SEQUENCE) || !encapsulated.ReadASN1ObjectIdentifier(&contentType) || !contentType.Equal(oidData):
		return nil, malformed("content type")
	case !encapsulated.Empty():
		return nil, malformed("the document is inside: a detached signature is asked for")
	case !data.ReadOptionalASN1(&certificates, &embedded, explicit0) || !embedded:
		return nil, malformed("no certificates")
	case !data.SkipOptionalASN1(explicit1):
		return nil, malformed("revocation lists")
	case !data.ReadASN1(&signers, asn1.SET) || !data.Empty() || !signers.ReadASN1(&signer, asn1.SEQUENCE):
		return nil, malformed("no signer")
	case !signers.Empty():
		return nil, malformed("more than one signer")
	}
	s := &Signed{}
	if err := s.readCertificates(certificates); err != nil {
		return nil, err
	}
	if err := s.readSigner(signer); err != nil {
		return nil, err
	}
	if err := s.listed(digestSet); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Signed) readCertificates(list cryptobyte.String) error {
	for !list.Empty() {
		var raw cryptobyte.String
		if !list.ReadASN1Element(&raw, asn1.SEQUENCE) || len(s.Certificates) == maxCertificates {
			return malformed("certificates")
		}
		certificate, err := x509.ParseCertificate(raw)
		if err != nil {
			return malformed("a certificate")
		}
		s.Certificates = append(s.Certificates, certificate)
	}
	return nil
}

func (s *Signed) readSigner(signer cryptobyte.String) error {
	var version int
	var id, issuer, attributes cryptobyte.String
	serial := new(big.Int)
	if !signer.ReadASN1Integer(&version) || version != 1 || !signer.ReadASN1(&id, asn1.SEQUENCE) ||
		!id.ReadASN1Element(&issuer, asn1.SEQUENCE) || !id.ReadASN1Integer(serial) || !id.Empty() {
		return malformed("the signer's name")
	}
	if err := s.findCertificate(issuer, serial); err != nil {
		return err
	}
	digest, err := readAlgorithm(&signer)
	if err != nil {
		return err
	}
	var allowed bool
	if s.Hash, allowed = hashOf(digest); !allowed {
		return notAllowed("digest " + digest.String())
	}
	if !signer.ReadASN1Element(&attributes, explicit0) {
		return malformed("no signed attributes")
	}
	// What is signed is the DER of the attributes as a set, whatever tag they travel under.
	s.signed = bytes.Clone(attributes)
	s.signed[0] = byte(asn1.SET)
	if err := s.readAttributes(attributes); err != nil {
		return err
	}
	algorithm, err := readAlgorithm(&signer)
	if err != nil {
		return err
	}
	if s.algorithm, allowed = algorithmOf(s.Hash, algorithm); !allowed {
		return notAllowed("signature " + algorithm.String())
	}
	var value cryptobyte.String
	if !signer.ReadASN1(&value, asn1.OCTET_STRING) || !signer.SkipOptionalASN1(explicit1) || !signer.Empty() {
		return malformed("the signature's value")
	}
	s.signature = value
	return nil
}

// findCertificate finds the one certificate that the signer names: not the first of those that came along.
func (s *Signed) findCertificate(issuer []byte, serial *big.Int) error {
	for _, c := range s.Certificates {
		if !bytes.Equal(c.RawIssuer, issuer) || c.SerialNumber.Cmp(serial) != 0 {
			continue
		}
		if s.Certificate != nil {
			return malformed("two certificates of the signer")
		}
		s.Certificate = c
	}
	if s.Certificate == nil {
		return malformed("no certificate of the signer")
	}
	return nil
}

// listed makes sure that the signer's digest is among those announced.
func (s *Signed) listed(set cryptobyte.String) error {
	found := false
	for !set.Empty() {
		oid, err := readAlgorithm(&set)
		if err != nil {
			return err
		}
		hash, allowed := hashOf(oid)
		found = found || allowed && hash == s.Hash
	}
	if !found {
		return malformed("the signer's digest is not announced")
	}
	return nil
}

// readAlgorithm reads an algorithm that takes no parameters.
func readAlgorithm(from *cryptobyte.String) (encoding.ObjectIdentifier, error) {
	var algorithm, null cryptobyte.String
	var oid encoding.ObjectIdentifier
	if !from.ReadASN1(&algorithm, asn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return nil, malformed("an algorithm")
	}
	if algorithm.Empty() || algorithm.ReadASN1(&null, asn1.NULL) && null.Empty() && algorithm.Empty() {
		return oid, nil
	}
	return nil, notAllowed("parameters of " + oid.String())
}
