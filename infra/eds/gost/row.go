package gost

import "math/bits"

// Rows of a product, written out because loops over carries are slow: t += x·factor. What carries out of t is given.

func row4(t, x *[4]uint64, factor uint64) uint64 {
	var carry uint64
	h0, l0 := bits.Mul64(x[0], factor)
	h1, l1 := bits.Mul64(x[1], factor)
	h2, l2 := bits.Mul64(x[2], factor)
	h3, l3 := bits.Mul64(x[3], factor)
	l1, carry = bits.Add64(l1, h0, 0)
	l2, carry = bits.Add64(l2, h1, carry)
	l3, carry = bits.Add64(l3, h2, carry)
	h3 += carry
	t[0], carry = bits.Add64(t[0], l0, 0)
	t[1], carry = bits.Add64(t[1], l1, carry)
	t[2], carry = bits.Add64(t[2], l2, carry)
	t[3], carry = bits.Add64(t[3], l3, carry)
	return h3 + carry
}

func row8(t, x *[8]uint64, factor uint64) uint64 {
	var carry uint64
	h0, l0 := bits.Mul64(x[0], factor)
	h1, l1 := bits.Mul64(x[1], factor)
	l1, carry = bits.Add64(l1, h0, 0)
	h2, l2 := bits.Mul64(x[2], factor)
	l2, carry = bits.Add64(l2, h1, carry)
	h3, l3 := bits.Mul64(x[3], factor)
	l3, carry = bits.Add64(l3, h2, carry)
	h4, l4 := bits.Mul64(x[4], factor)
	l4, carry = bits.Add64(l4, h3, carry)
	h5, l5 := bits.Mul64(x[5], factor)
	l5, carry = bits.Add64(l5, h4, carry)
	h6, l6 := bits.Mul64(x[6], factor)
	l6, carry = bits.Add64(l6, h5, carry)
	h7, l7 := bits.Mul64(x[7], factor)
	l7, carry = bits.Add64(l7, h6, carry)
	h7 += carry
	t[0], carry = bits.Add64(t[0], l0, 0)
	t[1], carry = bits.Add64(t[1], l1, carry)
	t[2], carry = bits.Add64(t[2], l2, carry)
	t[3], carry = bits.Add64(t[3], l3, carry)
	t[4], carry = bits.Add64(t[4], l4, carry)
	t[5], carry = bits.Add64(t[5], l5, carry)
	t[6], carry = bits.Add64(t[6], l6, carry)
	t[7], carry = bits.Add64(t[7], l7, carry)
	return h7 + carry
}
