package gost

import (
	"errors"
	"math/big"
	"slices"
)

// PublicKey is a point of its curve. One that ParsePublicKey did not make need not be: then it verifies nothing, and
// its other methods may panic.
type PublicKey struct {
	Curve *Curve
	X, Y  *big.Int
}

// Errors of ParsePublicKey.
var (
	ErrLength = errors.New("gost: the public key has another length than its curve's keys")
	ErrPoint  = errors.New("gost: the public key is not a point of its curve")
)

// ParsePublicKey reads X‖Y, both little-endian and as long as Curve.Size says. What is not a point of the curve is
// refused, also a coordinate that is not reduced; the point at infinity cannot be written like this.
func ParsePublicKey(c *Curve, raw []byte) (*PublicKey, error) {
	if len(raw) != 2*c.size {
		return nil, ErrLength
	}
	k := &PublicKey{Curve: c, X: littleEndian(raw[:c.size]), Y: littleEndian(raw[c.size:])}
	if _, ok := k.point(); !ok {
		return nil, ErrPoint
	}
	return k, nil
}

// Bytes is the key as ParsePublicKey reads it.
func (k *PublicKey) Bytes() []byte {
	raw := make([]byte, 2*k.Curve.size)
	fillLittleEndian(raw[:k.Curve.size], k.X)
	fillLittleEndian(raw[k.Curve.size:], k.Y)
	return raw
}

// Equal says whether other is the same point of the same curve.
func (k *PublicKey) Equal(other *PublicKey) bool {
	return other != nil && k.Curve == other.Curve && k.X.Cmp(other.X) == 0 && k.Y.Cmp(other.Y) == 0
}

// Verify says whether signature is one of this key over digest. The digest is as long as Curve.Size says, in the order
// in which the hash gave it; the signature is r‖s, both little-endian.
func (k *PublicKey) Verify(digest, signature []byte) bool {
	c := k.Curve
	if c == nil || len(digest) != c.size || len(signature) != 2*c.size {
		return false
	}
	r, s := littleEndian(signature[:c.size]), littleEndian(signature[c.size:])
	if r.Sign() == 0 || r.Cmp(c.q) >= 0 || s.Sign() == 0 || s.Cmp(c.q) >= 0 {
		return false
	}
	p, ok := k.point()
	if !ok {
		return false
	}
	v := new(big.Int).ModInverse(c.reduceDigest(digest), c.q)
	z := new(big.Int)
	u1 := numberOf(z.Mod(z.Mul(s, v), c.q))
	u2 := numberOf(z.Mod(z.Neg(z.Mul(r, v)), c.q))
	sum := c.group.combine(c.table(), &u1, &p, &u2)
	return !sum.z.isZero() && c.hasX(&sum, r)
}

// point is the key for computing, if it is one: keys need not come from ParsePublicKey.
func (k *PublicKey) point() (p affine, ok bool) {
	f := k.Curve.group.field
	if k.X == nil || k.Y == nil || k.X.Sign() < 0 || k.Y.Sign() < 0 || k.X.Cmp(f.p) >= 0 || k.Y.Cmp(f.p) >= 0 {
		return affine{}, false
	}
	p = affine{f.from(k.X), f.from(k.Y)}
	return p, k.Curve.group.contains(&p)
}

// reduceDigest is the standard's e: the digest modulo the order, 1 instead of 0.
func (c *Curve) reduceDigest(digest []byte) *big.Int {
	e := littleEndian(digest)
	if e.Mod(e, c.q).Sign() == 0 {
		e.SetInt64(1)
	}
	return e
}

// hasX says whether the abscissa of a point modulo the order is r, 0 < r < q. It compares with r·z² instead of dividing
// by z²; the abscissa may also be r + q, because it is reduced modulo p.
func (c *Curve) hasX(p *point, r *big.Int) bool {
	var zz, want number
	c.group.sqr(&zz, &p.z)
	for x := new(big.Int).Set(r); x.Cmp(c.group.p) < 0; x.Add(x, c.q) {
		want = c.group.from(x)
		c.group.mul(&want, &want, &zz)
		if want == p.x {
			return true
		}
	}
	return false
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
