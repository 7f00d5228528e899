package pki

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// MaxCertificate is the size of the largest certificate that is read, in bytes.
const MaxCertificate = 32 << 10

// Certificate is a certificate that was read. Nothing vouches for it yet.
type Certificate struct {
	Raw        []byte            // DER
	X509       *x509.Certificate // all its fields; never its Verify and CheckSignature, which know no GOST
	Key        *Key              // its holder's; the zero Key if it is of a kind that must not sign
	Algorithm  Algorithm         // with which it was signed; zero if that is not known
	Serial     *big.Int          //
	NotBefore  time.Time         // UTC
	NotAfter   time.Time         // UTC, the last moment
	IsCA       bool              // may sign certificates, and its key usage says so
	MaxPath    int               // how many authorities may stand between it and the end of a chain; -1: any number
	KeyUsage   x509.KeyUsage     // none: the certificate says nothing of it
	ExtUsage   []asn1.ObjectIdentifier
	ExtUsageIs bool // the extended usage is critical: for that and for nothing else
	Policies   []asn1.ObjectIdentifier
	Owner      Owner
	Roles      []Role                  // of the owner, of those that are known
	Unknown    []asn1.ObjectIdentifier // critical extensions that are not understood here

	signed    []byte // TBSCertificate
	signature []byte
}

// ParseCertificate reads a certificate. One with a key or a signature that must not be is read too: it signs nothing, and
// is signed by nobody. Error: *Error with malformed.
func ParseCertificate(raw []byte) (*Certificate, error) {
	if len(raw) > MaxCertificate {
		return nil, Malformed("a huge certificate")
	}
	raw = bytes.Clone(raw)
	c := &Certificate{Raw: raw, MaxPath: -1}
	parsed, err := c.readOuter()
	if err != nil {
		return nil, err
	}
	c.X509, c.Serial = parsed, parsed.SerialNumber
	c.NotBefore, c.NotAfter = parsed.NotBefore.UTC(), parsed.NotAfter.UTC()
	c.IsCA = parsed.BasicConstraintsValid && parsed.IsCA && parsed.KeyUsage&x509.KeyUsageCertSign != 0
	c.KeyUsage, c.Policies = parsed.KeyUsage, parsed.PolicyIdentifiers
	c.Owner = ownerOf(parsed.Subject.Names)
	if parsed.MaxPathLen > 0 || parsed.MaxPathLenZero {
		c.MaxPath = parsed.MaxPathLen
	}
	if c.Key, err = keyOf(parsed.RawSubjectPublicKeyInfo); err != nil {
		return nil, err
	}
	if err := c.readExtensions(); err != nil {
		return nil, err
	}
	return c, nil
}

func keyOf(info []byte) (*Key, error) {
	key, err := ParseKey(info)
	if IsCode(err, CodeNotAllowed) {
		return &Key{}, nil
	}
	return key, err
}

// readOuter reads what crypto/x509 keeps to itself where it does not know the algorithm, and lets it read the rest.
func (c *Certificate) readOuter() (*x509.Certificate, error) {
	input := cryptobyte.String(c.Raw)
	var whole, signed, signature cryptobyte.String
	if !input.ReadASN1(&whole, der.SEQUENCE) || !input.Empty() || !whole.ReadASN1Element(&signed, der.SEQUENCE) {
		return nil, Malformed("a certificate")
	}
	rest := whole
	outer, err := ReadIdentifier(&whole)
	if err != nil && !IsCode(err, CodeNotAllowed) {
		return nil, err
	}
	c.Algorithm, _ = AlgorithmByOID(outer)
	bits := whole
	if !readBits(&whole, &signature) || !whole.Empty() {
		return nil, Malformed("the signature of a certificate")
	}
	c.signed, c.signature = signed, signature
	raw := c.Raw
	if inner := innerIdentifier(signed); c.Algorithm != (Algorithm{}) && !bytes.HasPrefix(rest, inner) {
		// The centre names an algorithm with NULL in one place and without it in the other. That is the same to it, but
		// not to x509, which shall find one of them twice.
		again := cryptobyte.String(inner)
		if oid, err := ReadIdentifier(&again); err != nil || !oid.Equal(outer) {
			return nil, Malformed("a certificate that names two algorithms")
		}
		raw = rejoin(signed, inner, bits)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, Malformed("a certificate")
	}
	parsed.Raw = c.Raw
	return parsed, nil
}

