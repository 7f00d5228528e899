package eventstoretest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"services.example/portal/infra/eventstore"
)

var subscribeTests = map[string]func(t *testing.T, h Harness){
	"delivers from any place":                      testSubscribeFrom,
	"delivers what comes":                          testSubscribeLive,
	"delivers at most what is asked for":           testSubscribeLimit,
	"moves through what its filter drops":          testSubscribeFiltered,
	"delivers system events when asked to":         testSubscribeSystem,
	"can be resumed from every Through":            testResume,
	"ends a waiting call with its context":         testWaitingContext,
	"ends a waiting call when it is closed":        testWaitingClosed,
	"counts exactly under load":                    testCountedDelivery,
	"refuses to deliver nothing":                   testSubscribeNothing,
	"from a place in the future waits for it":      testSubscribeFuture,
	"goes on after the store's memory of the tail": testSubscribeSlowly,
}

func subscribe(
	t *testing.T, store eventstore.Store, after eventstore.Position, filter eventstore.Filter,
) eventstore.Subscription {
	t.Helper()
	subscription, err := store.Subscribe(t.Context(), after, filter)
	if err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	t.Cleanup(func() {
		if err := subscription.Close(); err != nil {
			t.Errorf("close subscription: %v", err)
		}
	})
	return subscription
}

// take reads deliveries until there are n events, and checks what every delivery promises.
func take(t *testing.T, subscription eventstore.Subscription, n, limit int) []eventstore.Recorded {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	events, err := takeFrom(ctx, subscription, n, limit)
	if err != nil {
		t.Fatalf("%v, after %d events of %d", err, len(events), n)
	}
	return events
}

func takeFrom(ctx context.Context, subscription eventstore.Subscription, n, limit int) ([]eventstore.Recorded, error) {
	var events []eventstore.Recorded
	var through eventstore.Position
	for len(events) < n {
		delivery, err := subscription.Next(ctx, limit)
		if err != nil {
			return events, err
		}
		if len(delivery.Events) > limit {
			return events, fmt.Errorf("delivery of %d events, limit %d", len(delivery.Events), limit)
		}
		for _, event := range delivery.Events {
			if !through.Before(event.Position) || delivery.Through.Before(event.Position) {
				return events, fmt.Errorf("event at %v in a delivery from %v through %v", event.Position, through, delivery.Through)
			}
		}
		if !through.Before(delivery.Through) {
			return events, fmt.Errorf("delivery through %v after one through %v", delivery.Through, through)
		}
		through = delivery.Through
		events = append(events, delivery.Events...)
	}
	if len(events) > n {
		return events, fmt.Errorf("delivered %d events, expected %d", len(events), n)
	}
	return events, nil
}

func testSubscribeFrom(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(20)...)
	all := readAll(t, h.Store, eventstore.AllRead{})
	same(t, "from the beginning", take(t, subscribe(t, h.Store, eventstore.Position{}, eventstore.Filter{}), 20, 7), all)
	same(t, "from the middle", take(t, subscribe(t, h.Store, all[9].Position, eventstore.Filter{}), 10, 100), all[10:])
	between := eventstore.Position{Commit: all[9].Position.Commit}
	same(t, "from just before an event", take(t, subscribe(t, h.Store, between, eventstore.Filter{}), 11, 100), all[9:])

	last := subscribe(t, h.Store, all[19].Position, eventstore.Filter{})
	end := subscribe(t, h.Store, eventstore.EndPosition, eventstore.Filter{})
	events := made(2)
	write(t, h.Store, "thing-2", eventstore.NoStream, events...)
	sameEvents(t, "from the last", take(t, last, 2, 100), events)
	sameEvents(t, "from the end", take(t, end, 2, 100), events)
}

