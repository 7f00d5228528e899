package codec_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

func TestWhatIsShownOfARecordIsReadWithoutItsKey(t *testing.T) {
	t.Parallel()
	for _, event := range []any{anOpened, aNamed, aMoved} {
		c, _ := newCodec(t)
		recorded := stored(t, c, event)
		opening, err := c.Open(t.Context(), recorded)
		if err != nil {
			t.Fatal(err)
		}
		if opening != nil {
			if committed, err := opening.Check(recorded); err != nil || !committed {
				t.Errorf("%T: committed %t, error %v", event, committed, err)
			}
		}
		keyless, err := codec.New(nil, sample)
		if err != nil {
			t.Fatal(err)
		}
		want, err := c.Decode(t.Context(), recorded)
		if err != nil {
			t.Fatal(err)
		}
		got, err := keyless.DecodeOpened(t.Context(), recorded, opening)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%T (-want +got):\n%s", event, diff)
		}
	}
}

func TestNothingElseCanBeShownOfARecord(t *testing.T) {
	t.Parallel()
	c, _ := newCodec(t)
	recorded := stored(t, c, aNamed)
	opening, err := c.Open(t.Context(), recorded)
	if err != nil {
		t.Fatal(err)
	}
	other := recorded
	other.ID = uuid.New()
	moved := recorded
	moved.Stream += "1"
	for name, try := range map[string]struct {
		recorded eventstore.Recorded
		opening  codec.Opening
	}{
		"other words":     {recorded, codec.Opening{Salt: opening.Salt, Fields: []byte(`{"name":"Басқа"}`)}},
		"another salt":    {recorded, codec.Opening{Salt: make([]byte, 32), Fields: opening.Fields}},
		"no salt":         {recorded, codec.Opening{Fields: opening.Fields}},
		"a part as salt":  {recorded, codec.Opening{Salt: opening.Salt[:31], Fields: append(opening.Salt[31:32:32], opening.Fields...)}},
		"no JSON":         {recorded, codec.Opening{Salt: opening.Salt, Fields: []byte("{")}},
		"another event":   {other, *opening},
		"another stream":  {moved, *opening},
		"nothing is kept": {stored(t, c, anOpened), *opening},
	} {
		if committed, err := try.opening.Check(try.recorded); committed || !errors.Is(err, codec.ErrOpening) {
			t.Errorf("%s: committed %t, error %v", name, committed, err)
		}
	}
}

func TestARecordOfAnErasedPersonCannotBeOpened(t *testing.T) {
	t.Parallel()
	c, keys := newCodec(t)
	recorded := stored(t, c, aNamed)
	if err := keys.Destroy(t.Context(), subject); err != nil {
		t.Fatal(err)
	}
	if opening, err := c.Open(t.Context(), recorded); opening != nil || !errors.Is(err, codec.ErrKeyDestroyed) {
		t.Errorf("opened %v, error %v", opening, err)
	}
	got, err := c.DecodeOpened(t.Context(), recorded, nil)
	if err != nil || !got.Erased || got.Event.(named).Name != "" {
		t.Errorf("read %+v, error %v", got, err)
	}
}

// TestARecordOfBeforeCommitmentsIsRead: logs hold records that were sealed without one.
func TestARecordOfBeforeCommitmentsIsRead(t *testing.T) {
	t.Parallel()
	c, keys := newCodec(t)
	recorded := stored(t, c, aMoved)
	aead, err := keys.AEAD(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	sealed := make([]byte, 1+aead.NonceSize())
	sealed[0] = 1
	associated := append([]byte(stream+"\x00"), eventID[:]...)
	sealed = aead.Seal(sealed, sealed[1:], []byte(`{"street":"Абай даңғылы 7"}`), associated)
	if recorded.Data, err = json.Marshal(map[string]any{"city": aMoved.City, "$personal": sealed}); err != nil {
		t.Fatal(err)
	}
	got, err := c.Decode(t.Context(), recorded)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any(aMoved), got.Event); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	opening, err := c.Open(t.Context(), recorded)
	if err != nil {
		t.Fatal(err)
	}
	if committed, err := opening.Check(recorded); committed || err != nil {
		t.Errorf("committed %t, error %v", committed, err)
	}
}
