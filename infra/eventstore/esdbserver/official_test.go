package esdbserver_test

import (
	"errors"
	"io"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore/esdbserver"
)

func TestTheOfficialClientWritesReadsAndFollows(t *testing.T) {
	n := start(t, esdbserver.Options{})
	client := official(t, n.server.Addr())
	event := esdb.EventData{
		EventID: uuid.New(), EventType: "noted.v1", ContentType: esdb.ContentTypeJson,
		Data: []byte(`{"n":1}`), Metadata: []byte(`{"by":"nobody"}`),
	}
	written, err := client.AppendToStream(t.Context(), "notes", esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, event)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	if written.NextExpectedVersion != 0 || written.CommitPosition == 0 {
		t.Errorf("written %+v", written)
	}

	read, err := client.ReadStream(t.Context(), "notes", esdb.ReadStreamOptions{From: esdb.Start{}}, 10)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	defer read.Close()
	got, err := read.Recv()
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	if diff := cmp.Diff(event, esdb.EventData{
		EventID: got.Event.EventID, EventType: got.Event.EventType, ContentType: esdb.ContentTypeJson,
		Data: got.Event.Data, Metadata: got.Event.UserMetadata,
	}); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	if _, err := read.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("the end of the stream is %v", err)
	}

	subscription, err := client.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	defer func() { _ = subscription.Close() }()
	if first := subscription.Recv(); first.EventAppeared == nil || first.EventAppeared.Event.EventID != event.EventID {
		t.Errorf("first %+v", first)
	}
	if second := subscription.Recv(); second.CaughtUp == nil {
		t.Errorf("second %+v", second)
	}
}