// innerIdentifier is the algorithm inside of what is signed, in DER; nil if there is none.
func innerIdentifier(signed cryptobyte.String) []byte {
	var content, identifier cryptobyte.String
	if !signed.ReadASN1(&content, der.SEQUENCE) || !content.SkipOptionalASN1(der.Tag(0).ContextSpecific().Constructed()) ||
		!content.SkipASN1(der.INTEGER) || !content.ReadASN1Element(&identifier, der.SEQUENCE) {
		return nil
	}
	return identifier
}

func rejoin(parts ...[]byte) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, part := range parts {
			b.AddBytes(part)
		}
	})
	return b.BytesOrPanic() // not longer than what was read
}

// Extensions that are understood here, so that they may be critical. That name constraints and policy constraints are not
// among them is on purpose: nobody checks them.
var (
	oidExtUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	understood  = []asn1.ObjectIdentifier{
		{2, 5, 29, 14}, // identifier of the subject's key
		{2, 5, 29, 15}, // key usage
		{2, 5, 29, 17}, // alternative names, which name nobody here
		{2, 5, 29, 19}, // basic constraints
		{2, 5, 29, 32}, // policies
		{2, 5, 29, 35}, // identifier of the issuer's key
		oidExtUsage,
	}
)

func (c *Certificate) readExtensions() error {
	for _, e := range c.X509.Extensions {
		if e.Critical && !slices.ContainsFunc(understood, e.Id.Equal) {
			c.Unknown = append(c.Unknown, e.Id)
		}
		if !e.Id.Equal(oidExtUsage) {
			continue
		}
		input := cryptobyte.String(e.Value)
		var list cryptobyte.String
		if !input.ReadASN1(&list, der.SEQUENCE) || !input.Empty() || list.Empty() {
			return Malformed("the extended key usage of a certificate")
		}
		c.ExtUsageIs = e.Critical
		for !list.Empty() {
			var oid asn1.ObjectIdentifier
			if !list.ReadASN1ObjectIdentifier(&oid) {
				return Malformed("the extended key usage of a certificate")
			}
			c.ExtUsage = append(c.ExtUsage, oid)
			if role, known := roleOf(oid); known {
				c.Roles = append(c.Roles, role)
			}
		}
	}
	return nil
}

// SHA256 is the digest of the DER, by which authorities are pinned.
func (c *Certificate) SHA256() [sha256.Size]byte { return sha256.Sum256(c.Raw) }

// Equal says whether both are the same certificate, byte for byte.
func (c *Certificate) Equal(other *Certificate) bool { return bytes.Equal(c.Raw, other.Raw) }

// Names says whether this is the certificate with that issuer (the DER of its name) and serial number.
func (c *Certificate) Names(issuer []byte, serial *big.Int) bool {
	return bytes.Equal(c.X509.RawIssuer, issuer) && c.Serial.Cmp(serial) == 0
}

// ValidAt tells whether the certificate is valid at a time. Errors: *Error with cert-expired or cert-not-yet-valid.
func (c *Certificate) ValidAt(at time.Time) error {
	switch {
	case at.Before(c.NotBefore):
		return &Error{Code: CodeNotYetValid, Detail: "the certificate begins later"}
	case at.After(c.NotAfter):
		return &Error{Code: CodeExpired, Detail: "the certificate had ended"}
	default:
		return nil
	}
}

// SignedBy tells whether the issuer's key signed the certificate, and it names that issuer. That the issuer may sign
// certificates is not asked. Legacy allows algorithms of years ago. Errors: *Error with untrusted-ca if the issuer is
// another one, alg-not-allowed or bad-signature.
func (c *Certificate) SignedBy(issuer *Certificate, legacy bool) error {
	if !bytes.Equal(c.X509.RawIssuer, issuer.X509.RawSubject) {
		return untrusted("it names another issuer")
	}
	if !c.Algorithm.Allowed(legacy) {
		return notAllowed("the signature of a certificate")
	}
	return issuer.Key.Verify(c.Algorithm, c.signed, c.signature)
}
