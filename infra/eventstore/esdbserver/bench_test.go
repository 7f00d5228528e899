package esdbserver_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdbserver"
)

const benchCallers = 64

var (
	benchData     = bytes.Repeat([]byte("application "), 25) // 300 bytes
	benchMetadata = bytes.Repeat([]byte("metadata "), 10)    // 90 bytes
)

// BenchmarkAppend64 appends one event at a time through the official client on a Unix socket, from 64 callers with a
// stream each, with explicit revisions, every event on the disk before it is acknowledged.
func BenchmarkAppend64(b *testing.B) {
	n := start(b, esdbserver.Options{})
	client := official(b, n.server.Addr())
	if _, err := client.AppendToStream(b.Context(), "warm", esdb.AppendToStreamOptions{}, benchEvent()); err != nil {
		b.Fatal(err)
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	var callers sync.WaitGroup
	for caller := range benchCallers {
		callers.Go(func() {
			stream, expected := fmt.Sprintf("application-%d", caller), esdb.ExpectedRevision(esdb.NoStream{})
			for revision := uint64(0); left.Add(-1) >= 0; revision++ {
				_, err := client.AppendToStream(
					b.Context(), stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, benchEvent())
				if err != nil {
					b.Error(err)
					return
				}
				expected = esdb.Revision(revision)
			}
		})
	}
	callers.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func benchEvent() esdb.EventData {
	return esdb.EventData{
		EventID: uuid.New(), EventType: "application.step-saved.v1", ContentType: esdb.ContentTypeJson,
		Data: benchData, Metadata: benchMetadata,
	}
}

// BenchmarkCatchUp follows $all from its start through the official client until it has caught up; an operation is an
// event.
func BenchmarkCatchUp(b *testing.B) {
	n := start(b, esdbserver.Options{})
	fill(b, n, b.N)
	client := official(b, n.server.Addr())
	b.ReportAllocs()
	b.ResetTimer()
	subscription, err := client.SubscribeToAll(b.Context(), esdb.SubscribeToAllOptions{From: esdb.Start{}})
	if err != nil {
		b.Fatal(err)
	}
	events := 0
	for {
		received := subscription.Recv()
		if received.EventAppeared != nil {
			events++
			continue
		}
		if received.CaughtUp == nil {
			b.Fatalf("unexpected %+v", received)
		}
		break
	}
	b.StopTimer()
	if events != b.N {
		b.Fatalf("%d events, want %d", events, b.N)
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
	if err := subscription.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkReadAll reads $all through the official client; an operation is an event.
func BenchmarkReadAll(b *testing.B) {
	n := start(b, esdbserver.Options{})
	fill(b, n, b.N)
	client := official(b, n.server.Addr())
	b.ReportAllocs()
	b.ResetTimer()
	read, err := client.ReadAll(b.Context(), esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64)
	if err != nil {
		b.Fatal(err)
	}
	defer read.Close()
	for range b.N {
		if _, err := read.Recv(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// fill appends so many events to the log itself.
func fill(b *testing.B, n *node, events int) {
	b.Helper()
	const each = 100
	for first := 0; first < events; first += each {
		batch := make([]eventstore.Event, min(each, events-first))
		for i := range batch {
			batch[i] = eventstore.Event{
				ID: uuid.New(), Type: "application.step-saved.v1", JSON: true, Data: benchData, Metadata: benchMetadata,
			}
		}
		stream := fmt.Sprintf("application-%d", first)
		if _, err := n.log.Append(context.WithoutCancel(b.Context()), stream, eventstore.Any, batch...); err != nil {
			b.Fatal(err)
		}
	}
}
