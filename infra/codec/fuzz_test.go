package codec_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

// FuzzDecode gives the decoder anything: it answers with an event or an error, and an event can be stored again.
func FuzzDecode(f *testing.F) {
	c, _ := newCodec(f)
	for _, event := range []any{anOpened, aNamed, aMoved} {
		recorded := stored(f, c, event)
		f.Add(recorded.Type, recorded.Data, recorded.Metadata)
		f.Add("case.moved.v1", recorded.Data, recorded.Metadata)
	}
	f.Add("case.named.v1", []byte(`{"$personal":""}`), []byte(`{}`))
	f.Add("case.named.v1", []byte(`{"$personal":"AQ=="}`), []byte(`{"subject":"`+subject+`"}`))
	f.Add("case.named.v1", []byte(`null`), []byte(`null`))
	f.Add("case.moved.v2", []byte(`{"$personal":[1]}`), []byte(`{}`))
	f.Add("case.moved.v2", []byte(`null`), []byte(``))
	f.Fuzz(func(t *testing.T, stored string, data, metadata []byte) {
		recorded := eventstore.Recorded{
			Event:  eventstore.Event{ID: eventID, Type: stored, JSON: true, Data: data, Metadata: metadata},
			Stream: stream,
		}
		got, err := c.Decode(t.Context(), recorded)
		if err != nil {
			return
		}
		again, err := c.Encode(t.Context(), stream, eventID, codec.Metadata{Subject: subject}, got.Event)
		if err != nil {
			t.Fatal(err)
		}
		second, err := c.Decode(t.Context(), eventstore.Recorded{Event: again, Stream: stream})
		if err != nil {
			t.Fatal(err)
		}
		first, errFirst := json.Marshal(got.Event)
		twice, errTwice := json.Marshal(second.Event)
		if errFirst != nil || errTwice != nil || string(first) != string(twice) {
			t.Errorf("%s became %s", first, twice)
		}
	})
}

func TestAnyPersonalFieldsComeBack(t *testing.T) {
	c, _ := newCodec(t)
	rapid.Check(t, func(r *rapid.T) {
		event := named{
			Version: rapid.Int().Draw(r, "version"),
			Name:    rapid.String().Draw(r, "name"),
			Public:  rapid.Bool().Draw(r, "public"),
		}
		if words := rapid.SliceOf(rapid.String()).Draw(r, "words"); len(words) > 0 {
			event.Extra, _ = json.Marshal(words)
		}
		encoded, err := c.Encode(t.Context(), stream, eventID, metadata, event)
		if err != nil {
			r.Fatal(err)
		}
		got, err := c.Decode(t.Context(), eventstore.Recorded{Event: encoded, Stream: stream})
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(any(event), got.Event, cmp.Transformer("parsed", parsed)); diff != "" {
			r.Errorf("event (-want +got):\n%s", diff)
		}
	})
}

// parsed compares JSON by what it means: the same text may be escaped in two ways.
func parsed(raw json.RawMessage) any {
	var v any
	_ = json.Unmarshal(raw, &v)
	return v
}
