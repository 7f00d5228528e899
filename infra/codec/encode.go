package codec

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// Encode turns an event into what the store keeps. Its personal fields are encrypted with the key of meta.Subject,
// which is made if the subject has none yet, and are bound to this stream and id: what Encode returns can be appended
// nowhere else. The event is not to be changed any more. Errors: personal fields without a subject, ErrKeyDestroyed, a type that is not registered.
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
	stored := eventstore.Event{ID: id, Type: p.name, JSON: true, Data: data, Metadata: metadata}
	c.lately.keep(stream, stored, meta, event)
	return stored, nil
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
		sealed, err := c.sealPart(ctx, secretPart.Interface(), stream, id, subject)
		if err != nil {
			return nil, err
		}
		clearPart.Field(len(p.clearFields)).SetBytes(sealed)
	}
	return marshal(clearPart.Interface())
}

// sealPart encrypts the personal fields.
func (c *Codec) sealPart(ctx context.Context, fields any, stream string, id uuid.UUID, subject string) ([]byte, error) {
	salted, _ := salteds.Get().(*bytes.Buffer)
	defer func() {
		clear(salted.Bytes()) // nothing personal is kept
		salted.Reset()
		salteds.Put(salted)
	}()
	if _, err := io.CopyN(salted, rand.Reader, saltSize); err != nil {
		return nil, fmt.Errorf("making a salt: %w", err)
	}
	if err := marshalTo(salted, fields); err != nil {
		return nil, err
	}
	aead, err := c.keyFor(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("key of the subject: %w", err)
	}
	return seal(aead, salted.Bytes(), stream, id), nil
}

// salteds is memory for what is about to be sealed.
var salteds = sync.Pool{New: func() any { return new(bytes.Buffer) }}

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
