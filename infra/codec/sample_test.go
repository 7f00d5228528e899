package codec_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/codec/codectest"
	"services.example/portal/infra/eventstore"
)

// A small aggregate: one event without personal fields, one with, one that is in its third version.
type (
	opened struct {
		Number int64     `json:"number"`
		Tags   []string  `json:"tags"`
		At     time.Time `json:"at"`
	}
	named struct {
		Version int             `json:"version"`
		Name    string          `json:"name" personal:"true"`
		Extra   json.RawMessage `json:"extra,omitempty" personal:"true"`
		Public  bool            `json:"public"`
	}
	moved struct {
		City   string `json:"city"`
		Street string `json:"street" personal:"true"`
	}
)

var sample = codec.Events("case", map[string]any{
	"case.opened.v1": opened{}, "case.named.v1": named{}, "case.moved.v3": moved{},
},
	codec.Upcast{From: "case.moved.v1", To: "case.moved.v2", Do: rename("town", "city")},
	codec.Upcast{From: "case.moved.v2", To: "case.moved.v3", Do: rename("road", "street")},
)

// rename is an upcast that gives a member another name.
func rename(from, to string) func(json.RawMessage) (json.RawMessage, error) {
	return func(older json.RawMessage) (json.RawMessage, error) {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(older, &members); err != nil {
			return nil, err
		}
		if members == nil {
			return nil, errors.New("not an object")
		}
		if value, found := members[from]; found {
			members[to] = value
			delete(members, from)
		}
		return json.Marshal(members)
	}
}

const (
	stream  = "case-6a1c0e5e-2d4b-4c55-9d0a-0d3f5d8c7b11"
	subject = "0b8f4c1e-7a57-5c06-8a51-0a7c7d1f2e33"
)

var (
	eventID  = uuid.MustParse("3f9d2c53-6f0e-5d2c-9a44-6d1f2b3c4d5e")
	moment   = time.Date(2065, 11, 15, 9, 30, 0, 123000000, time.UTC)
	metadata = codec.Metadata{
		CommandID:     uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057"),
		CommandHash:   "mKf1pQ",
		CorrelationID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8058"),
		CausationID:   uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8059"),
		Actor:         subject,
		Role:          "applicant",
		Subject:       subject,
		Client:        "Zm9v",
	}
)

func newCodec(tb testing.TB) (*codec.Codec, *codectest.Keys) {
	tb.Helper()
	keys := codectest.NewKeys()
	c, err := codec.New(keys, sample)
	if err != nil {
		tb.Fatal(err)
	}
	return c, keys
}

// stored is the event as a store would return it.
func stored(tb testing.TB, c *codec.Codec, event any) eventstore.Recorded {
	tb.Helper()
	e, err := c.Encode(tb.Context(), stream, eventID, metadata, event)
	if err != nil {
		tb.Fatal(err)
	}
	return eventstore.Recorded{
		Event: e, Stream: stream, Revision: 7, Position: eventstore.Position{Commit: 42, Prepare: 42}, Created: moment,
	}
}
