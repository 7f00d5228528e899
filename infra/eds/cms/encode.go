package cms

import (
	"bytes"
	"crypto"
	"crypto/rand"
	encoding "encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

// Draft is a container in the making: what goes into it, right or wrong. NewDetached and NewAttached fill it in rightly.
type Draft struct {
	Version      int
	Announced    []encoding.ObjectIdentifier // digest algorithms
	ContentType  encoding.ObjectIdentifier
	Content      []byte   // inside; nil: detached
	Certificates [][]byte // DER
	CRLs         [][]byte // DER
	OCSPs        [][]byte // OCSP responses in DER
	Signers      []DraftSigner
}

// DraftSigner is one signer of a Draft.
type DraftSigner struct {
	Version    int
	Issuer     []byte // DER
	Serial     []byte // DER
	Digest     encoding.ObjectIdentifier
	Attributes []Attribute // none: there are no signed attributes
	Algorithm  encoding.ObjectIdentifier
	Signature  []byte
	Unsigned   []Attribute
}

// Attribute is an attribute with its values in DER.
type Attribute struct {
	OID    encoding.ObjectIdentifier
	Values [][]byte
}

// NewDetached makes the draft of a detached signature over a document, bound to the certificate. It is not signed yet.
func NewDetached(document []byte, certificate *pki.Certificate, a pki.Algorithm, at time.Time) *Draft {
	d := &Draft{Version: 1, ContentType: OIDData}
	d.AddSigner(document, certificate, a, at)
	return d
}

// NewAttached makes the draft of a container that holds what it signs, bound to the certificate: a document, or what a
// time stamp says. It is not signed yet.
func NewAttached(contentType encoding.ObjectIdentifier, content []byte, certificate *pki.Certificate, a pki.Algorithm, at time.Time) *Draft {
	d := &Draft{Version: 1, ContentType: contentType, Content: content}
	if !contentType.Equal(OIDData) {
		d.Version = 3
	}
	d.AddSigner(content, certificate, a, at)
	return d
}

// AddSigner adds a signer over the content, with the certificate. It is not signed yet.
func (d *Draft) AddSigner(content []byte, certificate *pki.Certificate, a pki.Algorithm, at time.Time) {
	serial := der.Build(func(b *cryptobyte.Builder) { b.AddASN1BigInt(certificate.Serial) })
	d.Certificates = append(d.Certificates, certificate.Raw)
	if !slices.ContainsFunc(d.Announced, a.Hash.OID().Equal) {
		d.Announced = append(d.Announced, a.Hash.OID())
	}
	d.Signers = append(d.Signers, DraftSigner{
		Version: 1, Issuer: certificate.X509.RawIssuer, Serial: serial, Digest: a.Hash.OID(), Algorithm: a.OID(),
		Attributes: []Attribute{
			{OIDContentType, [][]byte{der.Build(func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(d.ContentType) })}},
			{OIDMessageDigest, [][]byte{der.Build(func(b *cryptobyte.Builder) { b.AddASN1OctetString(a.Hash.Sum(content)) })}},
			{OIDSigningTime, [][]byte{der.Build(func(b *cryptobyte.Builder) { addTime(b, at.UTC()) })}},
			Binding(pki.SHA256, certificate.Raw),
		},
	})
}

// Binding is the signed attribute that binds a signature to a certificate, in DER: by SHA-1 the old one, else the second.
func Binding(hash pki.Hash, certificate []byte) Attribute {
	id := func(b *cryptobyte.Builder) {
		if hash != pki.SHA1 && hash != pki.SHA256 { // what is usual is not named
			pki.AddIdentifier(b, hash.OID())
		}
		b.AddASN1OctetString(hash.Sum(certificate))
	}
	value := der.Build(func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			der.Sequence(b, func(b *cryptobyte.Builder) { der.Sequence(b, id) })
		})
	})
	if hash == pki.SHA1 {
		return Attribute{OIDSigningCertificate, [][]byte{value}}
	}
	return Attribute{OIDSigningCertificate2, [][]byte{value}}
}

