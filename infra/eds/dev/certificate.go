package dev

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

// Template is a certificate before it is signed. What is left out, Issue fills in rightly; anything can be set to
// something wrong.
type Template struct {
	Version    int      // 0: the third
	Serial     *big.Int // nil: SerialOf the key
	Issuer     Name     // nil: the subject of whoever issues
	Subject    Name
	NotBefore  time.Time
	NotAfter   time.Time
	Public     []byte // SubjectPublicKeyInfo
	Extensions []pkix.Extension
	NoKeyIDs   bool                  // leaves out the names of the owner's and the issuer's key, unless they are in Extensions
	Algorithm  asn1.ObjectIdentifier // that the signature names; nil: what its key signs with
	Inner      asn1.ObjectIdentifier // of the algorithm that the signed part names; nil: as Algorithm
}

// With puts an extension in the place of another of its kind, or at the end.
func (t *Template) With(e pkix.Extension) *Template {
	for i := range t.Extensions {
		if t.Extensions[i].Id.Equal(e.Id) {
			t.Extensions[i] = e
			return t
		}
	}
	t.Extensions = append(t.Extensions, e)
	return t
}

// Without drops an extension.
func (t *Template) Without(oid asn1.ObjectIdentifier) *Template {
	t.Extensions = slices.DeleteFunc(t.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oid) })
	return t
}

// Holder is a certificate with its private key.
type Holder struct {
	Certificate *pki.Certificate
	Key         *Key
}

// NewHolder joins a certificate to its key.
func NewHolder(certificate []byte, key *Key) (*Holder, error) {
	parsed, err := pki.ParseCertificate(certificate)
	if err != nil {
		return nil, fmt.Errorf("reading a certificate: %w", err)
	}
	if !bytes.Equal(parsed.X509.RawSubjectPublicKeyInfo, key.public) {
		return nil, errors.New("the certificate is of another key")
	}
	return &Holder{Certificate: parsed, Key: key}, nil
}

// DER is the certificate.
func (h *Holder) DER() []byte { return h.Certificate.Raw }

// Issue makes a certificate for the key of Public, signed by h: also if h is no authority.
func (h *Holder) Issue(t *Template) ([]byte, error) {
	return t.sign(h.Certificate.X509.RawSubject, h.Certificate.X509.SubjectKeyId, h.Key)
}

// SelfSigned makes a holder whose certificate its own key signed.
func SelfSigned(t *Template, key *Key) (*Holder, error) {
	t.Public = key.DER()
	raw, err := t.sign(t.Subject.DER(), KeyID(t.Public), key)
	if err != nil {
		return nil, err
	}
	return NewHolder(raw, key)
}

// IssueTo makes the holder of a key, with a certificate signed by h.
func (h *Holder) IssueTo(key *Key, t *Template) (*Holder, error) {
	t.Public = key.DER()
	raw, err := h.Issue(t)
	if err != nil {
		return nil, err
	}
	return NewHolder(raw, key)
}

func (t *Template) sign(issuer, issuerKey []byte, key *Key) ([]byte, error) {
	c := *t // what is filled in is not for the next certificate
	if c.Issuer != nil {
		issuer = c.Issuer.DER()
	}
	if c.Algorithm == nil {
		c.Algorithm = key.Algorithm().OID()
	}
	if c.Inner == nil {
		c.Inner = c.Algorithm
	}
	if c.Serial == nil {
		c.Serial = SerialOf(c.Public)
	}
	if !c.NoKeyIDs {
		c.Extensions = slices.Clone(c.Extensions)
		for _, e := range []pkix.Extension{SubjectKeyID(KeyID(c.Public)), AuthorityKeyID(issuerKey)} {
			if !slices.ContainsFunc(c.Extensions, func(has pkix.Extension) bool { return has.Id.Equal(e.Id) }) {
				c.Extensions = append(c.Extensions, e)
			}
		}
	}
	body := der.Build(func(b *cryptobyte.Builder) { c.add(b, issuer) })
	if body == nil {
		return nil, errors.New("making a certificate: what it says cannot be written")
	}
	return sealed(body, c.Algorithm, key)
}

func (t *Template) add(b *cryptobyte.Builder, issuer []byte) {
	der.Sequence(b, func(b *cryptobyte.Builder) {
		version := t.Version
		if version == 0 {
			version = 3
		}
		if version > 1 {
			b.AddASN1(der.Explicit(0), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(version - 1)) })
		}
		b.AddASN1BigInt(t.Serial)
		pki.AddIdentifier(b, t.Inner)
		b.AddBytes(issuer)
		der.Sequence(b, func(b *cryptobyte.Builder) {
			addTime(b, t.NotBefore)
			addTime(b, t.NotAfter)
		})
		b.AddBytes(t.Subject.DER())
		b.AddBytes(t.Public)
		if len(t.Extensions) > 0 {
			b.AddASN1(der.Explicit(3), func(b *cryptobyte.Builder) { addExtensions(b, t.Extensions) })
		}
	})
}

// addTime writes a time as certificates and lists do: until 2049 with two digits for the year.
func addTime(b *cryptobyte.Builder, at time.Time) {
	at = at.UTC().Truncate(time.Second)
	if year := at.Year(); year >= 1950 && year < 2050 {
		b.AddASN1UTCTime(at)
		return
	}
	b.AddASN1GeneralizedTime(at)
}

// KeyID names a public key: SHA-256 of its SubjectPublicKeyInfo, cut to 20 bytes.
func KeyID(public []byte) []byte {
	sum := sha256.Sum256(public)
	return sum[:20]
}

// SerialOf is the serial number of a key's certificate as the national certification centre chooses it: the key's name
// with the highest bit cleared, so that it is positive.
func SerialOf(public []byte) *big.Int {
	id := KeyID(public)
	id[0] &= 0x7f
	return new(big.Int).SetBytes(id)
}
