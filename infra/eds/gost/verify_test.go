package gost_test

import (
	"crypto/rand"
	"encoding/hex"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"services.example/portal/infra/eds/gost"
	"services.example/portal/infra/eds/gost/signing"
)

// The numbers of the examples in RFC 7091, section 7: the keys, the digests (e) and the signatures.
var examples = map[string]struct{ d, x, y, e, k, r, s string }{
	"RFC 7091 7.1": {
		d: "7A929ADE789BB9BE10ED359DD39A72C11B60961F49397EEE1D19CE9891EC3B28",
		x: "7F2B49E270DB6D90D8595BEC458B50C58585BA1D4E9B788F6689DBD8E56FD80B",
		y: "26F1B489D6701DD185C8413A977B3CBBAF64D1C593D26627DFFB101A87FF77DA",
		e: "2DFBC1B372D89A1188C09C52E0EEC61FCE52032AB1022E8E67ECE6672B043EE5",
		k: "77105C9B20BCD3122823C8CF6FCC7B956DE33814E95B7FE64FED924594DCEAB3",
		r: "41AA28D2F1AB148280CD9ED56FEDA41974053554A42767B83AD043FD39DC0493",
		s: "01456C64BA4642A1653C235A98A60249BCD6D3F746B631DF928014F6C5BF9C40",
	},
	"RFC 7091 7.2": {
		d: "0BA6048AADAE241BA40936D47756D7C93091A0E8514669700EE7508E508B102072E8123B2200A0563322DAD2827E2714A2636B7BFD18AADFC62967821FA18DD4",
		x: "115DC5BC96760C7B48598D8AB9E740D4C4A85A65BE33C1815B5C320C854621DD5A515856D13314AF69BC5B924C8B4DDFF75C45415C1D9DD9DD33612CD530EFE1",
		y: "37C7C90CD40B0F5621DC3AC1B751CFA0E2634FA0503B3D52639F5D7FB72AFD61EA199441D943FFE7F0C70A2759A3CDB84C114E1F9339FDF27F35ECA93677BEEC",
		e: "3754F3CFACC9E0615C4F4A7C4D8DAB531B09B6F9C170C533A71D147035B0C5917184EE536593F4414339976C647C5D5A407ADEDB1D560C4FC6777D2972075B8C",
		k: "0359E7F4B1410FEACC570456C6801496946312120B39D019D455986E364F365886748ED7A44B3E794434006011842286212273A6D14CF70EA3AF71BB1AE679F1",
		r: "2F86FA60A081091A23DD795E1E3C689EE512A3C82EE0DCC2643C78EEA8FCACD35492558486B20F1C9EC197C90699850260C93BCBCD9C5C3317E19344E173AE36",
		s: "1081B394696FFE8E6585E7A9362D26B6325F56778AADBC081C0BFBE933D52FF5823CE288E8C4F362526080DF7F70CE406A6EEB1F56919CB92A9853BDE73E5B4A",
	},
}

func TestExamplesOfRFC7091(t *testing.T) {
	for name, example := range examples {
		t.Run(name, func(t *testing.T) {
			curve := curves()[name]
			key, err := gost.ParsePublicKey(curve, slices.Concat(reversed(t, example.x), reversed(t, example.y)))
			require.NoError(t, err)
			digest, signature := reversed(t, example.e), slices.Concat(reversed(t, example.r), reversed(t, example.s))
			require.True(t, key.Verify(digest, signature))

			private, err := signing.New(curve, reversed(t, example.d))
			require.NoError(t, err)
			require.True(t, key.Equal(private.Public()))
			again, err := private.Sign(digest, &nonces{reversed(t, example.k)})
			require.NoError(t, err)
			require.Equal(t, signature, again, "the standard's nonce gives the standard's signature")
		})
	}
}

// Any signature made verifies, and no longer after any change of any bit of it, of the digest or of the key.
func TestChangedSignaturesAreRefused(t *testing.T) {
	for _, c := range []*gost.Curve{gost.TC26Set512A(), gost.CryptoProA()} {
		private, err := signing.Generate(c, rand.Reader)
		require.NoError(t, err)
		t.Run(c.Name(), rapid.MakeCheck(func(t *rapid.T) {
			digest := rapid.SliceOfN(rapid.Byte(), c.Size(), c.Size()).Draw(t, "digest")
			signature, err := private.Sign(digest, rand.Reader)
			require.NoError(t, err)
			require.Len(t, signature, 2*c.Size())
			require.True(t, private.Public().Verify(digest, signature))

			switch rapid.SampledFrom([]string{"signature", "digest", "key"}).Draw(t, "changed") {
			case "signature":
				require.False(t, private.Public().Verify(digest, flipped(t, signature)))
			case "digest":
				require.False(t, private.Public().Verify(flipped(t, digest), signature))
			default: // practically no change gives a point
				_, err := gost.ParsePublicKey(c, flipped(t, private.Public().Bytes()))
				require.ErrorIs(t, err, gost.ErrPoint)
			}
		}))
	}
}

