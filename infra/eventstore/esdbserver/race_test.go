package esdbserver_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/eventstore/esdbserver"
)

// TestEveryEventIsDeliveredOnceUnderLoad counts: 64 callers append while subscribers of several kinds follow; each gets
// every event that it chose, once, in order.
func TestEveryEventIsDeliveredOnceUnderLoad(t *testing.T) {
	const callers, each = 64, 25
	n := start(t, esdbserver.Options{})
	client := official(t, n.server.Addr())
	follow := func(filter *esdb.SubscriptionFilter) *esdb.Subscription {
		subscription, err := client.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{
			From: esdb.Start{}, Filter: filter, MaxSearchWindow: 100, CheckpointInterval: 1,
		})
		if err != nil {
			t.Fatalf("subscribe: %v", err)
		}
		t.Cleanup(func() { _ = subscription.Close() })
		return subscription
	}
	subscriptions := map[string]struct {
		subscription *esdb.Subscription
		want         int
	}{
		"$all":           {follow(nil), callers * each},
		"$all again":     {follow(nil), callers * each},
		"half by prefix": {follow(&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"even-"}}), callers * each / 2},
		"all by expression": {follow(&esdb.SubscriptionFilter{
			Type: esdb.StreamFilterType, Regex: `^[^\$].*`,
		}), callers * each},
	}
	single, err := client.SubscribeToStream(t.Context(), "even-0", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = single.Close() })

	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			stream := fmt.Sprintf("%s-%d", []string{"even", "odd"}[caller%2], caller)
			expected := esdb.ExpectedRevision(esdb.NoStream{})
			for i := range each {
				options := esdb.AppendToStreamOptions{ExpectedRevision: expected}
				if _, err := client.AppendToStream(t.Context(), stream, options, benchEvent()); err != nil {
					t.Errorf("append: %v", err)
					return
				}
				expected = esdb.Revision(uint64(i))
			}
		})
	}
	for name, s := range subscriptions {
		group.Go(func() { countDeliveries(t, name, s.subscription, s.want) })
	}
	group.Go(func() { countDeliveries(t, "one stream", single, each) })
	group.Wait()
}

// countDeliveries receives so many events, checks that positions only grow and that each stream is dense.
func countDeliveries(t *testing.T, name string, subscription *esdb.Subscription, want int) {
	t.Helper()
	next := map[string]uint64{}
	var last esdb.Position
	for got := 0; got < want; {
		received := subscription.Recv()
		if received.SubscriptionDropped != nil {
			t.Errorf("%s: dropped after %d events: %v", name, got, received.SubscriptionDropped.Error)
			return
		}
		if received.EventAppeared == nil {
			continue
		}
		got++
		event := received.EventAppeared.Event
		if event.Position.Commit <= last.Commit {
			t.Errorf("%s: position %d after %d", name, event.Position.Commit, last.Commit)
		}
		last = event.Position
		if diff := cmp.Diff(next[event.StreamID], event.EventNumber); diff != "" {
			t.Errorf("%s: revision in %s (-want +got):\n%s", name, event.StreamID, diff)
		}
		next[event.StreamID]++
	}
}
