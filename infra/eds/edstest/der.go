package edstest

import (
	"encoding/asn1"
	"slices"
	"testing"
)

// TLV is DER by hand, for what no authority would write: a tag of one byte, the length of the content, the content.
func TLV(tag byte, content ...[]byte) []byte {
	all := slices.Concat(content...)
	if len(all) < 0x80 {
		return slices.Concat([]byte{tag, byte(len(all))}, all)
	}
	var length []byte
	for rest := len(all); rest > 0; rest >>= 8 {
		length = append(length, byte(rest))
	}
	slices.Reverse(length)
	return slices.Concat([]byte{tag, 0x80 | byte(len(length))}, length, all)
}

// Sequence is a SEQUENCE by hand.
func Sequence(content ...[]byte) []byte { return TLV(0x30, content...) }

// Marshal is a value in DER.
func Marshal(tb testing.TB, value any) []byte {
	tb.Helper()
	raw, err := asn1.Marshal(value)
	return Made(tb, raw, err)
}
