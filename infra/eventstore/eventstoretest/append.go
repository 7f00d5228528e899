package eventstoretest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

var appendTests = map[string]func(t *testing.T, h Harness){
	"gives back what was written":              testGivesBack,
	"keeps nasty payloads byte for byte":       testPayloads,
	"keeps nasty stream names apart":           testStreamNames,
	"does not keep the caller's memory":        testCallersMemory,
	"writes several events as one":             testAtomic,
	"writes no events":                         testNoEvents,
	"refuses more than the size limit":         testSizeLimit,
	"refuses what can never be written":        testInvalid,
	"stamps times that never go back":          testCreated,
	"does nothing for a context that is over":  testAppendContext,
	"keeps everything when it is opened again": testReopen,
}

func testGivesBack(t *testing.T, h Harness) {
	events := made(3)
	first := write(t, h.Store, "thing-1", eventstore.NoStream, events[:1]...)
	last := write(t, h.Store, "thing-1", 0, events[1:]...)

	got := readStream(t, h.Store, "thing-1", eventstore.StreamRead{})
	sameEvents(t, "events", got, events)
	same(t, "revisions", revisions(got), []int64{0, 1, 2})
	for _, event := range got {
		same(t, "stream", event.Stream, "thing-1")
		if event.Created.IsZero() || event.Created.Location().String() != "UTC" {
			t.Errorf("created = %v, want a time in UTC", event.Created)
		}
	}
	same(t, "first answer", first, eventstore.Appended{Revision: 0, Position: got[0].Position})
	same(t, "last answer", last, eventstore.Appended{Revision: 2, Position: got[2].Position})
	if !got[0].Position.Before(got[1].Position) || !got[1].Position.Before(got[2].Position) || got[0].Position.IsZero() {
		t.Errorf("positions %v do not rise from above the beginning", positions(got))
	}
	same(t, "the same events in the whole log", onlyOf(readAll(t, h.Store, eventstore.AllRead{}), "thing-1"), got)
}

func testPayloads(t *testing.T, h Harness) {
	for name, event := range map[string]eventstore.Event{
		"nothing at all":           {},
		"empty JSON":               {JSON: true, Data: []byte(`{}`)},
		"not JSON but said to be":  {JSON: true, Data: []byte(`{"broken`)},
		"octets":                   {Data: []byte{0, 1, 2, 0xff, 0xfe, '\n', 0}},
		"only metadata":            {Metadata: []byte{0xff, 0}},
		"metadata that is big":     {Data: []byte("x"), Metadata: bytes.Repeat([]byte("m"), 100_000)},
		"Kazakh text":              {JSON: true, Data: []byte(`{"атауы":"заңды қызметтер"}`)},
		"zeros":                    {Data: make([]byte, 1000)},
		"exactly the size allowed": {Data: bytes.Repeat([]byte{7}, eventstore.MaxAppendSize)},
	} {
		t.Run(name, func(t *testing.T) {
			event.ID, event.Type = uuid.New(), "payload."+strings.ReplaceAll(name, " ", "_")
			stream := "payload-" + uuid.NewString()
			write(t, h.Store, stream, eventstore.NoStream, event)
			sameEvents(t, "events", readStream(t, h.Store, stream, eventstore.StreamRead{}), []eventstore.Event{event})
		})
	}
}

func testStreamNames(t *testing.T, h Harness) {
	names := []string{
		"a", "a-", "a-1", "a-10", "a-1-1", "A-1", "0", "-", "--", "a@b", "0@a-1", "a$all", "$", "$system", "a b", " ",
		"өтінім-№1", "өтінім", "日本語", "a\u0301", "á", "a/b?c=d&e#f%20", "../a", "a\x00b", "a\x00", "a\n", "\u200b",
		"application-0190a5b2-7c3e-7d4f-8a1b-2c3d4e5f6a7b", strings.Repeat("long", 250),
	}
	want := map[string][]eventstore.Event{}
	for round := range 2 {
		for _, name := range names {
			events := made(1 + round)
			write(t, h.Store, name, eventstore.Expected(len(want[name])-1), events...)
			want[name] = append(want[name], events...)
		}
	}
	for _, name := range names {
		got := readStream(t, h.Store, name, eventstore.StreamRead{})
		sameEvents(t, "events of "+name, got, want[name])
		same(t, "revisions of "+name, revisions(got), []int64{0, 1, 2})
		same(t, "name", got[0].Stream, name)
	}
}

func testCallersMemory(t *testing.T, h Harness) {
	events := made(1)
	want := events[0]
	want.Data, want.Metadata = bytes.Clone(want.Data), bytes.Clone(want.Metadata)
	write(t, h.Store, "thing-1", eventstore.NoStream, events...)
	clear(events[0].Data)
	clear(events[0].Metadata)

	got := readStream(t, h.Store, "thing-1", eventstore.StreamRead{})
	sameEvents(t, "events", got, []eventstore.Event{want})
	clear(got[0].Data)
	_ = append(got[0].Metadata, "overwritten"...)
	sameEvents(t, "events read again", readStream(t, h.Store, "thing-1", eventstore.StreamRead{}), []eventstore.Event{want})
}

