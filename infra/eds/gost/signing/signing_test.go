package signing_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"services.example/portal/infra/eds/gost"
	"services.example/portal/infra/eds/gost/signing"
)

var curves = map[string]*gost.Curve{"2015": gost.TC26Set512A(), "2004": gost.CryptoProA()}

func TestWhatIsSignedVerifies(t *testing.T) {
	for name, c := range curves {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			key, err := signing.Generate(c, rand.Reader)
			require.NoError(t, err)
			digest := rapid.SliceOfN(rapid.Byte(), c.Size(), c.Size()).Draw(t, "digest")
			first, err := key.Sign(digest, rand.Reader)
			require.NoError(t, err)
			second, err := key.Sign(digest, rand.Reader)
			require.NoError(t, err)
			require.NotEqual(t, first, second, "each signature takes new randomness")
			require.True(t, key.Public().Verify(digest, first))
			require.True(t, key.Public().Verify(digest, second))
		}))
	}
}

func TestKeysSurviveBeingWritten(t *testing.T) {
	for name, c := range curves {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			key, err := signing.Generate(c, rand.Reader)
			require.NoError(t, err)
			require.Same(t, c, key.Curve())
			again, err := signing.New(c, key.Bytes())
			require.NoError(t, err)
			require.True(t, key.Public().Equal(again.Public()))

			der, err := key.MarshalPKCS8()
			require.NoError(t, err)
			parsed, err := signing.ParsePKCS8(der)
			require.NoError(t, err)
			require.Equal(t, key.Bytes(), parsed.Bytes())
			require.Same(t, c, parsed.Curve())
			require.True(t, key.Public().Equal(parsed.Public()))
		}))
	}
}

func TestScalarsThatAreNoKeys(t *testing.T) {
	for name, c := range curves {
		for what, scalar := range map[string][]byte{
			"zero":         make([]byte, c.Size()),
			"too short":    {1},
			"too long":     append(make([]byte, c.Size()), 1),
			"too large":    bytes.Repeat([]byte{0xff}, c.Size()),
			"the order":    reverse(c.Order().FillBytes(make([]byte, c.Size()))),
			"none at all":  nil,
			"hardly short": append(make([]byte, c.Size()-2), 1),
		} {
			_, err := signing.New(c, scalar)
			require.ErrorIs(t, err, signing.ErrScalar, "%s: %s", name, what)
		}
	}
}

func TestDigestsHaveTheLengthOfTheCurve(t *testing.T) {
	for name, c := range curves {
		key, err := signing.Generate(c, rand.Reader)
		require.NoError(t, err, name)
		for _, length := range []int{0, c.Size() - 1, c.Size() + 1} {
			_, err = key.Sign(make([]byte, length), rand.Reader)
			require.ErrorIs(t, err, signing.ErrDigest, "%s: %d", name, length)
		}
	}
}

func TestBadRandomnessIsReported(t *testing.T) {
	cause := errors.New("no randomness left")
	for name, c := range curves {
		_, err := signing.Generate(c, iotest.ErrReader(cause))
		require.ErrorIs(t, err, cause, name)
		_, err = signing.Generate(c, zeros{})
		require.ErrorIs(t, err, signing.ErrRandom, name)

		key, err := signing.Generate(c, rand.Reader)
		require.NoError(t, err, name)
		_, err = key.Sign(make([]byte, c.Size()), iotest.ErrReader(cause))
		require.ErrorIs(t, err, cause, name)
		_, err = key.Sign(make([]byte, c.Size()), zeros{})
		require.ErrorIs(t, err, signing.ErrRandom, name)
	}
}

