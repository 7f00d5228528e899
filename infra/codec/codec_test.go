package codec_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

var (
	anOpened = opened{Number: 2065, Tags: []string{"<a>", "b & c"}, At: moment}
	aNamed   = named{Version: 3, Name: "Әлия Нұрғалиқызы", Extra: json.RawMessage(`{"iin":"650515400018"}`), Public: true}
	aMoved   = moved{City: "Қарағанды", Street: "Абай даңғылы 7"}
)

func TestDecodedEventIsTheOneThatWasEncoded(t *testing.T) {
	for _, event := range []any{anOpened, opened{}, aNamed, named{}, named{Public: true, Name: "x"}, aMoved, moved{}} {
		c, _ := newCodec(t)
		recorded := stored(t, c, event)

		want := codec.Envelope{
			Stream: stream, Revision: 7, Position: eventstore.Position{Commit: 42, Prepare: 42}, ID: eventID,
			Type: recorded.Type, Created: moment, Meta: metadata, Event: event,
		}
		for _, reading := range []string{"first", "second"} { // the first may still know it, the second reads what is stored
			got, err := c.Decode(t.Context(), recorded)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("envelope of the %s reading (-want +got):\n%s", reading, diff)
			}
		}
	}
}

// What JSON would change, or several readers could change, is read from what is stored also by who comes first.
func TestTheFirstReadingIsThatOfTheStore(t *testing.T) {
	almaty := time.FixedZone("Almaty", 5*60*60)
	for name, event := range map[string]any{
		"an empty list":             opened{Tags: []string{}, At: moment},
		"a list":                    anOpened,
		"another place's time":      opened{At: moment.In(almaty)},
		"a clock that goes on":      opened{At: time.Now()},
		"half of a surrogate pair":  moved{City: "\xed\xa0\x80", Street: "\xff"},
		"raw JSON with white space": named{Name: "x", Extra: json.RawMessage(`{ "a" : 1 }`)},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newCodec(t)
			recorded := stored(t, c, event)

			first, err := c.Decode(t.Context(), recorded)
			if err != nil {
				t.Fatal(err)
			}
			second, err := c.Decode(t.Context(), recorded)
			if err != nil {
				t.Fatal(err)
			}

			if !reflect.DeepEqual(first, second) {
				t.Errorf("first it is %#v, then %#v", first.Event, second.Event)
			}
		})
	}
}

// Readers of the log use the memory of a record again while others still have its envelope.
func TestAnEnvelopeSharesNoMemoryWithTheRecord(t *testing.T) {
	for _, event := range []any{anOpened, aNamed, aMoved} {
		c, _ := newCodec(t)
		recorded := stored(t, c, event)
		for _, reading := range []string{"first", "second"} {
			mine := recorded
			mine.Data, mine.Metadata = bytes.Clone(recorded.Data), bytes.Clone(recorded.Metadata)
			got, err := c.Decode(t.Context(), mine)
			if err != nil {
				t.Fatal(err)
			}

			clear(mine.Data)
			clear(mine.Metadata)

			if diff := cmp.Diff(event, got.Event) + cmp.Diff(metadata, got.Meta); diff != "" {
				t.Errorf("the %s reading has changed with the record (-want +got):\n%s", reading, diff)
			}
		}
	}
}

func TestStoredFormIsPlainJSON(t *testing.T) {
	c, _ := newCodec(t)

	got := stored(t, c, anOpened)

	if want := `{"number":2065,"tags":["<a>","b & c"],"at":"2065-11-15T09:30:00.123Z"}`; string(got.Data) != want {
		t.Errorf("data is %s, want %s", got.Data, want)
	}
	want := `{"commandId":"01890a5d-ac96-774b-bcce-b302099a8057","commandHash":"mKf1pQ",` +
		`"correlationId":"01890a5d-ac96-774b-bcce-b302099a8058","causationId":"01890a5d-ac96-774b-bcce-b302099a8059",` +
		`"actor":"` + subject + `","role":"applicant","subject":"` + subject + `","client":"Zm9v"}`
	if string(got.Metadata) != want {
		t.Errorf("metadata is %s, want %s", got.Metadata, want)
	}
	if got.Type != "case.opened.v1" || !got.JSON || got.ID != eventID {
		t.Errorf("type %s, JSON %t, id %s", got.Type, got.JSON, got.ID)
	}
}

