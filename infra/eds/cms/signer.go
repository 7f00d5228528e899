package cms

import (
	"bytes"
	encoding "encoding/asn1"
	"hash"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/pki"
)

// Signer is one signature in a container.
type Signer struct {
	Certificate   *pki.Certificate // the one that the signer's issuer and serial number name
	Algorithm     pki.Algorithm
	MessageDigest []byte    // of what was signed, says the signer: compare it, or let Covers
	SigningTime   time.Time // as the signer claims; UTC. Zero: it does not
	Value         []byte    // the signature, over which time stamps are made
	Bound         bool      // the signed attributes name the certificate's digest
	TimeStamps    [][]byte  // tokens in DER, unsigned by this signer

	// What the signer added for those who look years later. Nothing vouches for it.
	Certificates []*pki.Certificate
	CRLs         [][]byte // in DER
	OCSPs        [][]byte // OCSP responses in DER

	bindings []binding
	signed   []byte // the DER of the signed attributes
	legacy   bool
}

// NewHash begins the digest that MessageDigest is compared with.
func (s *Signer) NewHash() hash.Hash { return s.Algorithm.Hash.New() }

// Covers tells whether the signature is over this content. Error: *Error with doc-changed.
func (s *Signer) Covers(content []byte) error {
	if !bytes.Equal(s.Algorithm.Hash.Sum(content), s.MessageDigest) {
		return &pki.Error{Code: pki.CodeDocChanged, Detail: "signed was something else"}
	}
	return nil
}

// CheckSignature tells whether the holder of the certificate's key signed the attributes, and meant this certificate.
// Errors: *Error with alg-not-allowed or bad-signature.
func (s *Signer) CheckSignature() error {
	if !s.Algorithm.Allowed(s.legacy) {
		return notAllowed("signature " + s.Algorithm.String())
	}
	for _, b := range s.bindings {
		if !bytes.Equal(b.hash.Sum(s.Certificate.Raw), b.digest) {
			return bad("bound to another certificate")
		}
	}
	return s.Certificate.Key.Verify(s.Algorithm, s.signed, s.Value)
}

func (s *Signed) readSigner(raw cryptobyte.String) (*Signer, error) {
	signer := &Signer{legacy: s.options.Legacy}
	var version int
	var id, issuer, attributes, value, unsigned cryptobyte.String
	serial := new(big.Int)
	if !raw.ReadASN1Integer(&version) || version != 1 || !raw.ReadASN1(&id, asn1.SEQUENCE) ||
		!id.ReadASN1Element(&issuer, asn1.SEQUENCE) || !id.ReadASN1Integer(serial) || !id.Empty() {
		return nil, malformed("the signer's name")
	}
	var err error
	if signer.Certificate, err = s.find(issuer, serial); err != nil {
		return nil, err
	}
	digest, err := readHash(&raw, s.options.Legacy)
	if err != nil {
		return nil, err
	}
	if !raw.ReadASN1Element(&attributes, explicit0) {
		return nil, malformed("no signed attributes")
	}
	oid, err := pki.ReadIdentifier(&raw)
	if err != nil {
		return nil, err
	}
	var known bool
	if signer.Algorithm, known = pki.AlgorithmOf(oid, digest); !known || !signer.Algorithm.Allowed(s.options.Legacy) {
		return nil, notAllowed("signature " + oid.String() + " with " + digest.String())
	}
	// What is signed is the DER of the attributes as a set, whatever tag they travel under.
	signer.signed = bytes.Clone(attributes)
	signer.signed[0] = byte(asn1.SET)
	if err := s.readAttributes(signer, attributes); err != nil {
		return nil, err
	}
	var added bool
	if !raw.ReadASN1(&value, asn1.OCTET_STRING) || !raw.ReadOptionalASN1(&unsigned, &added, explicit1) || !raw.Empty() {
		return nil, malformed("the signature's value")
	}
	signer.Value = bytes.Clone(value)
	if added && unsigned.Empty() {
		return nil, malformed("no unsigned attributes where they are announced")
	}
	return signer, s.readUnsigned(signer, unsigned)
}

// find finds the one certificate that a signer names: not the first of those that came along.
func (s *Signed) find(issuer []byte, serial *big.Int) (*pki.Certificate, error) {
	var found *pki.Certificate
	for _, list := range [][]*pki.Certificate{s.Certificates, s.options.Known} {
		for _, c := range list {
			if !c.Names(issuer, serial) {
				continue
			}
			if found != nil {
				return nil, malformed("two certificates of the signer")
			}
			found = c
		}
		if found != nil {
			return found, nil
		}
	}
	return nil, malformed("no certificate of the signer")
}

// readHash reads a digest algorithm that is allowed.
func readHash(from *cryptobyte.String, legacy bool) (pki.Hash, error) {
	oid, err := pki.ReadIdentifier(from)
	if err != nil {
		return 0, err
	}
	return hashAllowed(oid, legacy)
}

func hashAllowed(oid encoding.ObjectIdentifier, legacy bool) (pki.Hash, error) {
	hash, known := pki.HashByOID(oid)
	if !known || hash.Legacy() && !legacy {
		return 0, notAllowed("digest " + oid.String())
	}
	return hash, nil
}