// The authority's own form of a key of 2015: the scalar 0102…40, little-endian, in an OCTET STRING in an OCTET STRING.
func TestTheFormOfAKey(t *testing.T) {
	scalar := make([]byte, 64)
	for i := range scalar {
		scalar[i] = byte(i + 1)
	}
	want := slices.Concat([]byte{0x30, 0x6c, 0x02, 0x01, 0x00},
		[]byte{0x30, 0x23, 0x06, 0x09, 0x2a, 0x83, 0x0e, 0x03, 0x0a, 0x01, 0x01, 0x02, 0x02},
		[]byte{0x30, 0x16, 0x06, 0x0a, 0x2a, 0x83, 0x0e, 0x03, 0x0a, 0x01, 0x01, 0x02, 0x02, 0x01},
		[]byte{0x06, 0x08, 0x2a, 0x83, 0x0e, 0x03, 0x0a, 0x01, 0x03, 0x03},
		[]byte{0x04, 0x42, 0x04, 0x40}, scalar)
	key, err := signing.ParsePKCS8(want)
	require.NoError(t, err)
	require.Equal(t, scalar, key.Bytes())
	der, err := key.MarshalPKCS8()
	require.NoError(t, err)
	require.Equal(t, want, der)
}

func TestWhatIsNoPKCS8(t *testing.T) {
	key, err := signing.Generate(gost.TC26Set512A(), rand.Reader)
	require.NoError(t, err)
	der, err := key.MarshalPKCS8()
	require.NoError(t, err)
	replaced := func(old, by []byte) []byte {
		require.Contains(t, string(der), string(old))
		return bytes.Replace(der, old, by, 1)
	}
	for what, c := range map[string]struct {
		der  []byte
		want error
	}{
		"nothing":            {nil, signing.ErrPKCS8},
		"cut off":            {der[:len(der)-1], signing.ErrPKCS8},
		"something after it": {append(slices.Clone(der), 0), signing.ErrPKCS8},
		"another version":    {replaced([]byte{0x02, 0x01, 0x00}, []byte{0x02, 0x01, 0x01}), signing.ErrPKCS8},
		"an unknown key":     {replaced([]byte{1, 1, 2, 2, 0x30}, []byte{1, 1, 2, 9, 0x30}), signing.ErrAlgorithm},
		"an unknown curve":   {replaced([]byte{1, 1, 2, 2, 1}, []byte{1, 1, 2, 2, 9}), signing.ErrAlgorithm},
		"a scalar too short": {replaced([]byte{0x04, 0x42, 0x04, 0x40}, []byte{0x04, 0x42, 0x04, 0x3f}), signing.ErrPKCS8},
		"an integer of 2004": {replaced([]byte{0x04, 0x42, 0x04, 0x40}, []byte{0x04, 0x42, 0x02, 0x40}), signing.ErrPKCS8},
		"a scalar of zero":   {zeroed(der), signing.ErrScalar},
	} {
		_, err := signing.ParsePKCS8(c.der)
		require.ErrorIs(t, err, c.want, what)
	}
}

func TestCurvesWithoutIdentifierCannotBeWritten(t *testing.T) {
	// Every curve of the package gost has one; a copy of a curve is another curve.
	copied := *gost.CryptoProA()
	key, err := signing.Generate(&copied, rand.Reader)
	require.NoError(t, err)
	_, err = key.MarshalPKCS8()
	require.ErrorIs(t, err, signing.ErrAlgorithm)
}

// FuzzParsePKCS8 looks for bytes that panic, and for keys that do not survive being written.
func FuzzParsePKCS8(f *testing.F) {
	for _, c := range curves {
		key, err := signing.New(c, append([]byte{7}, make([]byte, c.Size()-1)...))
		require.NoError(f, err)
		der, err := key.MarshalPKCS8()
		require.NoError(f, err)
		f.Add(der)
		f.Add(zeroed(der))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		key, err := signing.ParsePKCS8(der)
		if err != nil {
			return
		}
		written, err := key.MarshalPKCS8()
		require.NoError(t, err)
		again, err := signing.ParsePKCS8(written)
		require.NoError(t, err)
		require.Equal(t, key.Bytes(), again.Bytes())
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// zeroed is the key with a scalar of zero.
func zeroed(der []byte) []byte {
	der = slices.Clone(der)
	clear(der[len(der)-32:])
	if len(der) > 96 {
		clear(der[len(der)-64:])
	}
	return der
}

func reverse(b []byte) []byte {
	slices.Reverse(b)
	return b
}
