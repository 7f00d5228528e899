package esdb_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	client "github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdb"
)

var (
	benchData     = bytes.Repeat([]byte("application "), 25) // 300 bytes
	benchMetadata = bytes.Repeat([]byte("metadata "), 10)    // 90 bytes
)

func bareClient(b *testing.B, address string) *client.Client {
	b.Helper()
	deadline := 10 * time.Second
	c, err := client.NewClient(&client.Configuration{
		Address: address, DisableTLS: true, MaxDiscoverAttempts: 10, DiscoveryInterval: 100, GossipTimeout: 5,
		KeepAliveInterval: 10 * time.Second, KeepAliveTimeout: 10 * time.Second, DefaultDeadline: &deadline,
		NodePreference: client.NodePreferenceLeader,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}

// appendAll runs n appends from 64 callers, each to streams of ten events.
func appendAll(b *testing.B, n int, one func(ctx context.Context, stream string, revision int64) error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			stream, revision := "", int64(9)
			for left.Add(-1) >= 0 {
				if revision == 9 {
					stream, revision = "application-"+uuid.NewString(), -1
				}
				if err := one(b.Context(), stream, revision); err != nil {
					b.Error(err)
					return
				}
				revision++
			}
		})
	}
	group.Wait()
}

func supervised(store *esdb.Store) func(context.Context, string, int64) error {
	return func(ctx context.Context, stream string, revision int64) error {
		_, err := store.Append(ctx, stream, eventstore.Expected(revision), eventstore.Event{
			ID: uuid.New(), Type: "application.step-saved.v1", JSON: true, Data: benchData, Metadata: benchMetadata,
		})
		return err
	}
}

func bare(c *client.Client) func(context.Context, string, int64) error {
	return func(ctx context.Context, stream string, revision int64) error {
		options := client.AppendToStreamOptions{ExpectedRevision: client.NoStream{}}
		if revision >= 0 {
			options.ExpectedRevision = client.Revision(uint64(revision))
		}
		_, err := c.AppendToStream(ctx, stream, options, client.EventData{
			EventID: uuid.New(), EventType: "application.step-saved.v1", ContentType: client.ContentTypeJson,
			Data: benchData, Metadata: benchMetadata,
		})
		return err
	}
}

// BenchmarkAppendRatio appends from 64 callers through the store and through the bare client in turn, and reports the
// store's share of the bare client's rate.
func BenchmarkAppendRatio(b *testing.B) {
	const round = 2000
	n := startNode(b, nil)
	ours, theirs := supervised(open(b, esdb.Options{Connection: n.connection()})), bare(bareClient(b, n.address))
	appendAll(b, round, ours)
	appendAll(b, round, theirs)
	inTurn(b, round, "appends/s", func() { appendAll(b, round, ours) }, func() { appendAll(b, round, theirs) })
}

// inTurn runs both again and again and reports the rate of each, what an operation costs in processor time (of client
// and server, which are in this process), and our share of the bare client's rate and processor time.
func inTurn(b *testing.B, round int, unit string, ours, bare func()) {
	b.Helper()
	parties := [2]struct {
		run       func()
		wall, cpu time.Duration
	}{{run: ours}, {run: bare}}
	b.ResetTimer()
	for i := range b.N {
		for j := range 2 {
			p := &parties[(i+j)%2]
			began, cpu := time.Now(), cpuTime(b)
			p.run()
			p.wall += time.Since(began)
			p.cpu += cpuTime(b) - cpu
		}
	}
	for i, name := range []string{"", "bare-"} {
		b.ReportMetric(float64(round*b.N)/parties[i].wall.Seconds(), name+unit)
		b.ReportMetric(float64(parties[i].cpu.Nanoseconds())/1e3/float64(round*b.N), name+"cpu-us")
	}
	b.ReportMetric(parties[1].wall.Seconds()/parties[0].wall.Seconds(), "ratio")
	b.ReportMetric(parties[1].cpu.Seconds()/parties[0].cpu.Seconds(), "cpu-ratio")
}

// BenchmarkCatchUpRatio reads the whole log through subscriptions of both until they are live.
func BenchmarkCatchUpRatio(b *testing.B) {
	const streams, each = 100, 300
	n := startNode(b, nil)
	store, c := open(b, esdb.Options{Connection: n.connection()}), bareClient(b, n.address)
	for i := range streams {
		events := make([]eventstore.Event, each)
		for j := range events {
			events[j] = eventstore.Event{
				ID: uuid.New(), Type: "application.step-saved.v1", JSON: true, Data: benchData, Metadata: benchMetadata,
			}
		}
		if _, err := store.Append(b.Context(), fmt.Sprintf("application-%d", i), eventstore.NoStream, events...); err != nil {
			b.Fatal(err)
		}
	}
	inTurn(b, streams*each, "events/s",
		func() { catchUp(b, store, streams*each) }, func() { catchUpBare(b, c, streams*each) })
}

func catchUp(b *testing.B, store eventstore.Store, want int) {
	b.Helper()
	subscription, err := store.Subscribe(b.Context(), eventstore.Position{}, eventstore.Filter{})
	if err != nil {
		b.Fatal(err)
	}
	count, live := 0, false
	for !live {
		delivery, err := subscription.Next(b.Context(), 512)
		if err != nil {
			b.Fatal(err)
		}
		count, live = count+len(delivery.Events), delivery.Live
	}
	if err := subscription.Close(); err != nil || count != want {
		b.Fatalf("%d events of %d, error %v", count, want, err)
	}
}

func catchUpBare(b *testing.B, c *client.Client, want int) {
	b.Helper()
	subscription, err := c.SubscribeToAll(b.Context(), client.SubscribeToAllOptions{From: client.Start{}})
	if err != nil {
		b.Fatal(err)
	}
	count := 0
	for message := subscription.Recv(); message.CaughtUp == nil; message = subscription.Recv() {
		if message.SubscriptionDropped != nil {
			b.Fatal(message.SubscriptionDropped.Error)
		}
		if message.EventAppeared != nil {
			count++
		}
	}
	if err := subscription.Close(); err != nil || count != want {
		b.Fatalf("%d events of %d, error %v", count, want, err)
	}
}

// BenchmarkReadStream10Ratio reads streams of ten events one after another, as loading an aggregate does.
func BenchmarkReadStream10Ratio(b *testing.B) {
	const round = 300
	n := startNode(b, nil)
	store, c := open(b, esdb.Options{Connection: n.connection()}), bareClient(b, n.address)
	events := make([]eventstore.Event, 10)
	for i := range events {
		events[i] = eventstore.Event{ID: uuid.New(), Type: "application.step-saved.v1", Data: benchData}
	}
	if _, err := store.Append(b.Context(), "application-1", eventstore.NoStream, events...); err != nil {
		b.Fatal(err)
	}
	inTurn(b, round, "reads/s",
		func() {
			for range round {
				for _, err := range store.ReadStream(b.Context(), "application-1", eventstore.StreamRead{}) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		},
		func() {
			for range round {
				stream, err := c.ReadStream(b.Context(), "application-1", client.ReadStreamOptions{}, 1<<62)
				if err != nil {
					b.Fatal(err)
				}
				for _, err := stream.Recv(); err == nil; _, err = stream.Recv() {
					continue
				}
				stream.Close()
			}
		})
}
