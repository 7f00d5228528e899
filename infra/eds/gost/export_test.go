package gost

import "math/big"

// NewCurve makes a curve for the examples of the standards.
var NewCurve = newCurve

// Parameters are p, a, b, the base point's x and y, as math/big has them.
func (c *Curve) Parameters() (p, a, b, x, y *big.Int) {
	f := c.group.field
	return f.p, f.big(&c.group.a), f.big(&c.group.b), f.big(&c.base.x), f.big(&c.base.y)
}

// Combine is u·base + v·key, nil at infinity.
func (c *Curve) Combine(u *big.Int, key *PublicKey, v *big.Int) *PublicKey {
	p, ok := key.point()
	if !ok {
		return nil
	}
	first, second := numberOf(u), numberOf(v)
	r := c.group.combine(c.table(), &first, &p, &second)
	if r.z.isZero() {
		return nil
	}
	settled := c.group.settle([]point{r})[0]
	return &PublicKey{Curve: c, X: c.group.big(&settled.x), Y: c.group.big(&settled.y)}
}

// Field gives the field's operations to the tests.
type Field struct{ f *field }

// NewField is the field of p elements.
func NewField(p *big.Int) Field { return Field{newField(p)} }

// Do is x+y, x-y and x·y.
func (f Field) Do(x, y *big.Int) (sum, difference, product *big.Int) {
	a, b := f.f.from(x), f.f.from(y)
	var s, d, p number
	f.f.add(&s, &a, &b)
	f.f.sub(&d, &a, &b)
	f.f.mul(&p, &a, &b)
	return f.f.big(&s), f.f.big(&d), f.f.big(&p)
}

// Recode gives the digits of n in signed windows.
func Recode(n *big.Int, width int) []int8 {
	var d digits
	return d[:d.recode(numberOf(n), width)]
}
