package codec

import (
	"context"
	"crypto/cipher"
	"errors"
)

// ErrKeyDestroyed says that a subject was erased: the key is gone for ever, and no new one can be made.
var ErrKeyDestroyed = errors.New("the subject's key is destroyed")

// ErrNoKey says that a subject has no key and never had one here. For data that was written it means a lost keyring.
var ErrNoKey = errors.New("the subject has no key")

// ErrUnavailable says that the keyring cannot answer now: what was asked for may be repeated.
var ErrUnavailable = errors.New("the keyring is unavailable")

// Keys gives each data subject, named by a UUID in its canonical form, a key of its own.
type Keys interface {
	// AEAD returns AES-256-GCM under the subject's key, for use by many goroutines. Errors: ErrNoKey, ErrKeyDestroyed,
	// ErrUnavailable.
	AEAD(ctx context.Context, subject string) (cipher.AEAD, error)
	// Create makes sure that the subject has a key, durable when it returns. Errors: ErrKeyDestroyed,
	// ErrUnavailable.
	Create(ctx context.Context, subject string) error
}