func testSubscribeLive(t *testing.T, h Harness) {
	subscription := subscribe(t, h.Store, eventstore.Position{}, eventstore.Filter{})
	for i := range 20 {
		events := made(1 + i%3)
		write(t, h.Store, "thing-1", eventstore.Any, events...)
		sameEvents(t, "events", take(t, subscription, len(events), 100), events)
	}
	write(t, h.Store, "thing-1", eventstore.Any, made(3)...)
	delivery, err := subscription.Next(t.Context(), 2)
	if err != nil || delivery.Live || len(delivery.Events) != 2 {
		t.Fatalf("two of three events: %d events, live %v, error %v", len(delivery.Events), delivery.Live, err)
	}
	delivery, err = subscription.Next(t.Context(), 2)
	if err != nil || !delivery.Live || len(delivery.Events) != 1 {
		t.Fatalf("the third event: %d events, live %v, error %v", len(delivery.Events), delivery.Live, err)
	}
}

func testSubscribeLimit(t *testing.T, h Harness) {
	write(t, h.Store, "thing-1", eventstore.NoStream, made(50)...)
	all := readAll(t, h.Store, eventstore.AllRead{})
	for _, limit := range []int{1, 2, 49, 50, 51, 100_000} {
		subscription := subscribe(t, h.Store, eventstore.Position{}, eventstore.Filter{})
		same(t, "events", ids(take(t, subscription, 50, limit)), ids(all))
	}
}

func testSubscribeFiltered(t *testing.T, h Harness) {
	filter := eventstore.Filter{Streams: []string{"wanted-"}, Types: []string{"good."}}
	subscription := subscribe(t, h.Store, eventstore.Position{}, filter)
	write(t, h.Store, "other-1", eventstore.NoStream, made(100)...)
	write(t, h.Store, "wanted-1", eventstore.NoStream, typed("bad.v1"), typed("good.v1"))
	write(t, h.Store, "other-1", 99, made(100)...)
	last := write(t, h.Store, "wanted-1", 1, typed("bad.v1"), typed("good.v2"), typed("bad.v2"))

	var types []string
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for through := (eventstore.Position{}); through.Before(last.Position); {
		delivery, err := subscription.Next(ctx, 10)
		if err != nil {
			t.Fatalf("next: %v", err)
		}
		through = delivery.Through
		for _, event := range delivery.Events {
			types = append(types, event.Type)
		}
	}
	same(t, "types", types, []string{"good.v1", "good.v2"})
}

func testSubscribeSystem(t *testing.T, h Harness) {
	from := head(t, h.Store)
	plain := subscribe(t, h.Store, from, eventstore.Filter{})
	system := subscribe(t, h.Store, from, eventstore.Filter{System: true})
	write(t, h.Store, "thing-1", eventstore.NoStream, made(1)...)
	describe(t, h.Store, "thing-1", `{}`)
	remove(t, h.Store, "thing-1", eventstore.Any)
	write(t, h.Store, "thing-1", 0, made(1)...)
	if _, err := h.Store.Tombstone(t.Context(), "thing-1", eventstore.Any); err != nil {
		t.Fatalf("tombstone: %v", err)
	}
	same(t, "plain", names(take(t, plain, 3, 10)), []string{"thing-1", "thing-1", "thing-1"})
	same(t, "system", names(take(t, system, 6, 10)),
		[]string{"thing-1", "$$thing-1", "$$thing-1", "thing-1", "$$thing-1", "thing-1"})
}

func testResume(t *testing.T, h Harness) {
	for i := range 60 {
		stream := "wanted-1"
		if i%4 != 0 {
			stream = "other-1"
		}
		write(t, h.Store, stream, eventstore.Any, made(1)...)
	}
	filter := eventstore.Filter{Streams: []string{"wanted-"}}
	want := readAll(t, h.Store, eventstore.AllRead{Filter: filter})
	var got []eventstore.Recorded
	through := eventstore.Position{}
	for len(got) < len(want) {
		subscription := subscribe(t, h.Store, through, filter)
		delivery, err := subscription.Next(t.Context(), 2)
		if err != nil {
			t.Fatalf("next: %v", err)
		}
		got = append(got, delivery.Events...)
		through = delivery.Through
	}
	same(t, "events", got, want)
}