func TestPersonalFieldsAreNotStoredInClear(t *testing.T) {
	c, _ := newCodec(t)

	data := stored(t, c, aNamed).Data

	var members map[string]any
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	sealed, _ := members["$personal"].(string)
	if len(sealed) == 0 {
		t.Fatalf("no sealed member in %s", data)
	}
	delete(members, "$personal")
	if diff := cmp.Diff(map[string]any{"version": 3.0, "public": true}, members); diff != "" {
		t.Errorf("clear members (-want +got):\n%s", diff)
	}
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(data) + string(raw); strings.Contains(text, "650515400018") || strings.Contains(text, "Әлия") {
		t.Error("a personal value is in clear")
	}
}

func TestEqualPersonalFieldsLookDifferentEachTime(t *testing.T) {
	c, _ := newCodec(t)

	once, twice := stored(t, c, aNamed), stored(t, c, aNamed)
	if string(once.Data) == string(twice.Data) {
		t.Error("the same nonce was used twice")
	}
}

func TestPersonalFieldsWithoutSubjectAreRefused(t *testing.T) {
	c, _ := newCodec(t)

	_, err := c.Encode(t.Context(), stream, eventID, codec.Metadata{}, aNamed)
	if want := "encoding case.named.v1 for stream " + stream + ": personal fields without a subject"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if _, err := c.Encode(t.Context(), stream, eventID, codec.Metadata{}, named{Version: 1}); err != nil {
		t.Errorf("an event whose personal fields are empty needs no subject: %v", err)
	}
}

func TestEventsOfAnErasedSubjectDecodeWithoutPersonalFields(t *testing.T) {
	c, keys := newCodec(t)
	recorded := stored(t, c, aNamed)
	if err := keys.Destroy(t.Context(), subject); err != nil {
		t.Fatal(err)
	}

	got, err := c.Decode(t.Context(), recorded)
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(named{Version: 3, Public: true}, got.Event); diff != "" || !got.Erased {
		t.Errorf("erased %t, event (-want +got):\n%s", got.Erased, diff)
	}
	if _, err := c.Encode(t.Context(), stream, eventID, metadata, aNamed); !errors.Is(err, codec.ErrKeyDestroyed) {
		t.Errorf("encoding for an erased subject: %v, want ErrKeyDestroyed", err)
	}
}

func TestLostKeyIsAnErrorAndNotAnErasure(t *testing.T) {
	c, _ := newCodec(t)
	recorded := stored(t, c, aNamed)
	other, _ := newCodec(t)

	_, err := other.Decode(t.Context(), recorded)

	if !errors.Is(err, codec.ErrNoKey) {
		t.Errorf("error %v, want ErrNoKey", err)
	}
}

func TestTamperingIsAnError(t *testing.T) {
	c, keys := newCodec(t)
	if err := keys.Create(t.Context(), "11111111-1111-4111-8111-111111111111"); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*eventstore.Recorded){
		"another stream": func(r *eventstore.Recorded) { r.Stream = "case-2" },
		"another event":  func(r *eventstore.Recorded) { r.ID = uuid.Nil },
		"another subject": func(r *eventstore.Recorded) {
			r.Metadata = []byte(strings.ReplaceAll(string(r.Metadata), subject, "11111111-1111-4111-8111-111111111111"))
		},
		"a changed byte": func(r *eventstore.Recorded) {
			r.Data = changeSealed(t, r.Data, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		},
		"a shorter text": func(r *eventstore.Recorded) {
			r.Data = changeSealed(t, r.Data, func(b []byte) []byte { return b[:len(b)-1] })
		},
		"almost nothing": func(r *eventstore.Recorded) {
			r.Data = changeSealed(t, r.Data, func([]byte) []byte { return []byte{1} })
		},
		"another format": func(r *eventstore.Recorded) {
			r.Data = changeSealed(t, r.Data, func(b []byte) []byte { b[0] = 9; return b })
		},
	} {
		t.Run(name, func(t *testing.T) {
			recorded := stored(t, c, aNamed)
			change(&recorded)

			_, err := c.Decode(t.Context(), recorded)

			if !errors.Is(err, codec.ErrTampered) {
				t.Errorf("error %v, want ErrTampered", err)
			}
		})
	}
}

