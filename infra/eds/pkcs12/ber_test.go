package pkcs12_test

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"pgregory.net/rapid"

	"services.example/portal/infra/eds/pkcs12"
)

func TestBERBecomesDER(t *testing.T) {
	for _, c := range []struct{ name, ber, der string }{
		{"as it is", "3003020105", "3003020105"},
		{"an indefinite length", "308002010530800000 0000", "300502010530 00"},
		{"a long form of a short length", "30840000000402 81 0105", "3003020105"},
		{"an octet string in pieces", "24800401aa0402bbcc0000", "0403aabbcc"},
		{"pieces in pieces", "2480 2480 0401aa 0000 2403 0401bb 0000", "0402aabb"},
		{"an octet string of no pieces", "24800000", "0400"},
		{"a mark as content", "3080040200000000", "300404020000"},
		{"indefinite in definite", "3007308002010500 00", "30053003020105"},
	} {
		t.Run(c.name, func(t *testing.T) {
			der, err := pkcs12.Normalize(bytesOf(t, c.ber))
			require.NoError(t, err)
			require.Equal(t, bytesOf(t, c.der), der)
		})
	}
}

func TestBERThatIsRefused(t *testing.T) {
	for what, c := range map[string]struct {
		ber    []byte
		detail string
	}{
		"nothing":                        {nil, "cut off"},
		"a tag alone":                    {[]byte{0x30}, "cut off"},
		"cut off":                        {[]byte{0x30, 3, 2, 1}, "cut off"},
		"no mark":                        {[]byte{0x30, 0x80, 2, 1, 5}, "cut off"},
		"half a mark":                    {[]byte{0x30, 0x80, 0}, "cut off"},
		"a mark without a beginning":     {[]byte{0, 0}, "an unknown tag"},
		"a mark in a definite length":    {[]byte{0x30, 2, 0, 0}, "an unknown tag"},
		"longer than what is around":     {[]byte{0x30, 3, 0x30, 4, 2, 0, 0}, "cut off"},
		"a mark outside what is around":  {[]byte{0x30, 2, 0x30, 0x80, 0, 0}, "cut off"},
		"something after it":             {[]byte{2, 1, 5, 0}, "something after the end"},
		"a primitive without length":     {[]byte{4, 0x80, 0, 0}, "a primitive value of indefinite length"},
		"a tag of several bytes":         {[]byte{0x3f, 0x81, 1, 0}, "an unknown tag"},
		"a length of five bytes":         {[]byte{0x30, 0x85, 0, 0, 0, 0, 0}, "a length too long"},
		"a length cut off":               {[]byte{0x30, 0x82, 1}, "a length too long"},
		"a length of the future":         {[]byte{0x30, 0xff, 0}, "a length too long"},
		"a number in pieces":             {[]byte{0x24, 3, 2, 1, 5}, "a piece of an octet string is something else"},
		"too deep":                       {bytes.Repeat([]byte{0x30, 0x80}, pkcs12.MaxDepth+1), "too deep"},
		"far too deep":                   {bytes.Repeat([]byte{0x30, 0x80}, pkcs12.MaxFile/2), "too deep"},
		"too long":                       {make([]byte, pkcs12.MaxFile+1), "too long"},
		"four gigabytes that are absent": {[]byte{0x04, 0x84, 0xff, 0xff, 0xff, 0xff, 1}, "cut off"},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := pkcs12.Normalize(c.ber)
			require.ErrorIs(t, err, pkcs12.ErrMalformed)
			require.EqualError(t, err, pkcs12.ErrMalformed.Error()+": "+c.detail)
		})
	}
}

// Whatever way a value is written in BER, the same DER comes out.
func TestEveryWayOfWritingIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := tree(4).Draw(t, "value")
		der, err := pkcs12.Normalize(value.write(t))
		require.NoError(t, err)
		require.Equal(t, value.der(), der)
		again, err := pkcs12.Normalize(der)
		require.NoError(t, err)
		require.Equal(t, der, again)
	})
}

// FuzzNormalize looks for bytes that panic, and checks that what comes out is DER as far as lengths go.
func FuzzNormalize(f *testing.F) {
	f.Add([]byte{0x30, 0x80, 0x24, 0x80, 4, 1, 0xaa, 4, 0, 0, 0, 0xa0, 0x80, 5, 0, 0, 0, 0, 0})
	f.Add([]byte{0x30, 0x84, 0, 0, 0, 3, 2, 1, 5})
	f.Add(bytes.Repeat([]byte{0x30, 0x80}, 30))
	f.Fuzz(func(t *testing.T, ber []byte) {
		der, err := pkcs12.Normalize(ber)
		if err != nil {
			return
		}
		input := cryptobyte.String(der)
		var value cryptobyte.String
		var tag asn1.Tag
		require.True(t, input.ReadAnyASN1(&value, &tag) && input.Empty())
		if len(der) <= pkcs12.MaxFile {
			again, err := pkcs12.Normalize(der)
			require.NoError(t, err)
			require.Equal(t, der, again)
		}
	})
}

// node is a value: an octet string, or a sequence.
type node struct {
	octets   []byte
	children []node // of a sequence
	sequence bool
}

func tree(depth int) *rapid.Generator[node] {
	return rapid.Custom(func(t *rapid.T) node {
		if depth > 0 && rapid.Bool().Draw(t, "sequence") {
			return node{sequence: true, children: rapid.SliceOfN(tree(depth-1), 0, 4).Draw(t, "children")}
		}
		return node{octets: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "octets")}
	})
}

func (n node) der() []byte {
	if !n.sequence {
		return octets(n.octets)
	}
	var body [][]byte
	for _, child := range n.children {
		body = append(body, child.der())
	}
	return sequenceOf(body...)
}

// write writes the value in one of the ways of BER.
func (n node) write(t *rapid.T) []byte {
	if n.sequence {
		var body []byte
		for _, child := range n.children {
			body = append(body, child.write(t)...)
		}
		return framed(t, 0x30, body)
	}
	if rapid.Bool().Draw(t, "whole") {
		return octets(n.octets)
	}
	cut := rapid.IntRange(0, len(n.octets)).Draw(t, "cut")
	return framed(t, 0x24, slices.Concat(node{octets: n.octets[:cut]}.write(t), octets(n.octets[cut:])))
}

func framed(t *rapid.T, tag byte, body []byte) []byte {
	switch rapid.IntRange(0, 2).Draw(t, "length") {
	case 0:
		return slices.Concat([]byte{tag, 0x80}, body, []byte{0, 0})
	case 1:
		return slices.Concat([]byte{tag, 0x83, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body)
	default:
		return wrapped(asn1.Tag(tag), body)
	}
}

func bytesOf(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(text), []byte(" "), nil)))
	require.NoError(t, err)
	return b
}
