package esdbserver_test

import (
	"context"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"services.example/portal/infra/eventstore/esdbserver"
	"services.example/portal/infra/eventstore/pebblelog"
)

func TestStopEndsWhatWouldNotEndByItself(t *testing.T) {
	log := openLog(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	server := serve(t, log, socket(t), esdbserver.Options{})
	n := &node{log: log, server: server, conn: dial(t, server.Addr())}
	n.StreamsClient = streams.NewStreamsClient(n.conn)
	n.mustAppend(t, "s", whatever, proposed("a"))
	subscriptions := map[string]streams.Streams_ReadClient{
		"$all":     n.follow(t, ofAll),
		"filtered": n.follow(t, ofAll, filtered(100, 1, "s")),
		"a stream": n.follow(t, ofStream("s")),
	}
	for name, wait := range map[string]int{"$all": 3, "filtered": 4, "a stream": 3} {
		next(t, subscriptions[name], wait)
	}
	batch := n.batch(t)
	batch.send(t, batchReq("s", whatever, proposed("b")))
	batch.receive(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	server.Stop(ctx)
	if ctx.Err() != nil {
		t.Fatal("the server did not stop by itself")
	}
	for name, subscription := range subscriptions {
		var err error
		for err == nil { // the event appended meanwhile may come first
			_, err = subscription.Recv()
		}
		t.Log(name)
		wantStatus(t, err, codes.Unavailable)
	}
	_, err := batch.call.Recv()
	wantStatus(t, err, codes.Unavailable)
}

func TestStopCutsOffWhoDoesNotComeToAnEnd(t *testing.T) {
	n := start(t, esdbserver.Options{})
	call, err := n.Append(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	options := &streams.AppendReq_Options{StreamIdentifier: streamID("s")}
	whatever(options)
	if err := call.Send(&streams.AppendReq{Content: &streams.AppendReq_Options_{Options: options}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n.server.Stop(ctx)
	_, err = call.CloseAndRecv()
	wantStatus(t, err, codes.Unavailable)
}

func TestAServerThatNeverServedStops(t *testing.T) {
	log := openLog(t, t.TempDir(), pebblelog.Options{Logger: quiet})
	address := socket(t)
	server, err := esdbserver.Listen(t.Context(), log, address, esdbserver.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	server.Stop(t.Context())
	if err := server.Serve(); err != nil {
		t.Errorf("serve after stop: %v", err)
	}
	serve(t, log, address, esdbserver.Options{})
}

func TestAClosedLogIsUnavailable(t *testing.T) {
	n := start(t, esdbserver.Options{})
	subscription := n.follow(t, ofAll)
	next(t, subscription, 2)
	if err := n.log.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := subscription.Recv()
	wantStatus(t, err, codes.Unavailable)
	_, err = n.append(t, "s", whatever, proposed("x"))
	wantStatus(t, err, codes.Unavailable)
	_, err = n.read(t, ofAll)
	wantStatus(t, err, codes.Unavailable)
	_, err = n.read(t, ofStream("s"))
	wantStatus(t, err, codes.Unavailable)
}

func TestWhatWasWrittenIsThereAfterARestart(t *testing.T) {
	dir, address := t.TempDir(), socket(t)
	first := restart(t, dir, address)
	events := numbered(3)
	at := first.node.mustAppend(t, "s", noStream, events...)
	first.node.describe(t, "s", `{"$maxCount":2}`)
	before, err := first.node.read(t, ofAll)
	if err != nil {
		t.Fatal(err)
	}
	first.stop()
	second := restart(t, dir, address)
	after, err := second.node.read(t, ofAll)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(toldAll(before), toldAll(after)); diff != "" {
		t.Errorf("$all (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff([]string{`{"n":1}`, `{"n":2}`}, second.node.tell(t, ofStream("s"))); diff != "" {
		t.Errorf("stream (-want +got):\n%s", diff)
	}
	for name, expected := range map[string]expectation{"no stream": noStream, "any": whatever} {
		if again := second.node.mustAppend(t, "s", expected, events...); again != at {
			t.Errorf("the append repeated with %s is at %d, want %d", name, again, at)
		}
	}
	second.stop()
}

func toldAll(messages []*streams.ReadResp) []string {
	var told []string
	for _, message := range messages {
		told = append(told, message.String())
	}
	return told
}

// running is a server that a test stops itself.
type running struct {
	node *node
	stop func()
}

func restart(t *testing.T, dir, address string) running {
	t.Helper()
	log, err := pebblelog.Open(dir, pebblelog.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	server, err := esdbserver.Listen(t.Context(), log, address, esdbserver.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	n := &node{log: log, server: server, conn: dial(t, address)}
	n.StreamsClient = streams.NewStreamsClient(n.conn)
	return running{node: n, stop: func() {
		server.Stop(t.Context())
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := log.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}}
}
