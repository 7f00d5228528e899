package codec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"services.example/portal/infra/eventstore"
)

// Opening shows what the personal fields of one stored event hold, to somebody who does not have the key. Where the record
// commits to them, nothing else can be shown for it.
type Opening struct {
	Salt   []byte `json:"salt,omitempty"` // empty: the record does not commit to them, it was stored before records did
	Fields []byte `json:"fields"`         // a JSON object, byte for byte as it was sealed
}

// ErrOpening says that an opening is not of the record that it was shown with.
var ErrOpening = errors.New("the personal fields that are shown are not those of the record")

// Open makes the opening of a stored event; nil for one that has no personal fields. Errors: ErrKeyDestroyed; as Decode.
func (c *Codec) Open(ctx context.Context, recorded eventstore.Recorded) (*Opening, error) {
	sealed, err := sealedOf(recorded)
	if err != nil || len(sealed) == 0 {
		return nil, err
	}
	meta, err := MetadataOf(recorded)
	if err != nil {
		return nil, err
	}
	aead, err := c.keys.AEAD(ctx, meta.Subject)
	if err != nil {
		return nil, fmt.Errorf("opening event %d of %s: %w", recorded.Revision, recorded.Stream, err)
	}
	plain, committed, err := unsealSalted(aead, sealed, recorded.Stream, recorded.ID)
	if err != nil {
		return nil, fmt.Errorf("opening event %d of %s: %w", recorded.Revision, recorded.Stream, err)
	}
	if !committed {
		return &Opening{Fields: plain}, nil
	}
	o := &Opening{Salt: plain[:saltSize:saltSize], Fields: plain[saltSize:]}
	if _, err := o.Check(recorded); err != nil {
		return nil, err
	}
	return o, nil
}

// Check tells whether the record commits to what is shown. Without a commitment it can be anything. Error: ErrOpening.
func (o *Opening) Check(recorded eventstore.Recorded) (committed bool, err error) {
	fail := func() (bool, error) {
		return false, fmt.Errorf("event %d of %s: %w", recorded.Revision, recorded.Stream, ErrOpening)
	}
	sealed, err := sealedOf(recorded)
	if err != nil || len(sealed) == 0 || !json.Valid(o.Fields) {
		return fail()
	}
	want, found := commitment(sealed)
	switch {
	case !found && len(o.Salt) == 0:
		return false, nil
	case !found || len(o.Salt) != saltSize:
		return fail()
	case commit(append(append(make([]byte, 0, saltSize+len(o.Fields)), o.Salt...), o.Fields...), recorded.Stream, recorded.ID) != want:
		return fail()
	default:
		return true, nil
	}
}

// HasPersonal tells whether a stored event has sealed personal fields.
func HasPersonal(recorded eventstore.Recorded) (bool, error) {
	sealed, err := sealedOf(recorded)
	return len(sealed) > 0, err
}

// DecodeOpened is Decode for somebody who has no keys, only what was shown of this record: nil stands for a destroyed key.
// It does not check the opening. Errors: as Decode.
func (c *Codec) DecodeOpened(ctx context.Context, recorded eventstore.Recorded, o *Opening) (Envelope, error) {
	with := &Codec{byName: c.byName, byType: c.byType, older: c.older, shown: func() ([]byte, error) {
		if o == nil {
			return nil, ErrKeyDestroyed
		}
		return o.Fields, nil
	}}
	return with.Decode(ctx, recorded)
}

// sealedOf reads the sealed member of a stored event; none if it has no personal fields.
func sealedOf(recorded eventstore.Recorded) ([]byte, error) {
	if !recorded.JSON {
		return nil, nil
	}
	var members map[string]json.RawMessage
	if err := unmarshal(recorded.Data, &members); err != nil {
		return nil, &DecodeError{Stream: recorded.Stream, Revision: recorded.Revision, Type: recorded.Type, Part: "data", Err: withoutData(err)}
	}
	value, found := members[sealedMember]
	if !found {
		return nil, nil
	}
	var sealed []byte
	if err := unmarshal(value, &sealed); err != nil {
		return nil, &DecodeError{Stream: recorded.Stream, Revision: recorded.Revision, Type: recorded.Type, Part: "data", Err: withoutData(err)}
	}
	return sealed, nil
}
