package pubsub

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"services.example/portal/infra/eventstore"
)

var drawnEvent = rapid.Custom(func(t *rapid.T) eventstore.Recorded {
	some := rapid.SliceOfN(rapid.Byte(), 1, 50)
	event := eventstore.Recorded{
		Event: eventstore.Event{
			ID:   uuid.Must(uuid.FromBytes(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))),
			Type: rapid.String().Draw(t, "type"), JSON: rapid.Bool().Draw(t, "json"),
		},
		Stream:   rapid.String().Draw(t, "stream"),
		Revision: rapid.Int64().Draw(t, "revision"),
		Position: drawnPosition.Draw(t, "position"),
		Created:  time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
	}
	if rapid.Bool().Draw(t, "with data") {
		event.Data = some.Draw(t, "data")
	}
	if rapid.Bool().Draw(t, "with metadata") {
		event.Metadata = some.Draw(t, "metadata")
	}
	return event
})

var drawnPosition = rapid.Custom(func(t *rapid.T) eventstore.Position {
	return eventstore.Position{Commit: rapid.Uint64().Draw(t, "commit"), Prepare: rapid.Uint64().Draw(t, "prepare")}
})

func TestUnpackGivesWhatWasPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := eventstore.Delivery{
			Events:  rapid.SliceOfN(drawnEvent, 0, 20).Draw(t, "events"),
			Through: drawnPosition.Draw(t, "through"), Live: rapid.Bool().Draw(t, "live"),
		}
		events, through, live, err := Unpack(message.NewMessage("", pack(nil, want)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, eventstore.Delivery{Events: events, Through: through, Live: live}); diff != "" {
			t.Errorf("(-packed +unpacked):\n%s", diff)
		}
	})
}

func TestWhatIsNoFrameIsRefused(t *testing.T) {
	whole := pack(nil, eventstore.Delivery{
		Events: []eventstore.Recorded{{Event: eventstore.Event{Type: "a", Data: []byte("data")}, Stream: "s", Created: time.Unix(0, 0)}},
	})
	for length := range whole {
		if _, err := unpack(whole[:length]); err == nil {
			t.Errorf("the first %d bytes of a frame of %d were taken for a frame", length, len(whole))
		}
	}
	if _, err := unpack(append(bytes.Clone(whole), 0)); err == nil {
		t.Error("a frame with a byte more was taken for a frame")
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte{})
	f.Add(pack(nil, eventstore.Delivery{Through: eventstore.Position{Commit: math.MaxUint64}, Live: true}))
	f.Add(pack(nil, eventstore.Delivery{Events: []eventstore.Recorded{
		{Event: eventstore.Event{ID: uuid.New(), Type: "a.b.v1", JSON: true, Data: []byte("{}"), Metadata: []byte("{}")}, Stream: "a-1"},
	}}))
	f.Fuzz(func(t *testing.T, frame []byte) {
		delivery, err := unpack(frame)
		if err != nil {
			return
		}
		again, err := unpack(pack(nil, delivery))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(delivery, again); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBackoffGrowsWithJitterUpToItsLongest(t *testing.T) {
	b := Backoff{Min: 10 * time.Millisecond, Max: 65 * time.Millisecond}
	for failures, longest := range map[int]time.Duration{
		1: 10 * time.Millisecond, 2: 20 * time.Millisecond, 3: 40 * time.Millisecond,
		4: 65 * time.Millisecond, 1000: 65 * time.Millisecond,
	} {
		for range 100 {
			if d := b.delay(failures); d < longest/2 || d > longest {
				t.Errorf("after %d failures the wait is %s, want %s to %s", failures, d, longest/2, longest)
			}
		}
	}
}