func testAtomic(t *testing.T, h Harness) {
	events := made(500)
	appended := write(t, h.Store, "thing-1", eventstore.NoStream, events...)
	same(t, "revision", appended.Revision, int64(499))
	got := readStream(t, h.Store, "thing-1", eventstore.StreamRead{})
	sameEvents(t, "events", got, events)

	refused := made(3)
	_, err := h.Store.Append(t.Context(), "thing-1", 100, refused...)
	wantConflict(t, err, "thing-1", 100, 499)
	same(t, "events after a refusal", readStream(t, h.Store, "thing-1", eventstore.StreamRead{}), got)
}

func testNoEvents(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(2)...)
	end := head(t, h.Store)
	for _, expected := range []eventstore.Expected{1, eventstore.Any, eventstore.StreamExists} {
		appended := write(t, h.Store, "thing-1", expected)
		same(t, "revision", appended.Revision, int64(1))
	}
	same(t, "revision of no stream", write(t, h.Store, "thing-2", eventstore.NoStream).Revision, eventstore.NoRevision)
	same(t, "head", head(t, h.Store), end)
	_, err := collect(h.Store.ReadStream(t.Context(), "thing-2", eventstore.StreamRead{}))
	wantNotFound(t, err, "thing-2")
}

func testSizeLimit(t *testing.T, h Harness) {
	end := head(t, h.Store)
	half := bytes.Repeat([]byte{1}, eventstore.MaxAppendSize/2)
	events := made(3)
	events[0].Data, events[1].Data, events[2].Data = half, half, []byte{1}

	_, err := h.Store.Append(t.Context(), "thing-1", eventstore.NoStream, events...)
	var tooLarge *eventstore.TooLargeError
	if !errors.As(err, &tooLarge) {
		t.Fatalf("got error %v, want a TooLargeError", err)
	}
	same(t, "limit", tooLarge.Limit, eventstore.MaxAppendSize)
	same(t, "head", head(t, h.Store), end)

	events[2].Data, events[2].Metadata = nil, half // only data counts
	write(t, h.Store, "thing-1", eventstore.NoStream, events...)
	sameEvents(t, "events", readStream(t, h.Store, "thing-1", eventstore.StreamRead{}), events)
}

func testInvalid(t *testing.T, h Harness) {
	end := head(t, h.Store)
	nilID, noType := made(1), made(1)
	nilID[0].ID, noType[0].Type = uuid.Nil, ""
	for name, attempt := range map[string]struct {
		stream string
		events []eventstore.Event
	}{
		"empty name":          {"", made(1)},
		"$all":                {"$all", made(1)},
		"metadata of nothing": {"$$", made(1)},
		"nil id":              {"thing-1", nilID},
		"empty type":          {"thing-1", noType},
		"second event wrong":  {"thing-1", append(made(1), noType...)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.Store.Append(t.Context(), attempt.stream, eventstore.Any, attempt.events...)
			wantInvalid(t, err)
		})
	}
	_, err := h.Store.Delete(t.Context(), "$all", eventstore.Any)
	wantInvalid(t, err)
	_, err = h.Store.Tombstone(t.Context(), "", eventstore.Any)
	wantInvalid(t, err)
	same(t, "head", head(t, h.Store), end)
}

func testCreated(t *testing.T, h Harness) {
	for i := range 50 {
		write(t, h.Store, "thing-1", eventstore.Expected(i-1), made(1)...)
	}
	events := readStream(t, h.Store, "thing-1", eventstore.StreamRead{})
	for i := 1; i < len(events); i++ {
		if events[i].Created.Before(events[i-1].Created) {
			t.Fatalf("event %d was created %v, before the one in front of it, %v", i, events[i].Created, events[i-1].Created)
		}
	}
}

func testAppendContext(t *testing.T, h Harness) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	end := head(t, h.Store)
	_, err := h.Store.Append(ctx, "thing-1", eventstore.NoStream, made(1)...)
	wantIs(t, err, context.Canceled)
	same(t, "head", head(t, h.Store), end)
	write(t, h.Store, "thing-1", eventstore.NoStream, made(1)...)
}

func testReopen(t *testing.T, h Harness) {
	if h.Reopen == nil {
		t.Skip("the store cannot be restarted")
	}
	events := made(3)
	appended := write(t, h.Store, "thing-1", eventstore.NoStream, events...)
	write(t, h.Store, "gone-1", eventstore.NoStream, made(1)...)
	if _, err := h.Store.Tombstone(t.Context(), "gone-1", 0); err != nil {
		t.Fatalf("tombstone: %v", err)
	}
	all := readAll(t, h.Store, eventstore.AllRead{Filter: eventstore.Filter{System: true}})

	store := h.Reopen(t)
	same(t, "log", readAll(t, store, eventstore.AllRead{Filter: eventstore.Filter{System: true}}), all)
	_, err := collect(store.ReadStream(t.Context(), "gone-1", eventstore.StreamRead{}))
	wantDeleted(t, err, "gone-1")
	more := write(t, store, "thing-1", 2, made(1)...)
	same(t, "revision", more.Revision, int64(3))
	if !appended.Position.Before(more.Position) {
		t.Errorf("position %v is not after %v", more.Position, appended.Position)
	}
}
