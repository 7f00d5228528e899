package eventstoretest

import (
	"testing"

	"services.example/portal/infra/eventstore"
)

var repeatTests = map[string]func(t *testing.T, h Harness){
	"answers as the first one did":                                       testRepeat,
	"is recognised after the stream went on":                             testRepeatLater,
	"is recognised when the store was reopened":                          testRepeatReopened,
	"of other streams is another append":                                 testSameIDElsewhere,
	"with an explicit revision is recognised after any number of events": testRepeatMuchLater,
}

var repeatable = []eventstore.Expected{eventstore.NoStream, eventstore.Any}

func testRepeat(t *testing.T, h Harness) {
	for _, expected := range repeatable {
		stream := "thing-" + expected.String()
		events := made(3)
		first := write(t, h.Store, stream, expected, events...)
		again := write(t, h.Store, stream, expected, events...)
		same(t, "second answer", again, first)
		sameEvents(t, "events", readStream(t, h.Store, stream, eventstore.StreamRead{}), events)
	}
}

func testRepeatLater(t *testing.T, h Harness) {
	for _, expected := range repeatable {
		stream := "thing-" + expected.String()
		first := write(t, h.Store, stream, expected, made(1)...)
		events := made(2)
		second := write(t, h.Store, stream, eventstore.Expected(first.Revision), events...)
		write(t, h.Store, stream, eventstore.Expected(second.Revision), made(2)...)
		end := head(t, h.Store)

		same(t, "answer by revision", write(t, h.Store, stream, eventstore.Expected(first.Revision), events...), second)
		same(t, "answer by any", write(t, h.Store, stream, eventstore.Any, events...), second)
		same(t, "answer by existing", write(t, h.Store, stream, eventstore.StreamExists, events...), second)
		same(t, "head", head(t, h.Store), end)
	}
}

func testRepeatReopened(t *testing.T, h Harness) {
	if h.Reopen == nil {
		t.Skip("the store cannot be restarted")
	}
	type attempt struct {
		stream   string
		expected eventstore.Expected
		events   []eventstore.Event
		answer   eventstore.Appended
	}
	var attempts []attempt
	for _, expected := range repeatable {
		for range 3 {
			a := attempt{stream: "thing-" + made(1)[0].ID.String(), expected: expected, events: made(2)}
			a.answer = write(t, h.Store, a.stream, a.expected, a.events...)
			attempts = append(attempts, a)
		}
	}
	store := h.Reopen(t)
	end := head(t, store)
	for _, a := range attempts {
		same(t, "answer", write(t, store, a.stream, a.expected, a.events...), a.answer)
	}
	same(t, "head", head(t, store), end)
}

func testSameIDElsewhere(t *testing.T, h Harness) {
	events := made(1)
	for _, stream := range []string{"thing-1", "thing-2"} {
		write(t, h.Store, stream, eventstore.Any, events...)
		got := readStream(t, h.Store, stream, eventstore.StreamRead{})
		sameEvents(t, "events", got, events)
	}
}

func testRepeatMuchLater(t *testing.T, h Harness) {
	events := made(2)
	first := write(t, h.Store, "thing-1", eventstore.NoStream, events...)
	for i := range 40 {
		write(t, h.Store, "other-1", eventstore.Expected(i*500-1), made(500)...)
	}
	same(t, "answer", write(t, h.Store, "thing-1", eventstore.NoStream, events...), first)
}
