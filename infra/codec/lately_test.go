package codec

import (
	"strconv"
	"testing"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

func TestAnEventIsRememberedUntilItIsReadOnce(t *testing.T) {
	l := newLately()
	stored := eventstore.Event{ID: uuid.New(), Type: "case.closed.v1", Data: []byte(`{}`), Metadata: []byte(`{"actor":"a"}`)}
	l.keep("case-1", stored, Metadata{Actor: "a"}, struct{}{})
	for name, other := range map[string]eventstore.Recorded{
		"another stream":   {Stream: "case-2", Event: stored},
		"another id":       {Stream: "case-1", Event: with(stored, func(e *eventstore.Event) { e.ID = uuid.New() })},
		"another type":     {Stream: "case-1", Event: with(stored, func(e *eventstore.Event) { e.Type = "case.opened.v1" })},
		"other data":       {Stream: "case-1", Event: with(stored, func(e *eventstore.Event) { e.Data = []byte(`{ }`) })},
		"other metadata":   {Stream: "case-1", Event: with(stored, func(e *eventstore.Event) { e.Metadata = nil })},
		"nothing it knows": {},
	} {
		if _, found := l.take(&other); found {
			t.Errorf("%s is taken for the event", name)
		}
	}

	recorded := eventstore.Recorded{Stream: "case-1", Event: stored}
	if e, found := l.take(&recorded); !found || e.meta.Actor != "a" {
		t.Errorf("the record gives %+v, %t", e, found)
	}

	if _, found := l.take(&recorded); found {
		t.Error("it is still remembered after it was read")
	}
}

func with(e eventstore.Event, change func(*eventstore.Event)) eventstore.Event {
	change(&e)
	return e
}

func TestTheOldestEventIsForgottenFirst(t *testing.T) {
	l := newLately()
	records := make([]eventstore.Recorded, latelySize+1)
	for i := range records {
		records[i].ID, records[i].Stream = uuid.New(), strconv.Itoa(i)
		l.keep(records[i].Stream, records[i].Event, Metadata{}, struct{}{})
	}

	_, oldest := l.take(&records[0])
	_, second := l.take(&records[1])
	_, newest := l.take(&records[latelySize])

	if oldest || !second || !newest || len(l.known) != latelySize-2 {
		t.Errorf("the oldest is known: %t, the second: %t, the newest: %t; %d are left", oldest, second, newest, len(l.known))
	}
}
