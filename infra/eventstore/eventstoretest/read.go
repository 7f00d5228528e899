package eventstoretest

import (
	"context"
	"fmt"
	"testing"

	"services.example/portal/infra/eventstore"
)

var readStreamTests = map[string]func(t *testing.T, h Harness){
	"reads the part that is asked for":     testStreamParts,
	"of a missing stream says so":          testMissingStream,
	"of a long stream is complete":         testLongStream,
	"stops when its reader stops":          testReaderStops,
	"ends with its context":                testReadContext,
	"refuses what is not a place to begin": testReadInvalid,
}

func testStreamParts(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(5)...)
	write(t, h.Store, "thing-2", eventstore.NoStream, made(1)...)
	for _, row := range []struct {
		name string
		read eventstore.StreamRead
		want []int64
	}{
		{"everything", eventstore.StreamRead{}, []int64{0, 1, 2, 3, 4}},
		{"from the middle", eventstore.StreamRead{From: 3}, []int64{3, 4}},
		{"the last", eventstore.StreamRead{From: 4}, []int64{4}},
		{"after the last", eventstore.StreamRead{From: 5}, nil},
		{"far beyond", eventstore.StreamRead{From: 1 << 40}, nil},
		{"from the end", eventstore.StreamRead{From: eventstore.End}, nil},
		{"the first two", eventstore.StreamRead{Limit: 2}, []int64{0, 1}},
		{"two from the middle", eventstore.StreamRead{From: 2, Limit: 2}, []int64{2, 3}},
		{"more than there are", eventstore.StreamRead{From: 3, Limit: 10}, []int64{3, 4}},
		{"backwards, everything", eventstore.StreamRead{From: eventstore.End, Backwards: true}, []int64{4, 3, 2, 1, 0}},
		{"backwards, the last two", eventstore.StreamRead{From: eventstore.End, Backwards: true, Limit: 2}, []int64{4, 3}},
		{"backwards from the middle", eventstore.StreamRead{From: 2, Backwards: true}, []int64{2, 1, 0}},
		{"backwards from the first", eventstore.StreamRead{Backwards: true}, []int64{0}},
		{"backwards from beyond", eventstore.StreamRead{From: 99, Backwards: true, Limit: 1}, []int64{4}},
	} {
		t.Run(row.name, func(t *testing.T) {
			same(t, "revisions", revisions(readStream(t, h.Store, "thing-1", row.read)), append([]int64{}, row.want...))
		})
	}
}

func testMissingStream(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(1)...)
	for _, read := range []eventstore.StreamRead{{}, {From: 3}, {From: eventstore.End, Backwards: true}} {
		for _, stream := range []string{"thing", "thing-", "thing-11", "Thing-1", "$$thing-1"} {
			events, err := collect(h.Store.ReadStream(t.Context(), stream, read))
			wantNotFound(t, err, stream)
			same(t, "events", len(events), 0)
		}
	}
}

func testLongStream(t *testing.T, h Harness) {
	var want []eventstore.Event
	for range 5 {
		events := made(400)
		write(t, h.Store, "thing-1", eventstore.Expected(len(want)-1), events...)
		want = append(want, events...)
	}
	forwards := readStream(t, h.Store, "thing-1", eventstore.StreamRead{})
	sameEvents(t, "events", forwards, want)
	backwards := readStream(t, h.Store, "thing-1", eventstore.StreamRead{From: eventstore.End, Backwards: true})
	same(t, "backwards", backwards, reversed(forwards))
	same(t, "part", readStream(t, h.Store, "thing-1", eventstore.StreamRead{From: 700, Limit: 900}), forwards[700:1600])
}

func testReaderStops(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(100)...)
	for range 200 {
		for event, err := range h.Store.ReadStream(t.Context(), "thing-1", eventstore.StreamRead{}) {
			if err != nil || event.Revision != 0 {
				t.Fatalf("first event: revision %d, error %v", event.Revision, err)
			}
			break
		}
		for _, err := range h.Store.ReadAll(t.Context(), eventstore.AllRead{}) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	same(t, "events read afterwards", len(readStream(t, h.Store, "thing-1", eventstore.StreamRead{})), 100)
}

func testReadContext(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(100)...)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := collect(h.Store.ReadStream(over, "thing-1", eventstore.StreamRead{}))
	wantIs(t, err, context.Canceled)
	_, err = collect(h.Store.ReadAll(over, eventstore.AllRead{}))
	wantIs(t, err, context.Canceled)
	_, err = h.Store.EventsAfter(over, eventstore.Position{}, 10)
	wantIs(t, err, context.Canceled)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read := 0
	for _, err := range h.Store.ReadStream(ctx, "thing-1", eventstore.StreamRead{}) {
		if err != nil {
			wantIs(t, err, context.Canceled)
			break
		}
		read++
		cancel()
	}
	if read == 100 {
		t.Error("a read went on to its end after its context was cancelled")
	}
}

