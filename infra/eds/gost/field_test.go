package gost_test

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"services.example/portal/infra/eds/gost"
)

// The field agrees with math/big, for primes that fill their words, that do not, and where the carries are at their
// worst: numbers close to 0, to the prime and to powers of 2.
func TestTheFieldAgreesWithMathBig(t *testing.T) {
	for name, curve := range curves() {
		p, _, _, _, _ := curve.Parameters()
		field := gost.NewField(p)
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			x, y := element(p).Draw(t, "x"), element(p).Draw(t, "y")
			sum, difference, product := field.Do(x, y)
			want := new(big.Int)
			require.Zero(t, want.Mod(want.Add(x, y), p).Cmp(sum), "sum")
			require.Zero(t, want.Mod(want.Sub(x, y), p).Cmp(difference), "difference")
			require.Zero(t, want.Mod(want.Mul(x, y), p).Cmp(product), "product")
		}))
	}
}

// A scalar is the sum of its digits, each odd, within its window, and far enough from the next.
func TestDigitsAddUpToTheScalar(t *testing.T) {
	limit := new(big.Int).Lsh(big.NewInt(1), 512)
	rapid.Check(t, func(t *rapid.T) {
		n, width := element(limit).Draw(t, "n"), rapid.IntRange(2, 8).Draw(t, "width")
		sum, free := new(big.Int), 0
		for i, digit := range gost.Recode(n, width) {
			if digit == 0 {
				continue
			}
			require.Equal(t, 1, int(digit)&1, "digit %d is odd", i)
			require.Less(t, max(int(digit), -int(digit)), 1<<(width-1), "digit %d is in the window", i)
			require.GreaterOrEqual(t, i, free, "digit %d is a window away from the one before", i)
			free = i + width
			sum.Add(sum, new(big.Int).Lsh(big.NewInt(int64(digit)), uint(i)))
		}
		require.Zero(t, n.Cmp(sum))
	})
}

// element is a number below limit, often an awkward one.
func element(limit *big.Int) *rapid.Generator[*big.Int] {
	return rapid.Custom(func(t *rapid.T) *big.Int {
		x := new(big.Int)
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			x.SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "bytes"))
		case 1:
			x.SetUint64(rapid.Uint64Range(0, 3).Draw(t, "small"))
		case 2:
			x.Sub(limit, big.NewInt(rapid.Int64Range(1, 3).Draw(t, "below the limit")))
		default:
			x.Lsh(big.NewInt(1), uint(rapid.IntRange(0, limit.BitLen()-1).Draw(t, "power")))
			x.Sub(x, big.NewInt(rapid.Int64Range(0, 1).Draw(t, "less")))
		}
		return x.Mod(x, limit)
	})
}
