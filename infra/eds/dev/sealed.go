package dev

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"

	"services.example/portal/infra/eds/internal/der"
	"services.example/portal/infra/eds/pki"
)

// sealed is what a certificate, a list and an answer have in common: content, algorithm, signature.
func sealed(body []byte, algorithm asn1.ObjectIdentifier, key *Key, after ...func(*cryptobyte.Builder)) ([]byte, error) {
	value, err := key.Sign(body)
	if err != nil {
		return nil, err
	}
	return der.Build(func(b *cryptobyte.Builder) {
		der.Sequence(b, func(b *cryptobyte.Builder) {
			b.AddBytes(body)
			pki.AddIdentifier(b, algorithm)
			b.AddASN1BitString(value)
			for _, add := range after {
				add(b)
			}
		})
	}), nil
}