func testWaitingContext(t *testing.T, h Harness) {
	subscription := subscribe(t, h.Store, eventstore.EndPosition, eventstore.Filter{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		for {
			if _, err := subscription.Next(ctx, 10); err != nil {
				ended <- err
				return
			}
		}
	}()
	cancel()
	wantIs(t, <-ended, context.Canceled)
}

func testWaitingClosed(t *testing.T, h Harness) {
	subscription := subscribe(t, h.Store, eventstore.EndPosition, eventstore.Filter{})
	ended := make(chan error, 1)
	go func() {
		for {
			if _, err := subscription.Next(t.Context(), 10); err != nil {
				ended <- err
				return
			}
		}
	}()
	if err := subscription.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	wantIs(t, <-ended, eventstore.ErrUnavailable)
}

func testSubscribeNothing(t *testing.T, h Harness) {
	subscription := subscribe(t, h.Store, eventstore.Position{}, eventstore.Filter{})
	for _, limit := range []int{0, -1} {
		_, err := subscription.Next(t.Context(), limit)
		wantInvalid(t, err)
	}
}

func testSubscribeFuture(t *testing.T, h Harness) {
	appended := write(t, h.Store, "thing-1", eventstore.NoStream, made(1)...)
	future := appended.Position
	future.Prepare++ // after this event, before the next
	subscription := subscribe(t, h.Store, future, eventstore.Filter{})
	events := made(2)
	write(t, h.Store, "thing-1", 0, events...)
	sameEvents(t, "events", take(t, subscription, 2, 10), events)
}

func testSubscribeSlowly(t *testing.T, h Harness) {
	subscription := subscribe(t, h.Store, eventstore.Position{}, eventstore.Filter{})
	var want []eventstore.Event
	for i := range 30 {
		events := made(300)
		write(t, h.Store, fmt.Sprintf("thing-%d", i%3), eventstore.Any, events...)
		want = append(want, events...)
		if i%10 == 0 {
			n := 100
			sameEvents(t, "part", take(t, subscription, n, n), want[:n])
			want = want[n:]
		}
	}
	sameEvents(t, "the rest", take(t, subscription, len(want), 1000), want)
}

// testCountedDelivery counts what several subscribers get while many append: nothing twice, nothing missing, in order.
func testCountedDelivery(t *testing.T, h Harness) {
	const each = 20
	filters := []eventstore.Filter{
		{},
		{},
		{Streams: []string{"even-"}},
		{Types: []string{"odd."}},
		{Streams: []string{"odd-"}, Types: []string{"odd.v1", "odd.v2"}},
		{Streams: []string{"nobody-"}},
	}
	counts := []int{racers * each, racers * each, racers / 2 * each, racers / 2 * each, racers / 2 * each / 2, 0}
	got := make([][]eventstore.Recorded, len(filters))
	failures := make([]error, len(filters))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var group sync.WaitGroup
	for i, filter := range filters {
		subscription := subscribe(t, h.Store, eventstore.Position{}, filter)
		group.Go(func() { got[i], failures[i] = takeFrom(ctx, subscription, counts[i], 1+i*7) })
	}
	race(t, func(ctx context.Context, racer int) error {
		kind := []string{"even", "odd"}[racer%2]
		for i := range each {
			event := typed(fmt.Sprintf("%s.v%d", kind, i%4))
			if _, err := h.Store.Append(ctx, fmt.Sprintf("%s-%d", kind, racer), eventstore.Expected(i-1), event); err != nil {
				return err
			}
		}
		return nil
	})
	group.Wait()
	for i, filter := range filters {
		if failures[i] != nil {
			t.Fatalf("subscriber %d with filter %v: %v after %d events of %d", i, filter, failures[i], len(got[i]), counts[i])
		}
		want := readAll(t, h.Store, eventstore.AllRead{Filter: filter})
		same(t, "events of the subscriber to "+strings.Join(filter.Streams, ","), ids(got[i]), ids(want))
	}
}
