package cms

import (
	"cmp"
	encoding "encoding/asn1"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/pki"
)

// Error says why a signature is refused.
type Error = pki.Error

// Options say what is expected of a signature. The zero Options are for a document signed now by one person.
type Options struct {
	ContentType     encoding.ObjectIdentifier // what is signed; nil: OIDData
	MaxSigners      int                       // 0: one
	MaxSize         int                       // in bytes; 0: 1 MiB
	Legacy          bool                      // algorithms of years ago are allowed: for evidence, at a time that is proven
	NeedSigningTime bool                      // each signer says when it was
	Known           []*pki.Certificate        // that a signer may name, beside those that came along
}

// Signed is a container that was read. That the signatures in it are right CheckSignature and the caller must find out.
type Signed struct {
	Content      []byte             // what was signed, if it is inside
	Attached     bool               // it is inside
	Certificates []*pki.Certificate // all that came along; nothing vouches for them
	CRLs         [][]byte           // lists that came along, in DER
	OCSPs        [][]byte           // OCSP responses that came along, in DER
	Signers      []*Signer          // in their order, at least one

	options      Options
	certificates int // seen so far, with those in attributes
}

// Bounds of what is read.
const (
	maxSize         = 1 << 20
	maxCertificates = 16
	maxRevocations  = 16
	maxDigests      = 16
	maxAttributes   = 32
	maxTimeStamps   = 4
)

var (
	explicit0 = asn1.Tag(0).ContextSpecific().Constructed()
	explicit1 = asn1.Tag(1).ContextSpecific().Constructed()
)

// Errors in short.
func malformed(detail string) error  { return pki.Malformed(detail) }
func notAllowed(detail string) error { return &pki.Error{Code: pki.CodeNotAllowed, Detail: detail} }
func bad(detail string) error        { return &pki.Error{Code: pki.CodeBadSignature, Detail: detail} }

// Parse reads a container. Errors: *Error with malformed or alg-not-allowed.
func Parse(der []byte, o Options) (*Signed, error) {
	if o.ContentType == nil {
		o.ContentType = OIDData
	}
	o.MaxSigners, o.MaxSize = max(o.MaxSigners, 1), cmp.Or(o.MaxSize, maxSize)
	if len(der) > o.MaxSize {
		return nil, malformed("huge")
	}
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
	s := &Signed{options: o}
	if err := s.read(data); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Signed) read(data cryptobyte.String) error {
	var version int
	var digestSet, encapsulated, certificates, revocations, signers cryptobyte.String
	if !data.ReadASN1Integer(&version) {
		return malformed("version")
	}
	if !data.ReadASN1(&digestSet, asn1.SET) {
		return malformed("digest algorithms")
	}
	if !data.ReadASN1(&encapsulated, asn1.SEQUENCE) {
		return malformed("content")
	}
	if err := s.readContent(encapsulated); err != nil {
		return err
	}
	var with, revoked bool
	if !data.ReadOptionalASN1(&certificates, &with, explicit0) || with && certificates.Empty() {
		return malformed("certificates")
	}
	if !data.ReadOptionalASN1(&revocations, &revoked, explicit1) || revoked && revocations.Empty() {
		return malformed("revocation lists")
	}
	if !data.ReadASN1(&signers, asn1.SET) || !data.Empty() {
		return malformed("signers")
	}
	var err error
	if s.Certificates, err = s.readCertificates(certificates); err != nil {
		return err
	}
	others, err := s.readRevocations(revocations)
	if err != nil {
		return err
	}
	if version != s.version(others) {
		return malformed("version")
	}
	digests, err := readDigests(digestSet)
	if err != nil {
		return err
	}
	return s.readSigners(signers, digests)
}

// version is the one that RFC 5652 asks for what is inside.
func (s *Signed) version(others bool) int {
	switch {
	case others:
		return 5
	case !s.options.ContentType.Equal(OIDData):
		return 3
	default:
		return 1
	}
}

func (s *Signed) readContent(encapsulated cryptobyte.String) error {
	var contentType encoding.ObjectIdentifier
	var explicit, content cryptobyte.String
	if !encapsulated.ReadASN1ObjectIdentifier(&contentType) || !contentType.Equal(s.options.ContentType) {
		return malformed("content type")
	}
	if !encapsulated.ReadOptionalASN1(&explicit, &s.Attached, explicit0) || !encapsulated.Empty() {
		return malformed("content")
	}
	if !s.Attached {
		return nil
	}
	if !explicit.ReadASN1(&content, asn1.OCTET_STRING) || !explicit.Empty() {
		return malformed("content")
	}
	s.Content = slices.Clip(content)
	return nil
}

// readCertificates reads certificates one after the other. However many places they stand in, there are not more than a
// few: each costs time.
func (s *Signed) readCertificates(list cryptobyte.String) ([]*pki.Certificate, error) {
	var certificates []*pki.Certificate
	for !list.Empty() {
		var raw cryptobyte.String
		if !list.ReadASN1Element(&raw, asn1.SEQUENCE) {
			return nil, malformed("certificates")
		}
		if s.certificates++; s.certificates > maxCertificates {
			return nil, malformed("too many certificates")
		}
		certificate, err := pki.ParseCertificate(raw)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}

// readDigests reads the digest algorithms that are announced. Those that are not known announce nothing.
func readDigests(set cryptobyte.String) (map[pki.Hash]bool, error) {
	announced := map[pki.Hash]bool{}
	for n := 0; !set.Empty(); n++ {
		if n == maxDigests {
			return nil, malformed("too many digest algorithms")
		}
		oid, err := pki.ReadIdentifier(&set)
		if err != nil {
			return nil, err
		}
		if hash, known := pki.HashByOID(oid); known {
			announced[hash] = true
		}
	}
	return announced, nil
}

func (s *Signed) readSigners(set cryptobyte.String, announced map[pki.Hash]bool) error {
	for !set.Empty() {
		var raw cryptobyte.String
		if !set.ReadASN1(&raw, asn1.SEQUENCE) {
			return malformed("a signer")
		}
		if len(s.Signers) == s.options.MaxSigners {
			return malformed("too many signers")
		}
		signer, err := s.readSigner(raw)
		if err != nil {
			return err
		}
		if !announced[signer.Algorithm.Hash] {
			return malformed("the signer's digest is not announced")
		}
		s.Signers = append(s.Signers, signer)
	}
	if len(s.Signers) == 0 {
		return malformed("no signer")
	}
	return nil
}
