package cms

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
)

// Sizes of RSA keys that are allowed, in bits: shorter ones are weak, longer ones only cost time.
const (
	minRSA = 2048
	maxRSA = 8192
)

// CheckSignature tells whether the holder of the certificate's key signed the attributes, and meant this certificate.
// Errors: *Error with alg-not-allowed or bad-signature.
func (s *Signed) CheckSignature() error {
	switch key := s.Certificate.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA {
			return notAllowed("the size of the RSA key")
		}
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() && key.Curve != elliptic.P384() && key.Curve != elliptic.P521() {
			return notAllowed("the curve of the key")
		}
	default:
		return notAllowed("the kind of key")
	}
	if len(s.bound) > 0 {
		first := s.bound[0] // the signer's own; those that follow are of its chain
		hash := first.hash.New()
		hash.Write(s.Certificate.Raw)
		if !bytes.Equal(hash.Sum(nil), first.digest) {
			return bad("bound to another certificate")
		}
	}
	if err := s.Certificate.CheckSignature(s.algorithm, s.signed, s.signature); err != nil {
		return bad("its value is not the key's")
	}
	return nil
}
