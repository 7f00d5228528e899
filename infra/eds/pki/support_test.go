package pki_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
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

// made fails the test unless something could be made.
func made[T any](tb testing.TB, value T, err error) T {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	return value
}

// refused fails the test unless something is refused with a code; empty: it must not be.
func refused(tb testing.TB, err error, code string) {
	tb.Helper()
	var fault *pki.Error
	switch {
	case code == "" && err != nil:
		tb.Errorf("refused: %v", err)
	case code != "" && (!errors.As(err, &fault) || fault.Code != code):
		tb.Errorf("answered %v, want %s", err, code)
	}
}

// fixture reads a certificate of the national certification centre.
func fixture(tb testing.TB, name string) *pki.Certificate {
	tb.Helper()
	c, err := pki.ParseCertificate(edstest.DER(tb, name))
	return made(tb, c, err)
}

func rsaKey(tb testing.TB, bits int) crypto.Signer {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	return made(tb, key, err)
}

func ecKey(tb testing.TB, curve elliptic.Curve) crypto.Signer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	return made(tb, key, err)
}

// keyOf makes a key quickly.
func keyOf(tb testing.TB, kind pki.Kind) *dev.Key {
	tb.Helper()
	key, err := dev.NewKey(kind)
	return made(tb, key, err)
}
