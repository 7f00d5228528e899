package gost

import (
	"errors"
	"math/big"
	"sync"
)

// Curve is an elliptic curve y² = x³ + ax + b with a base point of prime order. There is one of each: two curves are
// the same if their pointers are.
type Curve struct {
	name  string
	size  int // of a coordinate, in bytes
	group group
	q     *big.Int
	base  affine
	table func() []affine // the base point's odd multiples, made when they are needed first
}

// TC26Set512A is the curve of signatures made since 2015: id-tc26-gost-3410-12-512-paramSetA of RFC 7836.
func TC26Set512A() *Curve { return tc26Set512A }

// CryptoProA is the curve of GOST 34.310-2004: id-GostR3410-2001-CryptoPro-A-ParamSet of RFC 4357.
func CryptoProA() *Curve { return cryptoProA }

// Name is the curve's usual name, for messages and reports.
func (c *Curve) Name() string { return c.name }

// Size is the length of a coordinate, a scalar and a digest in bytes; keys and signatures are twice as long.
func (c *Curve) Size() int { return c.size }

// Order is the order of the base point, the q of the standard.
func (c *Curve) Order() *big.Int { return new(big.Int).Set(c.q) }

var errScalar = errors.New("gost: the scalar is not between zero and the curve's order")

// PublicKeyOf is the public key of the private key d, 0 < d < Order. It takes a time that depends on d: it is for the
// package signing and for tests.
func (c *Curve) PublicKeyOf(d *big.Int) (*PublicKey, error) {
	if d.Sign() <= 0 || d.Cmp(c.q) >= 0 {
		return nil, errScalar
	}
	scalar := numberOf(d)
	r := c.group.combine(c.table(), &scalar, &c.base, &number{})
	p := c.group.settle([]point{r})[0]
	return &PublicKey{Curve: c, X: c.group.big(&p.x), Y: c.group.big(&p.y)}, nil
}

// newCurve takes the parameters of the standards, hexadecimal. They are constants: the tests check them.
func newCurve(name, p, a, b, q, x, y string) *Curve {
	prime, coefficient := constant(p), constant(a)
	f := newField(prime)
	c := &Curve{
		name:  name,
		size:  (prime.BitLen() + 7) / 8,
		group: group{field: f, a: f.from(coefficient), b: f.from(constant(b))},
		q:     constant(q),
		base:  affine{f.from(constant(x)), f.from(constant(y))},
	}
	c.group.minusThree = new(big.Int).Sub(prime, coefficient).Cmp(big.NewInt(3)) == 0
	c.table = sync.OnceValue(func() []affine {
		points := make([]point, 1<<(baseWidth-2))
		c.group.multiples(points, &c.base)
		return c.group.settle(points)
	})
	return c
}

func constant(hex string) *big.Int {
	x, _ := new(big.Int).SetString(hex, 16)
	return x
}

// settle divides by z. None of the points may be at infinity.
func (g *group) settle(points []point) []affine {
	settled := make([]affine, len(points))
	for i := range points {
		inverse := g.from(new(big.Int).ModInverse(g.big(&points[i].z), g.p))
		var power number
		g.sqr(&power, &inverse)
		g.mul(&settled[i].x, &points[i].x, &power)
		g.mul(&power, &power, &inverse)
		g.mul(&settled[i].y, &points[i].y, &power)
	}
	return settled
}
