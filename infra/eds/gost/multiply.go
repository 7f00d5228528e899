package gost

import "math/bits"

// Widths of the signed windows: a scalar's digit is odd and below half of 2^width. The base point's multiples are kept,
// so there may be more of them.
const (
	baseWidth = 8
	keyWidth  = 5
)

// digits is a scalar in signed windows, digit i counting 2^i; at most every width-th is not zero.
type digits [64*limbs + 1]int8

// recode sets d to the windows of n and gives how many digits are used.
func (d *digits) recode(n number, width int) int {
	used := 0
	var above uint64 // the bit above n
	for i := 0; i < len(d); i++ {
		if n.isZero() && above == 0 {
			break
		}
		if n[0]&1 == 1 {
			digit := int(n[0] & (1<<width - 1))
			if digit >= 1<<(width-1) {
				digit -= 1 << width
			}
			d[i] = int8(digit)
			used = i + 1
			above += n.subtractSmall(digit)
		}
		for j := range limbs - 1 {
			n[j] = n[j]>>1 | n[j+1]<<63
		}
		n[limbs-1] = n[limbs-1]>>1 | above<<63
		above >>= 1
	}
	return used
}

// subtractSmall subtracts a digit that leaves nothing negative, and gives what carries out of the top.
func (n *number) subtractSmall(digit int) (carry uint64) {
	if digit >= 0 {
		n[0] -= uint64(digit) // these are its lowest bits: nothing to borrow
		return 0
	}
	n[0], carry = bits.Add64(n[0], uint64(-digit), 0)
	for i := 1; i < limbs && carry > 0; i++ {
		n[i], carry = bits.Add64(n[i], 0, carry)
	}
	return carry
}

// multiples are the odd ones of a point, 1, 3, 5, …, as many as a window of the width needs.
func (g *group) multiples(to []point, p *affine) {
	var twice point
	to[0] = g.lift(p)
	g.double(&twice, &to[0])
	for i := 1; i < len(to); i++ {
		g.sum(&to[i], &to[i-1], &twice)
	}
}

// combine gives u·base + v·p, where base's odd multiples are given.
func (g *group) combine(base []affine, u *number, p *affine, v *number) (r point) {
	var ofBase, ofKey digits
	length := max(ofBase.recode(*u, baseWidth), ofKey.recode(*v, keyWidth))
	var table [1 << (keyWidth - 2)]point
	g.multiples(table[:], p)
	for i := length - 1; i >= 0; i-- {
		g.double(&r, &r)
		if digit := ofBase[i]; digit != 0 {
			multiple := base[magnitude(digit)>>1]
			g.negateIf(digit < 0, &multiple.y)
			g.addAffine(&r, &r, &multiple)
		}
		if digit := ofKey[i]; digit != 0 {
			multiple := table[magnitude(digit)>>1]
			g.negateIf(digit < 0, &multiple.y)
			g.sum(&r, &r, &multiple)
		}
	}
	return r
}

func magnitude(digit int8) int { return max(int(digit), -int(digit)) }

func (g *group) negateIf(negate bool, y *number) {
	if negate {
		g.sub(y, &number{}, y)
	}
}
