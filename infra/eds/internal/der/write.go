package der

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Sequence writes a SEQUENCE.
func Sequence(b *cryptobyte.Builder, content func(*cryptobyte.Builder)) {
	b.AddASN1(asn1.SEQUENCE, content)
}

// Build runs a builder whose parts cannot fail: no length that is nested here exceeds what DER can say.
func Build(content func(*cryptobyte.Builder)) []byte {
	b := cryptobyte.NewBuilder(nil)
	content(b)
	out, err := b.Bytes()
	if err != nil {
		return nil
	}
	return out
}
