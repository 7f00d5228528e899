package esdb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdb"
	"services.example/portal/infra/eventstore/esdbserver/faults"
)

// odd is a server that does what no server should, and the client is not prepared for.
type odd struct {
	streams.UnimplementedStreamsServer
	serverfeatures.UnimplementedServerFeaturesServer
	onRead   func(*streams.ReadReq, grpc.ServerStreamingServer[streams.ReadResp]) error
	onAppend func(grpc.ClientStreamingServer[streams.AppendReq, streams.AppendResp]) error
}

// Read implements streams.StreamsServer.
func (o *odd) Read(request *streams.ReadReq, stream streams.Streams_ReadServer) error {
	return o.onRead(request, stream)
}

// Append implements streams.StreamsServer.
func (o *odd) Append(stream streams.Streams_AppendServer) error { return o.onAppend(stream) }

// startOdd serves on a port and returns a store on it.
func startOdd(t *testing.T, o *odd) *esdb.Store {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	streams.RegisterStreamsServer(server, o)
	serverfeatures.RegisterServerFeaturesServer(server, o)
	var group sync.WaitGroup
	group.Go(func() {
		if err := server.Serve(listener); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() {
		server.Stop()
		group.Wait()
	})
	return open(t, esdb.Options{Connection: "esdb://" + listener.Addr().String() + "?tls=false"})
}

// answer is an event as the server sends it, at revision and position n, with the metadata that are given.
func answer(n uint64, metadata map[string]string) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id:               &shared.UUID{Value: &shared.UUID_String_{String_: uuid.NewString()}},
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("thing-1")},
			StreamRevision:   n, CommitPosition: n, PreparePosition: n, Metadata: metadata,
		},
	}}}
}

func collect(t *testing.T, store eventstore.Store, stream string) ([]eventstore.Recorded, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var all []eventstore.Recorded
	for event, err := range store.ReadStream(ctx, stream, eventstore.StreamRead{}) {
		if err != nil {
			return all, err
		}
		all = append(all, event)
	}
	return all, nil
}

// The client would end the process.
func TestAnEventWithoutATimeDoesNotEndTheProcess(t *testing.T) {
	store := startOdd(t, &odd{onRead: func(_ *streams.ReadReq, stream grpc.ServerStreamingServer[streams.ReadResp]) error {
		return errors.Join(
			stream.Send(answer(0, map[string]string{"type": "a", "created": "17000000000000000"})),
			stream.Send(answer(1, map[string]string{"type": "b"})),
			stream.Send(answer(2, map[string]string{"type": "c", "created": "yesterday"})),
			stream.Send(answer(3, nil)),
			stream.Send(answer(4, map[string]string{"type": "e", "created": "17000000010000000"})),
		)
	}})
	events, err := collect(t, store, "thing-1")
	if err != nil {
		t.Fatal(err)
	}
	first := time.Unix(1_700_000_000, 0).UTC()
	want := []time.Time{first, first, first, first, first.Add(time.Second)}
	for i, event := range events {
		if !event.Created.Equal(want[i]) {
			t.Errorf("event %d was created %v, want %v", i, event.Created, want[i])
		}
	}
	if len(events) != len(want) {
		t.Errorf("%d events, want %d", len(events), len(want))
	}
}

// The client would panic.
func TestAMessageThatDoesNotBelongIntoAReadIsAnError(t *testing.T) {
	store := startOdd(t, &odd{onRead: func(_ *streams.ReadReq, stream grpc.ServerStreamingServer[streams.ReadResp]) error {
		return stream.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}})
	}})
	if _, err := collect(t, store, "thing-1"); err == nil || !strings.Contains(err.Error(), "panicked") {
		t.Errorf("got error %v, want that the client panicked", err)
	}
}

// The client would report the end of the stream instead of the reason.
func TestTheReasonOfAnEarlyRefusalIsFound(t *testing.T) {
	store := startOdd(t, &odd{onAppend: func(stream grpc.ClientStreamingServer[streams.AppendReq, streams.AppendResp]) error {
		if _, err := stream.Recv(); err != nil {
			return err
		}
		return status.Error(codes.PermissionDenied, "Access Denied")
	}})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	events := make([]eventstore.Event, 10)
	for i := range events {
		events[i] = made("thing-1", i)
		events[i].Data = bytes.Repeat([]byte("x"), 100_000) // more than fits on the way
	}
	_, err := store.Append(ctx, "thing-1", eventstore.NoStream, events...)
	if err == nil || !strings.Contains(err.Error(), "refuses access to thing-1") || errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("got error %v, want that access was refused", err)
	}
}

