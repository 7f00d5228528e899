// Package signing makes GOST signatures for tests and for the demo. It takes a time that depends on the private key,
// and so gives the key away to whoever can measure it: never use it with the key of a real person.
package signing

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"

	"services.example/portal/infra/eds/gost"
)

// PrivateKey makes signatures. It may be used by several goroutines at once.
type PrivateKey struct {
	d      *big.Int
	public *gost.PublicKey
}

// Errors of this package.
var (
	ErrScalar = errors.New("signing: the private key is not between zero and the curve's order")
	ErrDigest = errors.New("signing: the digest has another length than the curve's digests")
	ErrRandom = errors.New("signing: the randomness is not random")
)

// Generate makes a key from the randomness of random, usually crypto/rand.Reader. Errors: those of random, and
// ErrRandom if that always gives the same.
func Generate(c *gost.Curve, random io.Reader) (*PrivateKey, error) {
	d, err := randomScalar(c, random)
	if err != nil {
		return nil, fmt.Errorf("making a private key: %w", err)
	}
	return newKey(c, d)
}

// New is the key with the given scalar, little-endian and as long as the curve's Size. Error: ErrScalar.
func New(c *gost.Curve, scalar []byte) (*PrivateKey, error) {
	if len(scalar) != c.Size() {
		return nil, ErrScalar
	}
	return newKey(c, littleEndian(scalar))
}

func newKey(c *gost.Curve, d *big.Int) (*PrivateKey, error) {
	public, err := c.PublicKeyOf(d)
	if err != nil {
		return nil, ErrScalar
	}
	return &PrivateKey{d: d, public: public}, nil
}

// Public is the key that verifies.
func (k *PrivateKey) Public() *gost.PublicKey { return k.public }

// Curve is the key's curve.
func (k *PrivateKey) Curve() *gost.Curve { return k.public.Curve }

// Bytes is the scalar as New takes it.
func (k *PrivateKey) Bytes() []byte {
	raw := make([]byte, k.Curve().Size())
	fillLittleEndian(raw, k.d)
	return raw
}

// Sign gives the signature r‖s, both little-endian, of a digest that is as long as the curve's Size, as the hash gave
// it. Each signature takes new randomness from random, usually crypto/rand.Reader. Errors: ErrDigest, ErrRandom, and
// those of random.
func (k *PrivateKey) Sign(digest []byte, random io.Reader) ([]byte, error) {
	c := k.Curve()
	if len(digest) != c.Size() {
		return nil, ErrDigest
	}
	for {
		nonce, err := randomScalar(c, random)
		if err != nil {
			return nil, fmt.Errorf("making a signature: %w", err)
		}
		if signature, ok := k.sign(digest, nonce); ok {
			return signature, nil
		}
	}
}

// sign is the standard's steps 2 to 6. It fails with a nonce that gives zero for r or s, which practically never is.
func (k *PrivateKey) sign(digest []byte, nonce *big.Int) (signature []byte, ok bool) {
	c := k.Curve()
	q := c.Order()
	point, err := c.PublicKeyOf(nonce)
	if err != nil {
		return nil, false
	}
	e := littleEndian(digest)
	if e.Mod(e, q).Sign() == 0 {
		e.SetInt64(1)
	}
	r := new(big.Int).Mod(point.X, q)
	s := new(big.Int).Mul(r, k.d)
	s.Add(s, e.Mul(e, nonce))
	if s.Mod(s, q).Sign() == 0 || r.Sign() == 0 {
		return nil, false
	}
	signature = make([]byte, 2*c.Size())
	fillLittleEndian(signature[:c.Size()], r)
	fillLittleEndian(signature[c.Size():], s)
	return signature, true
}

// randomScalar is evenly spread over 1 … q-1: what does not fit is thrown away, which is at most every second one.
func randomScalar(c *gost.Curve, random io.Reader) (*big.Int, error) {
	q := c.Order()
	raw := make([]byte, c.Size())
	for range 128 {
		if _, err := io.ReadFull(random, raw); err != nil {
			return nil, err
		}
		raw[len(raw)-1] &= 0xff >> (8*len(raw) - q.BitLen())
		if d := littleEndian(raw); d.Sign() > 0 && d.Cmp(q) < 0 {
			return d, nil
		}
	}
	return nil, ErrRandom
}

func littleEndian(raw []byte) *big.Int {
	raw = slices.Clone(raw)
	slices.Reverse(raw)
	return new(big.Int).SetBytes(raw)
}

// fillLittleEndian writes x, which fits.
func fillLittleEndian(raw []byte, x *big.Int) {
	x.FillBytes(raw)
	slices.Reverse(raw)
}
