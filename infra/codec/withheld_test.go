package codec_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/codec"
)

// TestWithheldEventsAreReadAsThoseOfErasedPeople: what happened is there, to whom is not.
func TestWithheldEventsAreReadAsThoseOfErasedPeople(t *testing.T) {
	c, keys := newCodec(t)
	if err := keys.Create(t.Context(), subject); err != nil {
		t.Fatal(err)
	}
	record := stored(t, c, named{Version: 3, Name: "Самұрық Дана", Public: true})
	got, err := c.Withheld().Decode(t.Context(), record)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any(named{Version: 3, Public: true}), got.Event); diff != "" || !got.Erased {
		t.Errorf("erased %t, event (-want +got):\n%s", got.Erased, diff)
	}
	seen, err := c.Decode(t.Context(), record)
	if err != nil || seen.Erased || seen.Event.(named).Name != "Самұрық Дана" {
		t.Errorf("to others it is %+v, error %v", seen, err)
	}
	if _, err := c.Withheld().Encode(t.Context(), stream, eventID, metadata, named{Name: "x"}); !errors.Is(err, codec.ErrKeyDestroyed) {
		t.Errorf("writing with it answered %v", err)
	}
}