// The client sends one event although the server wants none of the rest; the reading end must still see it all once.
func TestAReadThatBreaksGoesOnWhereItWas(t *testing.T) {
	var mu sync.Mutex
	var asked []uint64
	store := startOdd(t, &odd{onRead: func(request *streams.ReadReq, stream grpc.ServerStreamingServer[streams.ReadResp]) error {
		from := request.GetOptions().GetStream().GetRevision()
		mu.Lock()
		asked = append(asked, from)
		mu.Unlock()
		for n := from; n < from+3 && n < 8; n++ {
			if err := stream.Send(answer(n, map[string]string{"created": "1"})); err != nil {
				return err
			}
		}
		if from+3 < 8 {
			return status.Error(codes.Unavailable, "leaving")
		}
		return nil
	}})
	events, err := collect(t, store, "thing-1")
	if err != nil {
		t.Fatal(err)
	}
	for i, event := range events {
		if event.Revision != int64(i) {
			t.Fatalf("event %d has revision %d", i, event.Revision)
		}
	}
	if got := fmt.Sprint(len(events), asked); got != "8 [0 3 6]" {
		t.Errorf("events and the places asked for: %s", got)
	}
}

// The client is closed while its calls are failing, which makes it panic.
func TestClosingInTheMiddleOfFailuresIsQuiet(t *testing.T) {
	for range 20 {
		n := startNode(t, faults.Seeded(1, faults.Rates{One: 2, Kinds: []faults.Kind{faults.UnavailableBefore, faults.Cut}}))
		store := open(t, esdb.Options{Connection: n.connection()})
		var group sync.WaitGroup
		for i := range 32 {
			group.Go(func() {
				for {
					_, err := store.Append(t.Context(), fmt.Sprintf("thing-%d", i), eventstore.Any, made("thing", 0))
					if errors.Is(err, eventstore.ErrUnavailable) {
						return
					}
					if err != nil {
						t.Errorf("append: %v", err)
						return
					}
				}
			})
		}
		<-time.After(20 * time.Millisecond)
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		group.Wait()
	}
}

// The client leaves a connection behind whenever it looks for another.
func TestNothingIsLeftBehindByFailovers(t *testing.T) {
	n := startNode(t, faults.Seeded(1, faults.Rates{One: 2, Leader: nobody}))
	before := goleak.IgnoreCurrent()
	store, err := esdb.Open(esdb.Options{Connection: n.connection(), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		if _, err := store.Append(t.Context(), "thing-1", eventstore.Expected(i-1), made("thing-1", i)); err != nil {
			t.Fatalf("append: %v", err)
		}
		if _, err := eventstore.Head(t.Context(), store); err != nil {
			t.Fatalf("head: %v", err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before)
}

// The client prints to the process' log unless it is told otherwise.
func TestTheProcessLogIsLeftAlone(t *testing.T) {
	var printed bytes.Buffer
	log.SetOutput(&printed)
	defer log.SetOutput(io.Discard)
	n := startNode(t, nil)
	store := open(t, esdb.Options{Connection: n.connection()})
	if _, err := store.Append(t.Context(), "thing-1", eventstore.NoStream, made("thing-1", 0)); err != nil {
		t.Fatal(err)
	}
	n.stop(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := store.Append(ctx, "thing-1", 0, made("thing-1", 1)); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("got error %v, want that the store is unavailable", err)
	}
	if printed.Len() > 0 {
		t.Errorf("printed: %s", printed.String())
	}
}

// The client says revision 1 for a stream without events.
func TestRevisionsAfterAnAppendOfNothing(t *testing.T) {
	store := open(t, esdb.Options{Connection: startNode(t, nil).connection()})
	for n := range 4 {
		stream := fmt.Sprintf("thing-%d", n)
		for i := range n {
			if _, err := store.Append(t.Context(), stream, eventstore.Expected(i-1), made(stream, i)); err != nil {
				t.Fatal(err)
			}
		}
		appended, err := store.Append(t.Context(), stream, eventstore.Any)
		if err != nil || appended.Revision != int64(n-1) {
			t.Errorf("a stream of %d events: revision %d, error %v", n, appended.Revision, err)
		}
	}
}
