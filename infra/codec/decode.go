package codec

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"

	"services.example/portal/infra/eventstore"
)

// Decode reads a stored event of any version into the struct of the newest. Members that the struct does not have are
// ignored, so that a reader may be older than the writer; members that are missing are zero values. When the subject's
// key is destroyed the personal fields are zero values and the envelope says Erased. Nothing in the envelope shares
// memory with the record.
//
// Errors: UnknownTypeError; NewerVersionError; DecodeError, around ErrTampered and ErrNoKey where it is those.
func (c *Codec) Decode(ctx context.Context, recorded eventstore.Recorded) (Envelope, error) {
	fail := func(part string, err error) (Envelope, error) {
		return Envelope{}, &DecodeError{
			Stream: recorded.Stream, Revision: recorded.Revision, Type: recorded.Type, Part: part, Err: withoutData(err),
		}
	}
	out := Envelope{
		Stream: recorded.Stream, Revision: recorded.Revision, Position: recorded.Position,
		ID: recorded.ID, Type: recorded.Type, Created: recorded.Created,
	}
	p, current := c.byName[recorded.Type]
	if _, known := c.older[recorded.Type]; !current && !known {
		return Envelope{}, c.unreadable(recorded)
	}
	if current && c.recall(ctx, &recorded, &out) {
		return out, nil
	}
	if err := decodeMetadata(recorded.Metadata, &out.Meta); err != nil {
		return fail("metadata", err)
	}
	out.Created = out.Meta.recorded(out.Created)
	if !current {
		return c.decodeOlder(ctx, recorded, out, fail)
	}

	scratch := p.scratch.Get()
	read := reflect.ValueOf(scratch).Elem()
	defer func() {
		read.SetZero() // no memory is shared with the event, and nothing personal is kept
		p.scratch.Put(scratch)
	}()
	if err := unmarshal(recorded.Data, scratch); err != nil {
		return fail("data", err)
	}
	if !p.personal() {
		out.Event = read.Interface()
		return out, nil
	}
	into := reflect.New(p.event)
	event := into.Elem()
	for i := range p.event.NumField() {
		event.Field(i).Set(read.Field(i))
	}
	if sealed := read.Field(p.event.NumField()).Bytes(); len(sealed) > 0 {
		plain, err := c.open(ctx, recorded, out.Meta.Subject, sealed)
		switch {
		case errors.Is(err, ErrKeyDestroyed):
			p.erase(event)
			out.Erased = true
		case err != nil:
			return fail("personal fields", err)
		default:
			if err := unmarshal(plain, into.Interface()); err != nil {
				return fail("personal fields", err)
			}
		}
	}
	out.Event = event.Interface()
	return out, nil
}

// recall fills the envelope with what the record was made of, if that is still known and may still be shown.
func (c *Codec) recall(ctx context.Context, recorded *eventstore.Recorded, out *Envelope) bool {
	if c.lately == nil {
		return false
	}
	made, found := c.lately.take(recorded)
	if !found {
		return false
	}
	if c.byName[recorded.Type].personal() && made.meta.Subject != "" {
		if _, err := c.keys.AEAD(ctx, made.meta.Subject); err != nil { // erased since
			return false
		}
	}
	out.Meta, out.Event = made.meta, made.event
	out.Created = out.Meta.recorded(out.Created)
	return true
}

// decodeOlder reads an event of an older version through its upcasts.
func (c *Codec) decodeOlder(
	ctx context.Context, recorded eventstore.Recorded, out Envelope, fail func(string, error) (Envelope, error),
) (Envelope, error) {
	var members map[string]json.RawMessage
	if err := unmarshal(recorded.Data, &members); err != nil {
		return fail("data", err)
	}
	data := json.RawMessage(recorded.Data)
	if value, found := members[sealedMember]; found {
		delete(members, sealedMember)
		var sealed []byte
		if err := unmarshal(value, &sealed); err != nil {
			return fail("personal fields", err)
		}
		plain, err := c.open(ctx, recorded, out.Meta.Subject, sealed)
		if out.Erased = errors.Is(err, ErrKeyDestroyed); err != nil && !out.Erased {
			return fail("personal fields", err)
		}
		if !out.Erased {
			if err := unmarshal(plain, &members); err != nil {
				return fail("personal fields", err)
			}
		}
		if data, err = marshal(members); err != nil {
			return fail("data", err)
		}
	}

	name := recorded.Type
	for c.byName[name] == nil {
		upcast := c.older[name]
		var err error
		if data, err = upcast.Do(data); err != nil {
			return fail("upcast to "+upcast.To, err)
		}
		name = upcast.To
	}
	p := c.byName[name]
	event := reflect.New(p.event)
	if err := unmarshal(data, event.Interface()); err != nil {
		return fail("data after its upcast to "+name, err)
	}
	if out.Erased {
		p.erase(event.Elem())
	}
	out.Event = event.Elem().Interface()
	return out, nil
}

func (c *Codec) open(
	ctx context.Context, recorded eventstore.Recorded, subject string, sealed []byte,
) ([]byte, error) {
	if c.shown != nil {
		return c.shown()
	}
	aead, err := c.keys.AEAD(ctx, subject)
	if err != nil {
		return nil, err
	}
	return unseal(aead, sealed, recorded.Stream, recorded.ID)
}

// erase sets the personal fields to zero values.
func (p *plan) erase(event reflect.Value) {
	for _, field := range p.personalFields {
		event.Field(field).SetZero()
	}
}
