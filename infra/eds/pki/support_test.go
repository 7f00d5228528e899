package pki_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"testing"
	"time"

	"services.example/portal/domain/identity/identitytest"
	"services.example/portal/infra/eds/dev"
	"services.example/portal/infra/eds/edstest"
	"services.example/portal/infra/eds/pki"
)

var (
	noon   = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	person = dev.Person{Name: "БҰЛАҚБАЙ НҰРАЙ ЕРЖАНҚЫЗЫ", IIN: identitytest.IIN(1)}
)

// fixture reads a certificate of the national certification centre.
func fixture(tb testing.TB, name string) *pki.Certificate {
	tb.Helper()
	c, err := pki.ParseCertificate(edstest.DER(tb, name))
	return edstest.Made(tb, c, err)
}

func rsaKey(tb testing.TB, bits int) crypto.Signer {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	return edstest.Made(tb, key, err)
}

func ecKey(tb testing.TB, curve elliptic.Curve) crypto.Signer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	return edstest.Made(tb, key, err)
}

// keyOf makes a key quickly.
func keyOf(tb testing.TB, kind pki.Kind) *dev.Key {
	tb.Helper()
	key, err := dev.NewKey(kind)
	return edstest.Made(tb, key, err)
}
