package tsp

import (
	encoding "encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

// Bounds of what is read, in bytes.
const (
	MaxRequest  = 4 << 10
	MaxResponse = 64 << 10
	maxNonce    = 32
)

// Request is a question for a time stamp.
type Request struct {
	Imprint      Imprint
	Policy       encoding.ObjectIdentifier // nil: whichever the authority likes
	Nonce        *big.Int                  // nil: none
	Certificates bool                      // the authority's certificate is to come along
}

// DER writes the question.
func (r Request) DER() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		r.Imprint.add(b)
		if r.Policy != nil {
			b.AddASN1ObjectIdentifier(r.Policy)
		}
		if r.Nonce != nil {
			b.AddASN1BigInt(r.Nonce)
		}
		if r.Certificates {
			b.AddASN1Boolean(true)
		}
	})
	raw, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("writing the question for a time stamp: %w", err)
	}
	return raw, nil
}

// ParseRequest reads a question, as authorities do. Errors: *pki.Error with malformed or alg-not-allowed.
func ParseRequest(raw []byte) (Request, error) {
	if len(raw) > MaxRequest {
		return Request{}, pki.Malformed("a huge question for a time stamp")
	}
	input := cryptobyte.String(raw)
	var whole, extensions cryptobyte.String
	var version int
	if !input.ReadASN1(&whole, asn1.SEQUENCE) || !input.Empty() || !whole.ReadASN1Integer(&version) || version != 1 {
		return Request{}, pki.Malformed("not one question for a time stamp")
	}
	var r Request
	var err error
	if r.Imprint, err = readImprint(&whole); err != nil {
		return Request{}, err
	}
	if whole.PeekASN1Tag(asn1.OBJECT_IDENTIFIER) && !whole.ReadASN1ObjectIdentifier(&r.Policy) ||
		!readOptionalInteger(&whole, &r.Nonce) || whole.PeekASN1Tag(asn1.BOOLEAN) && !whole.ReadASN1Boolean(&r.Certificates) {
		return Request{}, pki.Malformed("a question for a time stamp")
	}
	var present bool
	if !whole.ReadOptionalASN1(&extensions, &present, der.Explicit(0)) || !whole.Empty() {
		return Request{}, pki.Malformed("the end of a question for a time stamp")
	}
	if !present {
		return r, nil
	}
	return r, der.ReadExtensions(extensions, noExtension)
}

func noExtension(der.Extension) (known, fine bool) { return false, false }

// readOptionalInteger reads a number of any sign that may be absent, as nonces may.
func readOptionalInteger(from *cryptobyte.String, out **big.Int) bool {
	if !from.PeekASN1Tag(asn1.INTEGER) {
		return true
	}
	*out = new(big.Int)
	return readInteger(from, *out)
}

// readInteger reads a number that is not long enough to cost time.
func readInteger(from *cryptobyte.String, out *big.Int) bool {
	var element cryptobyte.String
	return from.ReadASN1Element(&element, asn1.INTEGER) && len(element) <= maxNonce+2 && element.ReadASN1Integer(out)
}
