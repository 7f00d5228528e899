package codec

import (
	"context"
	"crypto/cipher"
)

// Withheld gives a codec that reads the same events as if the keys of all subjects were destroyed: for readers who may see
// what happened, and not to whom. Their envelopes say Erased. It must not be used to write.
func (c *Codec) Withheld() *Codec {
	blind := *c
	blind.keys = noKeys{}
	return &blind
}

// noKeys withholds the keys of all subjects.
type noKeys struct{}

func (noKeys) AEAD(context.Context, string) (cipher.AEAD, error) { return nil, ErrKeyDestroyed }
func (noKeys) Create(context.Context, string) error              { return ErrKeyDestroyed }
