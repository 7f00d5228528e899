package codec_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/codec"
)

func TestANewerVersionOfAKnownEventIsToldApartFromAnUnknownOne(t *testing.T) {
	c, _ := newCodec(t)
	newest := map[string]string{}
	for _, name := range c.Names() {
		if !c.Reads(name) {
			t.Errorf("%s is listed and cannot be read", name)
		}
		newest[name[:len(name)-len(".v1")]] = name // in order of versions, which here have one digit
	}
	for event := range newest {
		recorded := stored(t, c, anOpened)
		recorded.Type = event + ".v9"
		if c.Reads(recorded.Type) {
			t.Errorf("%s can be read", recorded.Type)
		}
		_, err := c.Decode(t.Context(), recorded)
		var newer *codec.NewerVersionError
		if !errors.As(err, &newer) {
			t.Errorf("%s: error %v", recorded.Type, err)
			continue
		}
		if diff := cmp.Diff(&codec.NewerVersionError{Stream: stream, Revision: 7, Type: recorded.Type}, newer); diff != "" {
			t.Error(diff)
		}
	}
	for _, unknown := range []string{"case.forgotten.v1", "case.opened", "case.opened.v0", "other.opened.v9"} {
		recorded := stored(t, c, anOpened)
		recorded.Type = unknown
		_, err := c.Decode(t.Context(), recorded)
		var other *codec.UnknownTypeError
		if !errors.As(err, &other) {
			t.Errorf("%s: error %v, want that it is unknown", unknown, err)
		}
	}
}
