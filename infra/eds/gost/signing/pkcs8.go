package signing

import (
	encoding "encoding/asn1"
	"errors"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/gost"
)

// The identifiers of Kazakhstan's keys, curves and hashes.
var (
	oidKey2015   = encoding.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 2, 2}
	oidCurve2015 = encoding.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 2, 2, 1}
	oidHash2015  = encoding.ObjectIdentifier{1, 2, 398, 3, 10, 1, 3, 3}
	oidKey2004   = encoding.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 1, 1}
	oidCurve2004 = encoding.ObjectIdentifier{1, 2, 398, 3, 10, 1, 1, 1, 1, 1}
	oidHash2004  = encoding.ObjectIdentifier{1, 2, 398, 3, 10, 1, 3, 1, 1, 0}
)

// Errors of ParsePKCS8.
var (
	ErrPKCS8     = errors.New("signing: not a PKCS #8 private key")
	ErrAlgorithm = errors.New("signing: not a GOST key of a known curve")
)

// ParsePKCS8 reads a key as the national authority writes it: the scalar of 2015 is an OCTET STRING, little-endian, that
// of 2004 an INTEGER. Errors: ErrPKCS8, ErrAlgorithm, ErrScalar.
func ParsePKCS8(der []byte) (*PrivateKey, error) {
	input := cryptobyte.String(der)
	var info, algorithm, parameters, wrapped cryptobyte.String
	var version int
	var key, curve encoding.ObjectIdentifier
	if !input.ReadASN1(&info, asn1.SEQUENCE) || !input.Empty() || !info.ReadASN1Integer(&version) || version != 0 ||
		!info.ReadASN1(&algorithm, asn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&key) ||
		!info.ReadASN1(&wrapped, asn1.OCTET_STRING) {
		return nil, ErrPKCS8
	}
	// Attributes may follow, which say nothing about the key.
	if !info.SkipOptionalASN1(asn1.Tag(0).ContextSpecific().Constructed()) || !info.Empty() {
		return nil, ErrPKCS8
	}
	if !algorithm.ReadASN1(&parameters, asn1.SEQUENCE) || !parameters.ReadASN1ObjectIdentifier(&curve) {
		return nil, ErrAlgorithm
	}
	switch {
	case key.Equal(oidKey2015) && curve.Equal(oidCurve2015):
		var scalar cryptobyte.String
		if !wrapped.ReadASN1(&scalar, asn1.OCTET_STRING) || !wrapped.Empty() {
			return nil, ErrPKCS8
		}
		return New(gost.TC26Set512A(), scalar)
	case key.Equal(oidKey2004) && curve.Equal(oidCurve2004):
		scalar := new(big.Int)
		if !wrapped.ReadASN1Integer(scalar) || !wrapped.Empty() {
			return nil, ErrPKCS8
		}
		return newKey(gost.CryptoProA(), scalar)
	default:
		return nil, ErrAlgorithm
	}
}

// MarshalPKCS8 writes what ParsePKCS8 reads. Error: ErrAlgorithm, if the curve has no identifier in Kazakhstan.
func (k *PrivateKey) MarshalPKCS8() ([]byte, error) {
	var key, curve, hash encoding.ObjectIdentifier
	var inner cryptobyte.Builder
	switch k.Curve() {
	case gost.TC26Set512A():
		key, curve, hash = oidKey2015, oidCurve2015, oidHash2015
		inner.AddASN1OctetString(k.Bytes())
	case gost.CryptoProA():
		key, curve, hash = oidKey2004, oidCurve2004, oidHash2004
		inner.AddASN1BigInt(k.d)
	default:
		return nil, ErrAlgorithm
	}
	wrapped, err := inner.Bytes()
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(key)
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(curve)
				b.AddASN1ObjectIdentifier(hash)
			})
		})
		b.AddASN1OctetString(wrapped)
	})
	return b.Bytes()
}
