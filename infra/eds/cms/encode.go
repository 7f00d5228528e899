package cms

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	encoding "encoding/asn1"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Draft is a signature in the making: what goes into it, right or wrong. Sign fills it in rightly.
type Draft struct {
	Version      int
	Announced    []encoding.ObjectIdentifier // digest algorithms
	ContentType  encoding.ObjectIdentifier
	Content      []byte   // inside; nil: detached
	Certificates [][]byte // DER
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
}

// Attribute is a signed attribute with its values in DER.
type Attribute struct {
	OID    encoding.ObjectIdentifier
	Values [][]byte
}

// NewDraft makes the draft of a detached signature over a document, bound to the certificate, with SHA-256 and RSA. It is
// not signed yet.
func NewDraft(document []byte, certificate *x509.Certificate, at time.Time) *Draft {
	digest, bound := crypto.SHA256.New(), crypto.SHA256.New()
	digest.Write(document)
	bound.Write(certificate.Raw)
	return &Draft{
		Version: 1, Announced: []encoding.ObjectIdentifier{oidSHA256}, ContentType: oidData,
		Certificates: [][]byte{certificate.Raw},
		Signers: []DraftSigner{{
			Version: 1, Issuer: certificate.RawIssuer,
			Serial: build(func(b *cryptobyte.Builder) { b.AddASN1BigInt(certificate.SerialNumber) }),
			Digest: oidSHA256, Algorithm: oidRSA,
			Attributes: []Attribute{
				{oidContentType, [][]byte{build(func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })}},
				{oidDigest, [][]byte{build(func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest.Sum(nil)) })}},
				{oidSigningTime, [][]byte{build(func(b *cryptobyte.Builder) { b.AddASN1UTCTime(at.UTC()) })}},
				{oidCertV2, [][]byte{build(func(b *cryptobyte.Builder) {
					inSequence(b, func(b *cryptobyte.Builder) {
						inSequence(b, func(b *cryptobyte.Builder) {
							inSequence(b, func(b *cryptobyte.Builder) { b.AddASN1OctetString(bound.Sum(nil)) })
						})
					})
				})}},
			},
		}},
	}
}

// Sign puts the key's signature over the attributes of every signer.
func (d *Draft) Sign(key crypto.Signer) error {
	for i := range d.Signers {
		s := &d.Signers[i]
		hash, known := hashOf(s.Digest)
		if !known {
			return fmt.Errorf("signing: no digest %s", s.Digest)
		}
		sum := hash.New()
		sum.Write(s.Signed())
		var err error
		if s.Signature, err = key.Sign(rand.Reader, sum.Sum(nil), hash); err != nil {
			return fmt.Errorf("signing: %w", err)
		}
	}
	return nil
}

// Signed is what the signer signs: the DER of the attributes as a set.
func (s *DraftSigner) Signed() []byte {
	return build(func(b *cryptobyte.Builder) { b.AddASN1(asn1.SET, s.addAttributes) })
}

// addAttributes writes the attributes in the order that DER asks of a set.
func (s *DraftSigner) addAttributes(b *cryptobyte.Builder) {
	encoded := make([][]byte, len(s.Attributes))
	for i, a := range s.Attributes {
		encoded[i] = build(func(b *cryptobyte.Builder) {
			inSequence(b, func(b *cryptobyte.Builder) {
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
	for _, e := range encoded {
		b.AddBytes(e)
	}
}

// DER writes the draft.
func (d *Draft) DER() []byte {
	return build(func(b *cryptobyte.Builder) {
		inSequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidSignedData)
			b.AddASN1(explicit0, func(b *cryptobyte.Builder) { inSequence(b, d.add) })
		})
	})
}

func (d *Draft) add(b *cryptobyte.Builder) {
	b.AddASN1Int64(int64(d.Version))
	b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
		for _, oid := range d.Announced {
			addAlgorithm(b, oid)
		}
	})
	inSequence(b, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(d.ContentType)
		if d.Content != nil {
			b.AddASN1(explicit0, func(b *cryptobyte.Builder) { b.AddASN1OctetString(d.Content) })
		}
	})
	if len(d.Certificates) > 0 {
		b.AddASN1(explicit0, func(b *cryptobyte.Builder) {
			for _, c := range d.Certificates {
				b.AddBytes(c)
			}
		})
	}
	b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
		for _, s := range d.Signers {
			inSequence(b, s.add)
		}
	})
}

func (s *DraftSigner) add(b *cryptobyte.Builder) {
	b.AddASN1Int64(int64(s.Version))
	inSequence(b, func(b *cryptobyte.Builder) {
		b.AddBytes(s.Issuer)
		b.AddBytes(s.Serial)
	})
	addAlgorithm(b, s.Digest)
	if len(s.Attributes) > 0 {
		b.AddASN1(explicit0, s.addAttributes)
	}
	addAlgorithm(b, s.Algorithm)
	b.AddASN1OctetString(s.Signature)
}

func addAlgorithm(b *cryptobyte.Builder, oid encoding.ObjectIdentifier) {
	inSequence(b, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1NULL()
	})
}

func inSequence(b *cryptobyte.Builder, content func(*cryptobyte.Builder)) {
	b.AddASN1(asn1.SEQUENCE, content)
}

// build runs a builder whose parts cannot fail: no length that is nested here exceeds what DER can say.
func build(content func(*cryptobyte.Builder)) []byte {
	b := cryptobyte.NewBuilder(nil)
	content(b)
	out, err := b.Bytes()
	if err != nil {
		return nil
	}
	return out
}