// changeSealed changes the sealed bytes inside an event's JSON.
func changeSealed(t *testing.T, data []byte, change func([]byte) []byte) []byte {
	t.Helper()
	var members map[string]json.RawMessage
	var sealed []byte
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(members["$personal"], &sealed); err != nil {
		t.Fatal(err)
	}
	members["$personal"], _ = json.Marshal(change(sealed))
	out, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOlderVersionsReachTheNewestStruct(t *testing.T) {
	c, keys := newCodec(t)
	for name, test := range map[string]struct {
		stored, data string
		erased       bool
		want         any
	}{
		"first version":  {"case.moved.v1", `{"town":"Алматы","road":"Желтоқсан"}`, false, moved{"Алматы", "Желтоқсан"}},
		"second version": {"case.moved.v2", `{"city":"Алматы","road":"Желтоқсан"}`, false, moved{"Алматы", "Желтоқсан"}},
		"newest version": {"case.moved.v3", `{"city":"Алматы","street":"Желтоқсан"}`, false, moved{"Алматы", "Желтоқсан"}},
	} {
		t.Run(name, func(t *testing.T) {
			recorded := stored(t, c, aMoved)
			recorded.Type, recorded.Data = test.stored, []byte(test.data)

			got, err := c.Decode(t.Context(), recorded)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(test.want, got.Event); diff != "" || got.Type != test.stored {
				t.Errorf("type %s, event (-want +got):\n%s", got.Type, diff)
			}
		})
	}

	t.Run("encrypted, then erased", func(t *testing.T) {
		recorded := stored(t, c, aMoved) // its sealed object has the member street
		recorded.Type = "case.moved.v1"

		got, err := c.Decode(t.Context(), recorded)
		if err != nil || !cmp.Equal(got.Event, any(aMoved)) || got.Erased {
			t.Errorf("got %v, error %v", got, err)
		}

		if err := keys.Destroy(t.Context(), subject); err != nil {
			t.Fatal(err)
		}
		got, err = c.Decode(t.Context(), recorded)
		if err != nil || !cmp.Equal(got.Event, any(moved{City: "Қарағанды"})) || !got.Erased {
			t.Errorf("erased: got %v, error %v", got, err)
		}
	})
}

func TestUnknownTypeIsToldApart(t *testing.T) {
	c, _ := newCodec(t)
	recorded := stored(t, c, anOpened)
	recorded.Type = "case.forgotten.v2"

	_, err := c.Decode(t.Context(), recorded)

	var unknown *codec.UnknownTypeError
	if !errors.As(err, &unknown) {
		t.Fatalf("error %v", err)
	}
	if diff := cmp.Diff(&codec.UnknownTypeError{Stream: stream, Revision: 7, Type: "case.forgotten.v2"}, unknown); diff != "" {
		t.Error(diff)
	}
}

func TestReaderIgnoresMembersItDoesNotKnow(t *testing.T) {
	c, _ := newCodec(t)
	recorded := stored(t, c, anOpened)
	recorded.Data = []byte(`{"number":1,"later":{"a":[1]},"$note":"x"}`)

	got, err := c.Decode(t.Context(), recorded)

	if want := any(opened{Number: 1}); err != nil || !cmp.Equal(want, got.Event) {
		t.Errorf("got %v, error %v", got.Event, err)
	}
}

func TestErrorsNameTheEventAndNeverQuoteIt(t *testing.T) {
	c, _ := newCodec(t)
	for name, test := range map[string]struct {
		change func(*eventstore.Recorded)
		want   string
	}{
		"broken data": {
			func(r *eventstore.Recorded) { r.Data = []byte(`{"name":"secret`) },
			"data: not valid JSON at byte 15",
		},
		"another type of member": {
			func(r *eventstore.Recorded) { r.Data = []byte(`{"version":650515400018650515400018}`) },
			`data: member "version" does not fit int`,
		},
		"no object": {
			func(r *eventstore.Recorded) { r.Data = []byte(`"650515400018"`) },
			"data: not a JSON object",
		},
		"broken metadata": {
			func(r *eventstore.Recorded) { r.Metadata = []byte(`{"commandId":"650515400018"}`) },
			`metadata: member "commandId" does not fit uuid.UUID`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			recorded := stored(t, c, aNamed)
			test.change(&recorded)

			_, err := c.Decode(t.Context(), recorded)

			want := "decoding event 7 of stream " + stream + ", case.named.v1: " + test.want
			if err == nil || err.Error() != want {
				t.Errorf("error is\n%v, want\n%s", err, want)
			}
		})
	}
}

func TestMetadataMayBeAbsent(t *testing.T) {
	c, _ := newCodec(t)
	recorded := stored(t, c, anOpened)
	recorded.Metadata = nil

	got, err := c.Decode(t.Context(), recorded)

	if err != nil || got.Meta != (codec.Metadata{}) {
		t.Errorf("metadata %v, error %v", got.Meta, err)
	}
}

func TestUnregisteredTypeCannotBeEncoded(t *testing.T) {
	c, _ := newCodec(t)
	for _, event := range []any{struct{}{}, &anOpened, nil} {
		if _, err := c.Encode(t.Context(), stream, eventID, metadata, event); err == nil {
			t.Errorf("%T was encoded", event)
		}
	}
}
