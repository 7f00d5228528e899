package gost_test

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"services.example/portal/infra/eds/gost"
)

// curves are those of the package and those of the examples in RFC 7091, whose coefficient a is not -3.
func curves() map[string]*gost.Curve {
	return map[string]*gost.Curve{
		"tc26-512-A":  gost.TC26Set512A(),
		"CryptoPro-A": gost.CryptoProA(),
		"RFC 7091 7.1": gost.NewCurve("example 256",
			"8000000000000000000000000000000000000000000000000000000000000431",
			"7",
			"5FBFF498AA938CE739B8E022FBAFEF40563F6E6A3472FC2A514C0CE9DAE23B7E",
			"8000000000000000000000000000000150FE8A1892976154C59CFC193ACCF5B3",
			"2",
			"8E2A8A0E65147D4BD6316030E16D19C85C97F0A9CA267122B96ABBCEA7E8FC8"),
		"RFC 7091 7.2": gost.NewCurve("example 512",
			"4531ACD1FE0023C7550D267B6B2FEE80922B14B2FFB90F04D4EB7C09B5D2D15DF1D852741AF4704A0458047E80E4546D35B8336FAC224DD81664BBF528BE6373",
			"7",
			"1CFF0806A31116DA29D8CFA54E57EB748BC5F377E49400FDD788B649ECA1AC4361834013B2AD7322480A89CA58E0CF74BC9E540C2ADD6897FAD0A3084F302ADC",
			"4531ACD1FE0023C7550D267B6B2FEE80922B14B2FFB90F04D4EB7C09B5D2D15DA82F2D7ECB1DBAC719905C5EECC423F1D86E25EDBE23C595D644AAF187E6E6DF",
			"24D19CC64572EE30F396BF6EBBFD7A6C5213B3B3D7057CC825F91093A68CD762FD60611262CD838DC6B60AA7EEE804E28BC849977FAC33B4B530F1B120248A9A",
			"2BB312A43BD2CE6E0D020613C857ACDDCFBF061E91E5F2C3F32447C259F39B2C83AB156D77F1496BF7EB3351E1EE4E43DC1A18B91B24640B6DBB92CB1ADD371E"),
	}
}

// The parameters are constants of the standards; a wrong digit in one would break these properties.
func TestParametersAreOfACurveOfPrimeOrder(t *testing.T) {
	for name, c := range curves() {
		t.Run(name, func(t *testing.T) {
			p, a, b, x, y := c.Parameters()
			require.True(t, p.ProbablyPrime(20), "p is prime")
			require.True(t, c.Order().ProbablyPrime(20), "q is prime")
			require.NotZero(t, p.Cmp(c.Order()), "q is not p")

			right := new(big.Int).Exp(x, big.NewInt(3), p)
			right.Add(right, new(big.Int).Mul(a, x))
			right.Add(right, b).Mod(right, p)
			require.Zero(t, new(big.Int).Exp(y, big.NewInt(2), p).Cmp(right), "the base point is on the curve")

			base := &gost.PublicKey{Curve: c, X: x, Y: y}
			require.Nil(t, c.Combine(new(big.Int), base, c.Order()), "q times the base point is at infinity")
			// By Hasse's theorem a curve whose base point has an order this close to p has no other points: the cofactor is 1.
			distance := new(big.Int).Sub(p, c.Order())
			require.Less(t, distance.BitLen(), p.BitLen()/2+2, "the cofactor is 1")
		})
	}
}

func TestLegacyCurveIsTheOneOfItsName(t *testing.T) {
	p, _, b, _, _ := gost.CryptoProA().Parameters()
	prime := new(big.Int).Lsh(big.NewInt(1), 256)
	require.Zero(t, prime.Sub(prime, big.NewInt(617)).Cmp(p))
	require.Equal(t, int64(166), b.Int64())
	require.Equal(t, 32, gost.CryptoProA().Size())
	require.Equal(t, "id-GostR3410-2001-CryptoPro-A-ParamSet", gost.CryptoProA().Name())
	require.Equal(t, 64, gost.TC26Set512A().Size())
	require.Equal(t, "id-tc26-gost-3410-12-512-paramSetA", gost.TC26Set512A().Name())
}

// u·G + v·Q computed at once is what the schoolbook gives with math/big, also where intermediate sums meet: Q may be ±G
// or a small multiple of it, and the whole may be at infinity. One curve has a = -3 and 512 bits, the other neither.
func TestCombineAgreesWithTheSchoolbook(t *testing.T) {
	for _, name := range []string{"tc26-512-A", "RFC 7091 7.1"} {
		c := curves()[name]
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			q := c.Order()
			d := element(q).Draw(t, "d")
			if d.Sign() == 0 {
				d.SetInt64(1)
			}
			key, err := c.PublicKeyOf(d)
			require.NoError(t, err)
			u, v := element(q).Draw(t, "u"), element(q).Draw(t, "v")
			if rapid.IntRange(0, 4).Draw(t, "cancel") == 0 {
				u.Mod(u.Neg(u.Mul(v, d)), q)
			}
			got := c.Combine(u, key, v)
			_, _, _, x, y := c.Parameters()
			base := &gost.PublicKey{Curve: c, X: x, Y: y}
			requireSame(t, add(times(u, base), times(v, key)), got)
		}))
	}
}

func TestScalarsOutsideTheOrderAreRefused(t *testing.T) {
	for name, c := range curves() {
		for _, d := range []*big.Int{big.NewInt(-1), new(big.Int), c.Order(), new(big.Int).Add(c.Order(), big.NewInt(1))} {
			_, err := c.PublicKeyOf(d)
			require.ErrorContains(t, err, "not between zero and the curve's order", name)
		}
		last, err := c.PublicKeyOf(new(big.Int).Sub(c.Order(), big.NewInt(1)))
		require.NoError(t, err, name)
		p, _, _, x, y := c.Parameters()
		requireSame(t, &gost.PublicKey{Curve: c, X: x, Y: new(big.Int).Sub(p, y)}, last)
	}
}

// times and add are the textbook's formulas; nil is the point at infinity.
func times(n *big.Int, p *gost.PublicKey) (r *gost.PublicKey) {
	for i := n.BitLen() - 1; i >= 0; i-- {
		r = add(r, r)
		if n.Bit(i) == 1 {
			r = add(r, p)
		}
	}
	return r
}

func add(a, b *gost.PublicKey) *gost.PublicKey {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	p, coefficient, _, _, _ := a.Curve.Parameters()
	slope, below := new(big.Int), new(big.Int)
	switch {
	case a.X.Cmp(b.X) != 0:
		slope.Sub(b.Y, a.Y)
		below.Sub(b.X, a.X)
	case a.Y.Cmp(b.Y) != 0:
		return nil
	default:
		slope.Mul(a.X, a.X).Mul(slope, big.NewInt(3)).Add(slope, coefficient)
		below.Lsh(a.Y, 1)
	}
	slope.Mul(slope, below.ModInverse(below.Mod(below, p), p)).Mod(slope, p)
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, a.X).Sub(x, b.X).Mod(x, p)
	y := new(big.Int).Sub(a.X, x)
	y.Mul(y, slope).Sub(y, a.Y).Mod(y, p)
	return &gost.PublicKey{Curve: a.Curve, X: x, Y: y}
}

func requireSame(t require.TestingT, want, got *gost.PublicKey) {
	if want == nil {
		require.Nil(t, got)
		return
	}
	require.True(t, want.Equal(got), "want (%x, %x), got %v", want.X, want.Y, got)
}
