package gost

import (
	"math/big"
	"math/bits"
)

// limbs is how many words of 64 bits the largest numbers have.
const limbs = 8

// number is below 2^512; the least significant word comes first.
type number [limbs]uint64

// field computes modulo an odd prime, with Montgomery's multiplication: a number x stands for x·2^(64·size) mod p.
// Only the first size words of a number are used, all or a half; the others are zero.
type field struct {
	size    int
	modulus number
	inverse uint64 // -1/p modulo 2^64
	one     number
	square  number // 2^(2·64·size) mod p: a product with it brings a number into Montgomery's form
	p       *big.Int
}

func newField(p *big.Int) *field {
	f := &field{size: limbs, p: p}
	if p.BitLen() <= 32*limbs {
		f.size = limbs / 2
	}
	f.modulus = numberOf(p)
	f.inverse = 1 // Newton's iteration doubles the correct bits
	for range 6 {
		f.inverse *= 2 - f.modulus[0]*f.inverse
	}
	f.inverse = -f.inverse
	radix := new(big.Int).Lsh(big.NewInt(1), uint(64*f.size))
	f.one = numberOf(new(big.Int).Mod(radix, p))
	f.square = numberOf(new(big.Int).Mod(new(big.Int).Mul(radix, radix), p))
	return f
}

// numberOf is x, 0 ≤ x < 2^512.
func numberOf(x *big.Int) (n number) {
	var raw [8 * limbs]byte
	x.FillBytes(raw[:])
	for i := range n {
		for _, b := range raw[8*(limbs-1-i):][:8] {
			n[i] = n[i]<<8 | uint64(b)
		}
	}
	return n
}

// from brings x, 0 ≤ x < p, into the field.
func (f *field) from(x *big.Int) (z number) {
	z = numberOf(x)
	f.mul(&z, &z, &f.square)
	return z
}

// big is the number that x stands for.
func (f *field) big(x *number) *big.Int {
	var plain number
	f.mul(&plain, x, &number{1})
	raw := make([]byte, 8*limbs)
	for i, word := range plain {
		for j := range 8 {
			raw[8*(limbs-i)-1-j] = byte(word >> (8 * j))
		}
	}
	return new(big.Int).SetBytes(raw)
}

func (n *number) isZero() bool { return *n == number{} }

// reduce sets z to t, with carry the word above it, when that is below twice the modulus.
func (f *field) reduce(z, t *number, carry uint64) {
	var less number
	var borrow uint64
	for i := range f.size {
		less[i&7], borrow = bits.Sub64(t[i&7], f.modulus[i&7], borrow)
	}
	if carry == 0 && borrow == 1 {
		*z = *t
		return
	}
	*z = less
}

func (f *field) add(z, x, y *number) {
	var sum number
	var carry uint64
	for i := range f.size {
		sum[i&7], carry = bits.Add64(x[i&7], y[i&7], carry)
	}
	f.reduce(z, &sum, carry)
}

func (f *field) sub(z, x, y *number) {
	var difference number
	var borrow, carry uint64
	for i := range f.size {
		difference[i&7], borrow = bits.Sub64(x[i&7], y[i&7], borrow)
	}
	if borrow == 1 {
		for i := range f.size {
			difference[i&7], carry = bits.Add64(difference[i&7], f.modulus[i&7], carry)
		}
	}
	*z = difference
}

// mul is Montgomery's product x·y/2^(64·size).
func (f *field) mul(z, x, y *number) {
	var t [2 * limbs]uint64
	var top uint64 // what carries out of t
	if f.size == limbs {
		for i := range limbs {
			t[limbs+i] = row8((*[8]uint64)(t[i:]), (*[8]uint64)(x), y[i])
		}
		for i := range limbs {
			carry := row8((*[8]uint64)(t[i:]), (*[8]uint64)(&f.modulus), t[i]*f.inverse)
			t[limbs+i], top = bits.Add64(t[limbs+i], carry, top)
		}
		f.reduce(z, (*number)(t[limbs:]), top)
		return
	}
	const half = limbs / 2
	for i := range half {
		t[half+i] = row4((*[4]uint64)(t[i:]), (*[4]uint64)(x[:]), y[i])
	}
	for i := range half {
		carry := row4((*[4]uint64)(t[i:]), (*[4]uint64)(f.modulus[:]), t[i]*f.inverse)
		t[half+i], top = bits.Add64(t[half+i], carry, top)
	}
	f.reduce(z, &number{t[half], t[half+1], t[half+2], t[half+3]}, top)
}

func (f *field) sqr(z, x *number) { f.mul(z, x, x) }

func (f *field) double(z, x *number) { f.add(z, x, x) }