// The equation also holds for numbers that no signer writes; the standard's first step refuses them.
func TestNumbersOutOfRangeAreRefused(t *testing.T) {
	for name, c := range curves() {
		t.Run(name, func(t *testing.T) {
			private, err := signing.Generate(c, rand.Reader)
			require.NoError(t, err)
			digest := make([]byte, c.Size())
			digest[0] = 7
			signature, err := private.Sign(digest, rand.Reader)
			require.NoError(t, err)
			r, s := signature[:c.Size()], signature[c.Size():]
			zero, order := make([]byte, c.Size()), little(c.Order(), c.Size())
			for what, forged := range map[string][]byte{
				"r = 0":                   slices.Concat(zero, s),
				"s = 0":                   slices.Concat(r, zero),
				"both 0":                  slices.Concat(zero, zero),
				"r = q":                   slices.Concat(order, s),
				"s = q":                   slices.Concat(r, order),
				"s and r exchanged":       slices.Concat(s, r),
				"too short":               signature[:len(signature)-1],
				"too long":                append(slices.Clone(signature), 0),
				"nothing":                 nil,
				"big-endian as in Russia": reverse(slices.Clone(signature)),
			} {
				require.False(t, private.Public().Verify(digest, forged), what)
			}
			require.False(t, private.Public().Verify(digest[:len(digest)-1], signature), "a digest that is too short")
			require.False(t, private.Public().Verify(append(slices.Clone(digest), 0), signature), "a digest that is too long")
			require.True(t, private.Public().Verify(digest, signature))
		})
	}
}

// s + q is the same number modulo q: where it fits into the field's length, it must not be taken.
func TestSignaturesCannotBeWrittenInTwoWays(t *testing.T) {
	c := curves()["RFC 7091 7.2"] // its q is a bit shorter than its Size
	private, err := signing.Generate(c, rand.Reader)
	require.NoError(t, err)
	digest := make([]byte, c.Size())
	signature, err := private.Sign(digest, rand.Reader)
	require.NoError(t, err)
	s := new(big.Int).SetBytes(reverse(slices.Clone(signature[c.Size():])))
	again := slices.Concat(signature[:c.Size()], little(s.Add(s, c.Order()), c.Size()))
	require.False(t, private.Public().Verify(digest, again))
}

func TestADigestOfZeroCountsAsOne(t *testing.T) {
	for name, c := range curves() {
		private, err := signing.Generate(c, rand.Reader)
		require.NoError(t, err, name)
		zero, one := make([]byte, c.Size()), little(big.NewInt(1), c.Size())
		signature, err := private.Sign(zero, rand.Reader)
		require.NoError(t, err, name)
		require.True(t, private.Public().Verify(zero, signature), name)
		require.True(t, private.Public().Verify(one, signature), name)
		require.True(t, private.Public().Verify(little(c.Order(), c.Size()), signature), "%s: modulo q it is zero too", name)
	}
}

func TestKeysAreWrittenAsTheyAreRead(t *testing.T) {
	for name, c := range curves() {
		t.Run(name, func(t *testing.T) {
			private, err := signing.Generate(c, rand.Reader)
			require.NoError(t, err)
			raw := private.Public().Bytes()
			require.Len(t, raw, 2*c.Size())
			key, err := gost.ParsePublicKey(c, raw)
			require.NoError(t, err)
			require.True(t, key.Equal(private.Public()))
			require.False(t, key.Equal(nil))
			require.Equal(t, raw, key.Bytes())
		})
	}
}