func testReadInvalid(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(1)...)
	for stream, read := range map[string]eventstore.StreamRead{
		"":        {},
		"$all":    {},
		"$$":      {},
		"thing-1": {From: -2},
		"thing-2": {Limit: -1},
	} {
		_, err := collect(h.Store.ReadStream(t.Context(), stream, read))
		wantInvalid(t, err)
	}
	_, err := collect(h.Store.ReadAll(t.Context(), eventstore.AllRead{Limit: -1}))
	wantInvalid(t, err)
}

var readAllTests = map[string]func(t *testing.T, h Harness){
	"reads the part that is asked for":   testAllParts,
	"filters by prefixes":                testFilters,
	"shows system events when asked to":  testSystemEvents,
	"of a long log is complete":          testLongLog,
	"of an empty log has no events":      testEmptyLog,
	"counts events after a position":     testEventsAfter,
	"counts without the system's events": testEventsAfterSystem,
	"accepts positions between events":   testBetweenPositions,
}

func testAllParts(t *testing.T, h Harness) {
	for i := range 6 {
		write(t, h.Store, fmt.Sprintf("thing-%d", i%2), eventstore.Any, made(1)...)
	}
	all := readAll(t, h.Store, eventstore.AllRead{})
	same(t, "events", len(all), 6)
	for _, row := range []struct {
		name string
		read eventstore.AllRead
		want []eventstore.Recorded
	}{
		{"from the beginning", eventstore.AllRead{}, all},
		{"from an event, which is included", eventstore.AllRead{From: all[2].Position}, all[2:]},
		{"from the last", eventstore.AllRead{From: all[5].Position}, all[5:]},
		{"from the end", eventstore.AllRead{From: eventstore.EndPosition}, nil},
		{"with a limit", eventstore.AllRead{From: all[1].Position, Limit: 2}, all[1:3]},
		{"backwards from the end", eventstore.AllRead{From: eventstore.EndPosition, Backwards: true}, reversed(all)},
		{"backwards from an event, which is not included", eventstore.AllRead{From: all[3].Position, Backwards: true}, reversed(all[:3])},
		{"backwards from the first", eventstore.AllRead{From: all[0].Position, Backwards: true}, nil},
		{"backwards from the beginning", eventstore.AllRead{Backwards: true}, nil},
		{"backwards with a limit", eventstore.AllRead{From: eventstore.EndPosition, Backwards: true, Limit: 2}, reversed(all[4:])},
	} {
		t.Run(row.name, func(t *testing.T) {
			same(t, "events", readAll(t, h.Store, row.read), row.want)
		})
	}
	same(t, "head", head(t, h.Store), all[5].Position)
}

func testFilters(t *testing.T, h Harness) {
	for _, stream := range []string{"application-1", "account-1", "app", "application-2", "заявка-1"} {
		write(t, h.Store, stream, eventstore.NoStream, typed("application.submitted.v1"), typed("application.sent.v1"), typed("account.opened.v1"))
	}
	all := readAll(t, h.Store, eventstore.AllRead{})
	for _, row := range []struct {
		name   string
		filter eventstore.Filter
		want   func(stream, eventType string) bool
	}{
		{"nothing", eventstore.Filter{}, func(string, string) bool { return true }},
		{"a stream prefix", eventstore.Filter{Streams: []string{"application-"}}, func(s, _ string) bool { return s == "application-1" || s == "application-2" }},
		{"a prefix that is a whole name", eventstore.Filter{Streams: []string{"app"}}, func(s, _ string) bool { return s != "account-1" && s != "заявка-1" }},
		{"several stream prefixes", eventstore.Filter{Streams: []string{"acc", "зая"}}, func(s, _ string) bool { return s == "account-1" || s == "заявка-1" }},
		{"a type prefix", eventstore.Filter{Types: []string{"application.s"}}, func(_, e string) bool { return e != "account.opened.v1" }},
		{"several type prefixes", eventstore.Filter{Types: []string{"application.sub", "account."}}, func(_, e string) bool { return e != "application.sent.v1" }},
		{"both", eventstore.Filter{Streams: []string{"account-"}, Types: []string{"application."}}, func(s, e string) bool { return s == "account-1" && e != "account.opened.v1" }},
		{"what there is not", eventstore.Filter{Streams: []string{"application-12"}}, func(string, string) bool { return false }},
	} {
		t.Run(row.name, func(t *testing.T) {
			var want []eventstore.Recorded
			for _, event := range all {
				if row.want(event.Stream, event.Type) {
					want = append(want, event)
				}
			}
			same(t, "events", readAll(t, h.Store, eventstore.AllRead{Filter: row.filter}), want)
			backwards := eventstore.AllRead{From: eventstore.EndPosition, Backwards: true, Filter: row.filter}
			same(t, "backwards", readAll(t, h.Store, backwards), reversed(want))
			if len(want) > 2 {
				same(t, "limited", readAll(t, h.Store, eventstore.AllRead{Limit: 2, Filter: row.filter}), want[:2])
			}
		})
	}
}

