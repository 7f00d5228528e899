package edstest

import (
	"bytes"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

func TestDERByHandIsThatOfALibrary(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0xffffff, 0x1000000} {
		content := bytes.Repeat([]byte{7}, size)
		var b cryptobyte.Builder
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(content) })
		if want := b.BytesOrPanic(); !bytes.Equal(Sequence(content[:size/2], content[size/2:]), want) {
			t.Errorf("%d bytes begin otherwise than %x", size, want[:min(len(want), 6)])
		}
	}
}
