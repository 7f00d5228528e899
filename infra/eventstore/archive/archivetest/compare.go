package archivetest

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/archive"
)

// fataler is what a test and a check of a property have in common.
type fataler interface {
	Context() context.Context
	Fatalf(format string, args ...any)
	Helper()
}

// view is what must be the same of an event in both stores.
type view struct {
	Stream   string
	Revision int64
	ID       uuid.UUID
	Type     string
	JSON     bool
	Data     string
	Metadata string
}

// Compare fails unless both stores hold the same log and the same streams, but for what the move may change: the target
// has the time of the record in the metadata, and ids and spaces of its own where stores write events themselves.
func Compare(t fataler, source, target eventstore.Store) {
	t.Helper()
	before, after := all(t, source), all(t, target)
	compareViews(t, "the log", views(before, true), views(after, false))
	streams := map[string]bool{}
	for _, event := range before {
		streams[event.Stream] = true
	}
	for stream := range streams {
		if !moved(stream) {
			continue
		}
		for _, read := range []eventstore.StreamRead{{}, {From: eventstore.End, Backwards: true}} {
			was, wasErr := collect(source.ReadStream(t.Context(), stream, read))
			is, isErr := collect(target.ReadStream(t.Context(), stream, read))
			if kind(wasErr) != kind(isErr) {
				t.Fatalf("stream %s: reading says %v, and said %v before", stream, isErr, wasErr)
			}
			compareViews(t, "stream "+stream, views(was, true), views(is, false))
		}
	}
}

func compareViews(t fataler, what string, want, got []view) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-before +after):\n%s", what, diff)
	}
}

// views are the events as they were, or, of the source, as they are to be after a move.
func views(events []eventstore.Recorded, stamp bool) []view {
	list := []view{}
	for _, event := range events {
		if !moved(event.Stream) {
			continue
		}
		v := view{
			Stream: event.Stream, Revision: event.Revision, ID: event.ID, Type: event.Type, JSON: event.JSON,
			Data: string(event.Data), Metadata: string(event.Metadata),
		}
		switch {
		case strings.HasPrefix(event.Stream, "$$"):
			v.ID, v.Data = uuid.Nil, spaceless(event)
		case event.Type == "$streamDeleted":
			v.ID = uuid.Nil
		case stamp:
			v.Metadata = string(archive.Carried(event).Metadata)
		}
		list = append(list, v)
	}
	return list
}

// spaceless is a document without spaces, its members in order; what is no document stays as it is.
func spaceless(event eventstore.Recorded) string {
	var document any
	if !event.JSON || json.Unmarshal(event.Data, &document) != nil {
		return string(event.Data)
	}
	data, err := json.Marshal(document)
	if err != nil {
		return string(event.Data)
	}
	return string(data)
}

func all(t fataler, store eventstore.Store) []eventstore.Recorded {
	t.Helper()
	events, err := collect(store.ReadAll(t.Context(), eventstore.AllRead{Filter: eventstore.Filter{System: true}}))
	if err != nil {
		t.Fatalf("read the log: %v", err)
	}
	for i := range events {
		if events[i].Created.IsZero() || events[i].Created.Location() != time.UTC {
			t.Fatalf("event %d of the log has the time %v", i, events[i].Created)
		}
	}
	return events
}

func collect(events iter.Seq2[eventstore.Recorded, error]) ([]eventstore.Recorded, error) {
	var list []eventstore.Recorded
	for event, err := range events {
		if err != nil {
			return list, err
		}
		list = append(list, event)
	}
	return list, nil
}

// kind reduces an error to what a reader does about it.
func kind(err error) string {
	var missing *eventstore.NotFoundError
	var deleted *eventstore.DeletedError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &missing):
		return "not found"
	case errors.As(err, &deleted):
		return "deleted"
	default:
		return err.Error()
	}
}
