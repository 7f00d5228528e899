// Package codectest helps to test what is built on the codec: keys in memory, and golden files of stored events.
package codectest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"sync"

	"services.example/portal/infra/codec"
)

// Keys is a keyring in memory for tests. A subject's key follows from its name alone. The zero value has no keys.
type Keys struct {
	mu        sync.Mutex
	known     map[string]cipher.AEAD
	destroyed map[string]bool
}

// NewKeys returns an empty keyring.
func NewKeys() *Keys { return &Keys{} }

// AEAD returns the subject's cipher.
func (k *Keys) AEAD(_ context.Context, subject string) (cipher.AEAD, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.destroyed[subject] {
		return nil, codec.ErrKeyDestroyed
	}
	if aead, found := k.known[subject]; found {
		return aead, nil
	}
	return nil, codec.ErrNoKey
}

// Create gives the subject a key.
func (k *Keys) Create(_ context.Context, subject string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.destroyed[subject] {
		return codec.ErrKeyDestroyed
	}
	if k.known[subject] != nil {
		return nil
	}
	block, err := aes.NewCipher(testKey(subject))
	if err != nil {
		return err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	if k.known == nil {
		k.known = map[string]cipher.AEAD{}
	}
	k.known[subject] = aead
	return nil
}

// Secret derives 32 bytes for one purpose from the subject's key.
func (k *Keys) Secret(ctx context.Context, subject, label string) ([]byte, error) {
	if _, err := k.AEAD(ctx, subject); err != nil {
		return nil, err
	}
	return hkdf.Key(sha256.New, testKey(subject), nil, label, 32)
}

// Destroy erases the subject for ever.
func (k *Keys) Destroy(_ context.Context, subject string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.destroyed == nil {
		k.destroyed = map[string]bool{}
	}
	k.destroyed[subject] = true
	delete(k.known, subject)
	return nil
}

func testKey(subject string) []byte {
	key := sha256.Sum256([]byte("key of a test: " + subject))
	return key[:]
}
