package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/gost"
)

// Sizes of RSA keys that are allowed, in bits: shorter ones are weak, longer ones only cost time.
const (
	MinRSA = 2048
	MaxRSA = 8192
)

// Key is a public key. The zero Key is of a kind that is not known: no signature is its.
type Key struct {
	raw   []byte
	rsa   *rsa.PublicKey
	ecdsa *ecdsa.PublicKey
	gost  *gost.PublicKey
}

// The curves of GOST keys, and the digests that stand beside them as a key's parameters.
var (
	oidCurve512A   = asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 2, 2, 1}
	oidCurve2004   = asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 1, 1, 1}
	oidDigest2004  = asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 3, 1, 1, 0}
	oidEllipticKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
)

// ParseKey reads a SubjectPublicKeyInfo. Errors: *Error with malformed, or alg-not-allowed if it is of a kind, a size or
// a curve that must not sign.
func ParseKey(raw []byte) (*Key, error) {
	input := cryptobyte.String(raw)
	var info, algorithm cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !input.ReadASN1(&info, der.SEQUENCE) || !input.Empty() || !info.ReadASN1(&algorithm, der.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&oid) {
		return nil, Malformed("a public key")
	}
	switch {
	case oid.Equal(oidGOST2015):
		return parseGOST(raw, algorithm, info, gost.TC26Set512A(), oidCurve512A, Streebog512.OID())
	case oid.Equal(oidGOST2004):
		return parseGOST(raw, algorithm, info, gost.CryptoProA(), oidCurve2004, oidDigest2004)
	case oid.Equal(oidRSA), oid.Equal(oidEllipticKey):
		public, err := x509.ParsePKIXPublicKey(raw)
		if err != nil {
			return nil, Malformed("a public key")
		}
		return NewKey(public)
	default:
		return nil, notAllowed("a key of the kind " + oid.String())
	}
}

// parseGOST reads what follows the key's identifier: the parameters, and the point in an OCTET STRING in a BIT STRING.
func parseGOST(raw []byte, algorithm, info cryptobyte.String, curve *gost.Curve, curveOID, digestOID asn1.ObjectIdentifier) (*Key, error) {
	var parameters, bits, point cryptobyte.String
	var onCurve, digest asn1.ObjectIdentifier
	if !algorithm.ReadASN1(&parameters, der.SEQUENCE) || !algorithm.Empty() ||
		!parameters.ReadASN1ObjectIdentifier(&onCurve) || !parameters.ReadASN1ObjectIdentifier(&digest) || !parameters.Empty() {
		return nil, Malformed("the parameters of a public key")
	}
	if !onCurve.Equal(curveOID) || !digest.Equal(digestOID) {
		return nil, notAllowed("the curve of a public key")
	}
	if !readBits(&info, &bits) || !info.Empty() || !bits.ReadASN1(&point, der.OCTET_STRING) || !bits.Empty() {
		return nil, Malformed("a public key")
	}
	key, err := gost.ParsePublicKey(curve, point)
	if err != nil {
		return nil, Malformed("the point of a public key")
	}
	return &Key{raw: bytes.Clone(raw), gost: key}, nil
}

// readBits reads a BIT STRING of whole bytes.
func readBits(from, out *cryptobyte.String) bool {
	var unused uint8
	return from.ReadASN1(out, der.BIT_STRING) && out.ReadUint8(&unused) && unused == 0
}

// NewKey makes a Key of an *rsa.PublicKey, *ecdsa.PublicKey or *gost.PublicKey. Error: *Error with alg-not-allowed.
func NewKey(public any) (*Key, error) {
	key := &Key{}
	switch public := public.(type) {
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < MinRSA || bits > MaxRSA {
			return nil, notAllowed("the size of an RSA key")
		}
		key.rsa = public
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() && public.Curve != elliptic.P384() && public.Curve != elliptic.P521() {
			return nil, notAllowed("the curve of a public key")
		}
		key.ecdsa = public
	case *gost.PublicKey:
		key.gost = public
		switch public.Curve {
		case gost.TC26Set512A():
			key.raw = marshalGOST(public, oidGOST2015, oidCurve512A, Streebog512.OID())
		case gost.CryptoProA():
			key.raw = marshalGOST(public, oidGOST2004, oidCurve2004, oidDigest2004)
		default:
			return nil, notAllowed("the curve of a public key")
		}
		return key, nil
	default:
		return nil, notAllowed("the kind of a public key")
	}
	raw, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, Malformed("a public key")
	}
	key.raw = raw
	return key, nil
}

func marshalGOST(key *gost.PublicKey, kind, curve, digest asn1.ObjectIdentifier) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(kind)
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(curve)
				b.AddASN1ObjectIdentifier(digest)
			})
		})
		b.AddASN1(der.BIT_STRING, func(b *cryptobyte.Builder) {
			b.AddUint8(0)
			b.AddASN1OctetString(key.Bytes())
		})
	})
	return b.BytesOrPanic() // no length exceeds what DER can say
}

// Kind is the kind of the key.
func (k *Key) Kind() Kind {
	switch {
	case k.rsa != nil:
		return RSA
	case k.ecdsa != nil:
		return ECDSA
	case k.gost != nil && k.gost.Curve == gost.TC26Set512A():
		return GOST2015
	case k.gost != nil:
		return GOST2004
	default:
		return 0
	}
}

// DER is the SubjectPublicKeyInfo.
func (k *Key) DER() []byte { return k.raw }

// Equal says whether both are the same key.
func (k *Key) Equal(other *Key) bool {
	return k.Kind() != 0 && bytes.Equal(k.raw, other.raw)
}

// Verify tells whether the key's holder signed the message. Errors: *Error with bad-signature, or alg-not-allowed if the
// algorithm is none of this key's. Whether the algorithm is allowed the caller must have asked.
func (k *Key) Verify(a Algorithm, message, signature []byte) error {
	if k.Kind() == 0 || k.Kind() != a.Kind || a.OID() == nil {
		return notAllowed("the algorithm is none of the key's")
	}
	digest := a.Hash.Sum(message)
	var right bool
	switch {
	case k.rsa != nil:
		right = rsa.VerifyPKCS1v15(k.rsa, hashes[a.Hash].std, digest, signature) == nil
	case k.ecdsa != nil:
		right = ecdsa.VerifyASN1(k.ecdsa, digest, signature)
	default:
		right = k.gost.Verify(digest, signature)
	}
	if !right {
		return badSignature("its value is not the key's")
	}
	return nil
}

// Bits is the content of the key's BIT STRING, over which OCSP and key identifiers take their digests.
func (k *Key) Bits() []byte {
	input := cryptobyte.String(k.raw)
	var info, bits cryptobyte.String
	if !input.ReadASN1(&info, der.SEQUENCE) || !info.SkipASN1(der.SEQUENCE) || !readBits(&info, &bits) {
		return nil // of the zero Key
	}
	return bits
}
