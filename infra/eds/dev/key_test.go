package dev

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"services.example/portal/infra/eds/pki"
)

func TestAKeyIsWrittenAndRead(t *testing.T) {
	t.Parallel()
	message := []byte("құжат")
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := caOf(t, kind).Root.Key
			secret, err := key.PKCS8()
			if err != nil {
				t.Fatal(err)
			}
			again, err := ParseKey(secret)
			if err != nil {
				t.Fatal(err)
			}
			if again.Kind() != kind || !again.Public().Equal(key.Public()) || again.Algorithm() != key.Algorithm() {
				t.Errorf("read %v with %v", again.Kind(), again.Algorithm())
			}
			value, err := again.Sign(message)
			if err != nil {
				t.Fatal(err)
			}
			if err := key.Public().Verify(key.Algorithm(), message, value); err != nil {
				t.Error(err)
			}
			if err := key.Public().Verify(key.Algorithm(), []byte("another"), value); err == nil {
				t.Error("it signed something else")
			}
		})
	}
}

func TestAKeySignsWithAnotherDigestToo(t *testing.T) {
	t.Parallel()
	key := caOf(t, pki.RSA).Root.Key.With(pki.SHA1)
	value, err := key.Sign(document)
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Public().Verify(pki.Algorithm{Kind: pki.RSA, Hash: pki.SHA1}, document, value); err != nil {
		t.Error(err)
	}
	if got := caOf(t, pki.RSA).Root.Key.Algorithm().Hash; got != pki.SHA256 {
		t.Errorf("the key itself now signs with %v", got)
	}
}

func TestAKeyThatNoVerifierTakesCanBeMade(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]*Key{"a short one": wrapped(t, rsaKey(t, 1024)), "a weak curve": wrapped(t, ecKey(t, elliptic.P224()))} {
		if _, err := key.Sign(document); err != nil || key.Public().Kind() != 0 {
			t.Errorf("%s: signed with error %v, its public key is of kind %v", name, err, key.Public().Kind())
		}
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := ParseKey([]byte{0x30, 0}); err == nil {
		t.Error("an empty sequence was read")
	}
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := WrapKey(other); err == nil {
		t.Error("a key of Ed25519 was taken")
	}
	if _, err := NewKey(0); err == nil {
		t.Error("a key of no kind was made")
	}
	key := caOf(t, pki.GOST2015).Root.Key
	for name, hash := range map[string]pki.Hash{"no digest": 0, "a digest of another length": pki.SHA256} {
		if value, err := key.With(hash).Sign(document); err == nil {
			t.Errorf("signed with %s: %x", name, value)
		}
	}
}

func wrapped(t *testing.T, private crypto.Signer) *Key {
	t.Helper()
	key, err := WrapKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