// Sign puts the key's signature over the attributes of every signer.
func (d *Draft) Sign(key crypto.Signer) error {
	for i := range d.Signers {
		s := &d.Signers[i]
		hash, known := pki.HashByOID(s.Digest)
		if !known || hash.Crypto() == 0 {
			return fmt.Errorf("signing: no digest %s", s.Digest)
		}
		var err error
		if s.Signature, err = key.Sign(rand.Reader, hash.Sum(s.Signed()), hash.Crypto()); err != nil {
			return fmt.Errorf("signing: %w", err)
		}
	}
	return nil
}

// SignBy puts signatures over the attributes: the first key signs as the first signer, and so on.
func (d *Draft) SignBy(keys ...pki.Signer) error {
	if len(keys) != len(d.Signers) {
		return errors.New("signing: not as many keys as signers")
	}
	for i, key := range keys {
		var err error
		if d.Signers[i].Signature, err = key.Sign(d.Signers[i].Signed()); err != nil {
			return fmt.Errorf("signing: %w", err)
		}
	}
	return nil
}

// Signed is what the signer signs: the DER of the attributes as a set.
func (s *DraftSigner) Signed() []byte {
	return der.Build(func(b *cryptobyte.Builder) { b.AddASN1(asn1.SET, addAttributes(s.Attributes)) })
}

// addAttributes writes attributes in the order that DER asks of a set.
func addAttributes(attributes []Attribute) func(*cryptobyte.Builder) {
	encoded := make([][]byte, len(attributes))
	for i, a := range attributes {
		encoded[i] = der.Build(func(b *cryptobyte.Builder) {
			der.Sequence(b, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(a.OID)
				b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
					for _, v := range a.Values {
						b.AddBytes(v)
					}
				})
			})
		})
	}
	slices.SortFunc(encoded, bytes.Compare)
	return func(b *cryptobyte.Builder) {
		for _, e := range encoded {
			b.AddBytes(e)
		}
	}
}

// DER writes the draft.
func (d *Draft) DER() []byte {
	return der.Build(func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidSignedData)
			b.AddASN1(explicit0, func(b *cryptobyte.Builder) { der.Sequence(b, d.write) })
		})
	})
}

func (d *Draft) write(b *cryptobyte.Builder) {
	b.AddASN1Int64(int64(d.Version))
	b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
		for _, oid := range d.Announced {
			pki.AddIdentifier(b, oid)
		}
	})
	der.Sequence(b, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(d.ContentType)
		if d.Content != nil {
			b.AddASN1(explicit0, func(b *cryptobyte.Builder) { b.AddASN1OctetString(d.Content) })
		}
	})
	if len(d.Certificates) > 0 {
		b.AddASN1(explicit0, func(b *cryptobyte.Builder) {
			for _, certificate := range d.Certificates {
				b.AddBytes(certificate)
			}
		})
	}
	if len(d.CRLs)+len(d.OCSPs) > 0 {
		b.AddASN1(explicit1, d.writeRevocations)
	}
	b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
		for _, s := range d.Signers {
			der.Sequence(b, s.write)
		}
	})
}

func (d *Draft) writeRevocations(b *cryptobyte.Builder) {
	for _, list := range d.CRLs {
		b.AddBytes(list)
	}
	for _, response := range d.OCSPs {
		b.AddASN1(explicit1, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidOCSP)
			b.AddBytes(response)
		})
	}
}

func (s *DraftSigner) write(b *cryptobyte.Builder) {
	b.AddASN1Int64(int64(s.Version))
	der.Sequence(b, func(b *cryptobyte.Builder) {
		b.AddBytes(s.Issuer)
		b.AddBytes(s.Serial)
	})
	pki.AddIdentifier(b, s.Digest)
	if len(s.Attributes) > 0 {
		b.AddASN1(explicit0, addAttributes(s.Attributes))
	}
	pki.AddIdentifier(b, s.Algorithm)
	b.AddASN1OctetString(s.Signature)
	if len(s.Unsigned) > 0 {
		b.AddASN1(explicit1, addAttributes(s.Unsigned))
	}
}

// addTime writes a time as RFC 5652 asks: until 2049 with two digits for the year.
func addTime(b *cryptobyte.Builder, at time.Time) {
	if year := at.Year(); year >= 1950 && year < 2050 {
		b.AddASN1UTCTime(at)
		return
	}
	b.AddASN1GeneralizedTime(at)
}
