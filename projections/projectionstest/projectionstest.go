// Package projectionstest tests read models: given a history, its documents are these. Every event is delivered twice,
// as an engine may, and every document goes through its stored form between events, as in an engine it may or may not.
package projectionstest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
)

// History is a list of events, to be told with In.
type History []codec.Envelope

// In tells that events happened in a stream, done by an actor in a role: by the person whose data they hold, if that is an
// applicant.
func (h History) In(stream, actor, role string, events ...any) History {
	subject := ""
	if role == "applicant" {
		subject = actor
	}
	return h.Of(subject, stream, actor, role, events...)
}

// Of tells that events, which hold data of a subject, happened in a stream, done by an actor in a role.
func (h History) Of(subject, stream, actor, role string, events ...any) History {
	h = slices.Clone(h)
	for _, event := range events {
		revision := int64(0)
		for _, earlier := range h {
			if earlier.Stream == stream {
				revision++
			}
		}
		n := uint64(len(h)) + 1
		h = append(h, codec.Envelope{
			Stream: stream, Revision: revision, Position: eventstore.Position{Commit: n, Prepare: n},
			ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)), Type: "not used by folds",
			Created: time.Unix(int64(n), 0).UTC(), Meta: codec.Metadata{Actor: actor, Role: role, Subject: subject},
			Event: event,
		})
	}
	return h
}

type stored struct {
	seen eventstore.Position
	body bson.Raw
}

// Documents folds a history, one event at a time and each twice, into the documents that there are at its end.
func Documents[D any](t *testing.T, model projections.ReadModel[D], history History) map[string]D {
	t.Helper()
	documents := map[string]stored{}
	for _, event := range history {
		for range 2 {
			for _, id := range model.Keys(event) {
				fold(t, model, documents, id, event)
			}
			for _, id := range reached(t, model, documents, event) {
				fold(t, model, documents, id, event)
			}
		}
	}
	read := map[string]D{}
	for id, document := range documents {
		if document.body == nil {
			continue
		}
		read[id] = *decode[D](t, id, document.body)
	}
	return read
}

// reached lists the documents that an event changes without naming them.
func reached[D any](t *testing.T, model projections.ReadModel[D], documents map[string]stored, event codec.Envelope) []string {
	t.Helper()
	if model.Reach == nil || model.Reach(event) == nil {
		return nil
	}
	var ids []string
	for id, document := range documents {
		if document.body != nil && model.Matches(decode[D](t, id, document.body), event) {
			ids = append(ids, id)
		}
	}
	return ids
}

func decode[D any](t *testing.T, id string, body bson.Raw) *D {
	t.Helper()
	doc := new(D)
	if err := bson.Unmarshal(body, doc); err != nil {
		t.Fatalf("decoding document %s: %v", id, err)
	}
	fast := new(D)
	if err := readstore.Decode(body, fast); err != nil {
		t.Fatalf("document %s cannot decode itself: %v", id, err)
	}
	if diff := cmp.Diff(doc, fast); diff != "" {
		t.Errorf("document %s (-decoded by the driver +by itself):\n%s", id, diff)
	}
	return doc
}

// fold does what an engine does with one event and one document. That an event is skipped when the document has seen it
// is the engine's part of the bargain.
func fold[D any](t *testing.T, model projections.ReadModel[D], documents map[string]stored, id string, event codec.Envelope) {
	t.Helper()
	before := documents[id]
	if !before.seen.Before(event.Position) {
		return
	}
	var doc *D
	if before.body != nil {
		doc = decode[D](t, id, before.body)
	}
	after := stored{seen: event.Position}
	if doc = model.Fold(doc, id, event); doc != nil {
		body, err := bson.Marshal(doc)
		if err != nil {
			t.Fatalf("encoding document %s: %v", id, err)
		}
		fast, err := readstore.Encode(doc)
		if err != nil || !bytes.Equal(body, fast) {
			t.Errorf("document %s encodes itself otherwise than the driver does: %v, error %v; want %v", id, fast, err, bson.Raw(body))
		}
		after.body = body
	}
	documents[id] = after
}

// Expect compares the documents that a history leaves with those wanted, by id.
func Expect[D any](t *testing.T, model projections.ReadModel[D], history History, want map[string]D) {
	t.Helper()
	if diff := cmp.Diff(want, Documents(t, model, history)); diff != "" {
		t.Errorf("documents of %s (-want +got):\n%s", model.Name, diff)
	}
}
