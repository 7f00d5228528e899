package codec

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// Encode turns an event into what the store keeps. Its personal fields are encrypted with the key of meta.Subject,
// which is made if the subject has none yet, and are bound to this stream and id: what Encode returns can be appended
// nowhere else. Errors: personal fields without a subject, ErrKeyDestroyed, a type that is not registered.
func (c *Codec) Encode(
	ctx context.Context, stream string, id uuid.UUID, meta Metadata, event any,
) (eventstore.Event, error) {
	p := c.byType[reflect.TypeOf(event)]
	if p == nil {
		return eventstore.Event{}, fmt.Errorf("encoding an event of stream %s: the type %T is not registered", stream, event)
	}
	data, err := c.encodeData(ctx, p, stream, id, meta.Subject, event)
	if err != nil {
		return eventstore.Event{}, fmt.Errorf("encoding %s for stream %s: %w", p.name, stream, err)
	}
	metadata, err := appendMetadata(make([]byte, 0, metadataSize), meta)
	if err != nil {
		return eventstore.Event{}, fmt.Errorf("encoding metadata of %s for stream %s: %w", p.name, stream, err)
	}
	return eventstore.Event{ID: id, Type: p.name, JSON: true, Data: data, Metadata: metadata}, nil
}

func (c *Codec) encodeData(
	ctx context.Context, p *plan, stream string, id uuid.UUID, subject string, event any,
) ([]byte, error) {
	if !p.personal() {
		return marshal(event)
	}
	from := reflect.ValueOf(event)
	clearPart, secretPart := reflect.New(p.clear).Elem(), reflect.New(p.secret).Elem()
	for i, field := range p.clearFields {
		clearPart.Field(i).Set(from.Field(field))
	}
	for i, field := range p.personalFields {
		secretPart.Field(i).Set(from.Field(field))
	}
	if !secretPart.IsZero() {
		if subject == "" {
			return nil, errors.New("personal fields without a subject")
		}
		plain, err := marshal(secretPart.Interface())
		if err != nil {
			return nil, err
		}
		aead, err := c.keyFor(ctx, subject)
		if err != nil {
			return nil, fmt.Errorf("key of the subject: %w", err)
		}
		clearPart.Field(len(p.clearFields)).SetBytes(seal(aead, plain, stream, id))
	}
	return marshal(clearPart.Interface())
}

// keyFor returns the subject's cipher and makes the key if there is none.
func (c *Codec) keyFor(ctx context.Context, subject string) (cipher.AEAD, error) {
	aead, err := c.keys.AEAD(ctx, subject)
	if !errors.Is(err, ErrNoKey) {
		return aead, err
	}
	if err := c.keys.Create(ctx, subject); err != nil {
		return nil, err
	}
	return c.keys.AEAD(ctx, subject)
}

// sealFormat is the first byte of what is sealed: nonce, ciphertext and tag of AES-256-GCM follow.
const sealFormat = 1

func seal(aead cipher.AEAD, plain []byte, stream string, id uuid.UUID) []byte {
	out := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(plain)+aead.Overhead())
	out[0] = sealFormat
	_, _ = rand.Read(out[1:])                                     // never fails: it ends the program rather than return bad randomness
	return aead.Seal(out, out[1:], plain, associated(stream, id)) //nolint:gosec // The nonce is random.
}

func unseal(aead cipher.AEAD, sealed []byte, stream string, id uuid.UUID) ([]byte, error) {
	if len(sealed) < 1+aead.NonceSize() || sealed[0] != sealFormat {
		return nil, ErrTampered
	}
	nonce, ciphertext := sealed[1:1+aead.NonceSize()], sealed[1+aead.NonceSize():]
	plain, err := aead.Open(ciphertext[:0], nonce, ciphertext, associated(stream, id))
	if err != nil {
		return nil, ErrTampered
	}
	return plain, nil
}

// associated binds what is sealed to its event: it cannot be moved to another one.
func associated(stream string, id uuid.UUID) []byte {
	out := make([]byte, 0, len(stream)+1+len(id))
	out = append(out, stream...)
	out = append(out, 0)
	return append(out, id[:]...)
}