func TestWhatIsNoPointIsRefused(t *testing.T) {
	for name, c := range curves() {
		p, _, _, x, y := c.Parameters()
		size := c.Size()
		point := slices.Concat(little(x, size), little(y, size))
		_, err := gost.ParsePublicKey(c, point)
		require.NoError(t, err, name)
		for what, raw := range map[string][]byte{
			"nothing":    nil,
			"too short":  point[:2*size-1],
			"too long":   append(slices.Clone(point), 0),
			"big-endian": slices.Concat(reverse(little(x, size)), reverse(little(y, size))),
			"zeros":      make([]byte, 2*size),
			"exchanged":  slices.Concat(little(y, size), little(x, size)),
			"x = p":      slices.Concat(little(p, size), little(y, size)),
			"all ones":   slices.Repeat([]byte{0xff}, 2*size),
		} {
			_, err := gost.ParsePublicKey(c, raw)
			if len(raw) == 2*size {
				require.ErrorIs(t, err, gost.ErrPoint, "%s: %s", name, what)
			} else {
				require.ErrorIs(t, err, gost.ErrLength, "%s: %s", name, what)
			}
		}
	}
	// Where the prime leaves room, the same point with x + p must not pass for it.
	c := curves()["RFC 7091 7.2"]
	p, _, _, x, y := c.Parameters()
	_, err := gost.ParsePublicKey(c, slices.Concat(little(x.Add(x, p), c.Size()), little(y, c.Size())))
	require.ErrorIs(t, err, gost.ErrPoint)
}

// A key that was put together by hand, not parsed, verifies nothing when it is not a point of the curve.
func TestKeysMadeByHandAreChecked(t *testing.T) {
	c := gost.TC26Set512A()
	private, err := signing.Generate(c, rand.Reader)
	require.NoError(t, err)
	digest := make([]byte, c.Size())
	signature, err := private.Sign(digest, rand.Reader)
	require.NoError(t, err)
	good := private.Public()
	p, _, _, _, _ := c.Parameters()
	for what, key := range map[string]*gost.PublicKey{
		"nothing":            {},
		"no coordinates":     {Curve: c},
		"negative":           {Curve: c, X: new(big.Int).Sub(good.X, p), Y: good.Y},
		"not reduced":        {Curve: c, X: new(big.Int).Add(good.X, p), Y: good.Y},
		"not on the curve":   {Curve: c, X: good.X, Y: new(big.Int).Xor(good.Y, big.NewInt(1))},
		"of another curve":   {Curve: gost.CryptoProA(), X: good.X, Y: good.Y},
		"the inverse's sign": {Curve: c, X: good.X, Y: new(big.Int).Sub(p, good.Y)},
	} {
		require.False(t, key.Verify(digest, signature), what)
	}
	require.True(t, good.Verify(digest, signature))
}

// FuzzVerify looks for bytes that panic, and for a key that is written otherwise than it was read.
func FuzzVerify(f *testing.F) {
	c := gost.TC26Set512A()
	private, err := signing.New(c, little(big.NewInt(987654321), c.Size()))
	require.NoError(f, err)
	digest := make([]byte, c.Size())
	signature, err := private.Sign(digest, rand.Reader)
	require.NoError(f, err)
	_, _, _, x, y := c.Parameters()
	f.Add(private.Public().Bytes(), append(digest[:63:63], 1), signature)
	f.Add(slices.Concat(little(x, 64), little(y, 64)), digest, slices.Concat(little(x, 64), little(y, 64)))
	f.Add(make([]byte, 128), make([]byte, 64), make([]byte, 128))
	f.Add(make([]byte, 64), make([]byte, 32), make([]byte, 64))
	f.Fuzz(func(t *testing.T, raw, digest, signature []byte) {
		for _, c := range []*gost.Curve{gost.TC26Set512A(), gost.CryptoProA()} {
			key, err := gost.ParsePublicKey(c, raw)
			if err != nil {
				continue
			}
			require.Equal(t, raw, key.Bytes())
			key.Verify(digest, signature)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for name, c := range curves() {
		b.Run(name, func(b *testing.B) {
			private, err := signing.Generate(c, rand.Reader)
			require.NoError(b, err)
			digest := slices.Repeat([]byte{0x5a}, c.Size())
			signature, err := private.Sign(digest, rand.Reader)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if !private.Public().Verify(digest, signature) {
					b.Fatal("refused")
				}
			}
		})
	}
}

// nonces gives the one nonce of an example as randomness.
type nonces struct{ left []byte }

func (n *nonces) Read(p []byte) (int, error) {
	read := copy(p, n.left)
	n.left = n.left[read:]
	return read, nil
}

func flipped(t *rapid.T, b []byte) []byte {
	b = slices.Clone(b)
	bit := rapid.IntRange(0, 8*len(b)-1).Draw(t, "bit")
	b[bit/8] ^= 1 << (bit % 8)
	return b
}

func reversed(t *testing.T, number string) []byte {
	t.Helper()
	b, err := hex.DecodeString(number)
	require.NoError(t, err)
	return reverse(b)
}

func reverse(b []byte) []byte {
	slices.Reverse(b)
	return b
}

func little(x *big.Int, size int) []byte { return reverse(x.FillBytes(make([]byte, size))) }
