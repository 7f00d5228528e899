package transparency_test

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/transparency-dev/merkle/rfc6962"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/archive"
	"services.example/portal/infra/transparency"
)

// TestTheFormatOfALeafNeverChanges has the bytes written out: other ones would be another log.
func TestTheFormatOfALeafNeverChanges(t *testing.T) {
	r := eventstore.Recorded{
		Event: eventstore.Event{
			ID: uuid.MustParse("0b1f2d0e-6f0a-5c52-9a55-4f0d3f1b8a02"), Type: "t.v1", JSON: true,
			Data: []byte(`{"a":1}`), Metadata: []byte(`{"b":2}`),
		},
		Stream: "s-1", Revision: 258, Created: time.Date(2026, 11, 23, 1, 2, 3, 456_700_000, time.UTC),
	}
	want := hex.EncodeToString([]byte("portal record 1\n")) + "0b1f2d0e6f0a5c529a554f0d3f1b8a02" + "0000000000000102" + "01" +
		"00000003" + hex.EncodeToString([]byte("s-1")) + "00000004" + hex.EncodeToString([]byte("t.v1")) +
		"00000030" + hex.EncodeToString([]byte(`{"b":2,"recordedAt":"2026-11-23T01:02:03.4567Z"}`)) +
		"00000007" + hex.EncodeToString([]byte(`{"a":1}`))
	if diff := cmp.Diff(want, hex.EncodeToString(transparency.AppendLeaf(nil, r))); diff != "" {
		t.Errorf("leaf (-want +got):\n%s", diff)
	}
	if got := transparency.Leaf(r); string(got[:]) != string(rfc6962.DefaultHasher.HashLeaf(transparency.AppendLeaf(nil, r))) {
		t.Error("the hash of the leaf is not that of RFC 6962")
	}
}

// TestALeafSurvivesAMove brings a record into another store, which gives it a time and a place of its own.
func TestALeafSurvivesAMove(t *testing.T) {
	for _, metadata := range []string{`{"actor":"a"}`, `{}`, ``, ` { "actor" : "a" } `} {
		r := record(7)
		r.Metadata = []byte(metadata)
		moved := r
		moved.Event = archive.Carried(r)
		moved.Created = noon.Add(time.Hour)
		moved.Position = eventstore.Position{Commit: 99, Prepare: 98}
		if transparency.Leaf(r) != transparency.Leaf(moved) {
			t.Errorf("metadata %q: the leaf is another after a move", metadata)
		}
	}
}

// TestEveryPartOfARecordIsInItsLeaf changes one after another.
func TestEveryPartOfARecordIsInItsLeaf(t *testing.T) {
	before := transparency.Leaf(record(1))
	for name, change := range map[string]func(*eventstore.Recorded){
		"id":       func(r *eventstore.Recorded) { r.ID[0] ^= 1 },
		"type":     func(r *eventstore.Recorded) { r.Type = "application.step-saved.v2" },
		"form":     func(r *eventstore.Recorded) { r.JSON = false },
		"data":     func(r *eventstore.Recorded) { r.Data = []byte(`{"n":2}`) },
		"metadata": func(r *eventstore.Recorded) { r.Metadata = []byte(`{"actor":"b-1"}`) },
		"stream":   func(r *eventstore.Recorded) { r.Stream = "application-2" },
		"revision": func(r *eventstore.Recorded) { r.Revision++ },
		"time":     func(r *eventstore.Recorded) { r.Created = r.Created.Add(100 * time.Nanosecond) },
		"a boundary between parts": func(r *eventstore.Recorded) {
			r.Stream, r.Type = r.Stream+r.Type[:1], r.Type[1:]
		},
	} {
		r := record(1)
		change(&r)
		if transparency.Leaf(r) == before {
			t.Errorf("%s: the leaf does not change with it", name)
		}
	}
}