func testSystemEvents(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(1)...)
	write(t, h.Store, "$thing", eventstore.NoStream, made(1)...)
	describe(t, h.Store, "thing-1", `{"note":1}`)
	write(t, h.Store, "thing-1", 0, typed("$looks.like.system"))

	same(t, "without system events", names(readAll(t, h.Store, eventstore.AllRead{})), []string{"thing-1", "thing-1"})
	all := readAll(t, h.Store, eventstore.AllRead{Filter: eventstore.Filter{System: true}})
	same(t, "with system events", names(onlyOf(all, "thing")), []string{"thing-1", "$thing", "$$thing-1", "thing-1"})
	filter := eventstore.Filter{System: true, Streams: []string{"$$thing"}}
	same(t, "only metadata", names(readAll(t, h.Store, eventstore.AllRead{Filter: filter})), []string{"$$thing-1"})
}

func names(events []eventstore.Recorded) []string {
	list := make([]string, len(events))
	for i := range events {
		list[i] = events[i].Stream
	}
	return list
}

func testLongLog(t *testing.T, h Harness) {
	for i := range 30 {
		write(t, h.Store, fmt.Sprintf("thing-%d", i%7), eventstore.Any, made(100)...)
	}
	all := readAll(t, h.Store, eventstore.AllRead{})
	same(t, "events", len(all), 3000)
	for i := 1; i < len(all); i++ {
		if !all[i-1].Position.Before(all[i].Position) {
			t.Fatalf("positions %v and %v are out of order", all[i-1].Position, all[i].Position)
		}
	}
	same(t, "backwards", ids(readAll(t, h.Store, eventstore.AllRead{From: eventstore.EndPosition, Backwards: true})), ids(reversed(all)))
	var paged []eventstore.Recorded
	for from := (eventstore.Position{}); ; {
		page := readAll(t, h.Store, eventstore.AllRead{From: from, Limit: 333})
		if len(paged) > 0 && len(page) > 0 {
			page = page[1:]
		}
		if len(page) == 0 {
			break
		}
		paged = append(paged, page...)
		from = page[len(page)-1].Position
	}
	same(t, "read in parts", ids(paged), ids(all))
}

func testEmptyLog(t *testing.T, h Harness) {
	same(t, "events", len(readAll(t, h.Store, eventstore.AllRead{})), 0)
	same(t, "events backwards", len(readAll(t, h.Store, eventstore.AllRead{From: eventstore.EndPosition, Backwards: true})), 0)
	count, err := h.Store.EventsAfter(t.Context(), eventstore.Position{}, 10)
	if err != nil || count != 0 {
		t.Fatalf("counted %d events, error %v", count, err)
	}
}

func wantCount(t *testing.T, store eventstore.Store, after eventstore.Position, limit, want int) {
	t.Helper()
	count, err := store.EventsAfter(t.Context(), after, limit)
	if err != nil {
		t.Fatalf("count events: %v", err)
	}
	same(t, "count", count, want)
}

func testEventsAfter(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(25)...)
	all := readAll(t, h.Store, eventstore.AllRead{})
	wantCount(t, h.Store, eventstore.Position{}, 1000, 25)
	wantCount(t, h.Store, eventstore.Position{}, 25, 25)
	wantCount(t, h.Store, eventstore.Position{}, 7, 7)
	wantCount(t, h.Store, all[0].Position, 1000, 24)
	wantCount(t, h.Store, all[20].Position, 3, 3)
	wantCount(t, h.Store, all[23].Position, 1000, 1)
	wantCount(t, h.Store, all[24].Position, 1000, 0)
	wantCount(t, h.Store, eventstore.EndPosition, 1000, 0)
}

func testEventsAfterSystem(t *testing.T, h Harness) {
	for i := range 10 {
		write(t, h.Store, "thing-1", eventstore.Any, made(1)...)
		describe(t, h.Store, "thing-1", fmt.Sprintf(`{"n":%d}`, i))
	}
	all := onlyOf(readAll(t, h.Store, eventstore.AllRead{Filter: eventstore.Filter{System: true}}), "thing-1")
	same(t, "events", len(all), 20)
	for i, event := range all {
		wantCount(t, h.Store, event.Position, 1000, 10-i/2-1)
	}
}

func testBetweenPositions(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(3)...)
	all := readAll(t, h.Store, eventstore.AllRead{})
	before := eventstore.Position{Commit: all[1].Position.Commit, Prepare: 0}
	after := eventstore.Position{Commit: all[1].Position.Commit, Prepare: all[1].Position.Prepare + 1}
	same(t, "from just before an event", readAll(t, h.Store, eventstore.AllRead{From: before}), all[1:])
	same(t, "from just after an event", readAll(t, h.Store, eventstore.AllRead{From: after}), all[2:])
	same(t, "backwards from just after an event", readAll(t, h.Store, eventstore.AllRead{From: after, Backwards: true}), reversed(all[:2]))
	same(t, "backwards from just before an event", readAll(t, h.Store, eventstore.AllRead{From: before, Backwards: true}), all[:1])
	wantCount(t, h.Store, before, 10, 2)
	wantCount(t, h.Store, after, 10, 1)
}
