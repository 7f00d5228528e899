package esdbserver_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"services.example/portal/infra/eventstore/esdbserver"
	"services.example/portal/infra/eventstore/pebblelog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// node is a server over a log of its own, on a Unix socket, and a connection to it.
type node struct {
	streams.StreamsClient
	log    *pebblelog.Log
	server *esdbserver.Server
	conn   *grpc.ClientConn
}

// start starts a server that ends with the test.
func start(tb testing.TB, options esdbserver.Options) *node {
	tb.Helper()
	log := openLog(tb, tb.TempDir(), pebblelog.Options{Logger: quiet})
	server := serve(tb, log, socket(tb), options)
	n := &node{log: log, server: server, conn: dial(tb, server.Addr())}
	n.StreamsClient = streams.NewStreamsClient(n.conn)
	return n
}

func openLog(tb testing.TB, dir string, options pebblelog.Options) *pebblelog.Log {
	tb.Helper()
	log, err := pebblelog.Open(dir, options)
	if err != nil {
		tb.Fatalf("open the log: %v", err)
	}
	tb.Cleanup(func() {
		if err := log.Close(); err != nil {
			tb.Errorf("close the log: %v", err)
		}
	})
	return log
}

// socket is the address of a Unix socket whose path is short enough for every system.
func socket(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "esdb") //nolint:usetesting // that of the test would be too long
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	return "unix://" + filepath.Join(dir, "s")
}

func serve(tb testing.TB, log *pebblelog.Log, address string, options esdbserver.Options) *esdbserver.Server {
	tb.Helper()
	if options.Logger == nil {
		options.Logger = quiet
	}
	server, err := esdbserver.Listen(tb.Context(), log, address, options)
	if err != nil {
		tb.Fatalf("listen: %v", err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), 5*time.Second)
		defer cancel()
		server.Stop(ctx)
		if err := <-served; err != nil {
			tb.Errorf("serve: %v", err)
		}
	})
	return server
}

func dial(tb testing.TB, address string) *grpc.ClientConn {
	tb.Helper()
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(17<<20)))
	if err != nil {
		tb.Fatalf("dial: %v", err)
	}
	tb.Cleanup(func() {
		if err := conn.Close(); err != nil {
			tb.Errorf("close the connection: %v", err)
		}
	})
	return conn
}

// official is a client of EventStoreDB.
func official(tb testing.TB, address string) *esdb.Client {
	tb.Helper()
	client, err := esdb.NewClient(&esdb.Configuration{
		Address: address, DisableTLS: true, DiscoveryInterval: 100, GossipTimeout: 5, MaxDiscoverAttempts: 10,
		KeepAliveInterval: 10 * time.Second, KeepAliveTimeout: 10 * time.Second,
		Logger: func(esdb.LogLevel, string, ...any) {},
	})
	if err != nil {
		tb.Fatalf("make a client: %v", err)
	}
	tb.Cleanup(func() {
		if err := client.Close(); err != nil {
			tb.Errorf("close the client: %v", err)
		}
	})
	return client
}

var none = &shared.Empty{}

func streamID(name string) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(name)}
}

func textID(id uuid.UUID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}}
}

// The expectations of an append.
type expectation func(*streams.AppendReq_Options)

func revision(r uint64) expectation {
	return func(o *streams.AppendReq_Options) {
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Revision{Revision: r}
	}
}

func noStream(o *streams.AppendReq_Options) {
	o.ExpectedStreamRevision = &streams.AppendReq_Options_NoStream{NoStream: none}
}

func whatever(o *streams.AppendReq_Options) {
	o.ExpectedStreamRevision = &streams.AppendReq_Options_Any{Any: none}
}

func exists(o *streams.AppendReq_Options) {
	o.ExpectedStreamRevision = &streams.AppendReq_Options_StreamExists{StreamExists: none}
}

// proposed is an event with a new id.
func proposed(data string) *streams.AppendReq_ProposedMessage {
	return withID(uuid.New(), data)
}

func withID(id uuid.UUID, data string) *streams.AppendReq_ProposedMessage {
	return &streams.AppendReq_ProposedMessage{
		Id: textID(id), Data: []byte(data), CustomMetadata: []byte("about " + data),
		Metadata: map[string]string{"type": "noted.v1", "content-type": "application/json"},
	}
}

func numbered(n int) []*streams.AppendReq_ProposedMessage {
	events := make([]*streams.AppendReq_ProposedMessage, n)
	for i := range events {
		events[i] = proposed(`{"n":` + string(rune('0'+i)) + `}`)
	}
	return events
}

// append appends through the raw protocol.
func (n *node) append(
	tb testing.TB, stream string, expected expectation, events ...*streams.AppendReq_ProposedMessage,
) (*streams.AppendResp, error) {
	tb.Helper()
	response, _, err := n.appendWithTrailer(tb, stream, expected, events...)
	return response, err
}

func (n *node) appendWithTrailer(
	tb testing.TB, stream string, expected expectation, events ...*streams.AppendReq_ProposedMessage,
) (*streams.AppendResp, metadata.MD, error) {
	tb.Helper()
	options := &streams.AppendReq_Options{StreamIdentifier: streamID(stream)}
	if expected != nil {
		expected(options)
	}
	requests := []*streams.AppendReq{{Content: &streams.AppendReq_Options_{Options: options}}}
	for _, event := range events {
		requests = append(requests, &streams.AppendReq{
			Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: event},
		})
	}
	return n.sendAppend(tb, requests...)
}

func (n *node) sendAppend(tb testing.TB, requests ...*streams.AppendReq) (*streams.AppendResp, metadata.MD, error) {
	tb.Helper()
	call, err := n.Append(tb.Context())
	if err != nil {
		tb.Fatalf("append: %v", err)
	}
	for _, request := range requests {
		if err := call.Send(request); err != nil {
			tb.Fatalf("send: %v", err)
		}
	}
	response, err := call.CloseAndRecv()
	return response, call.Trailer(), err
}

// mustAppend appends and returns the position.
func (n *node) mustAppend(
	tb testing.TB, stream string, expected expectation, events ...*streams.AppendReq_ProposedMessage,
) uint64 {
	tb.Helper()
	response, err := n.append(tb, stream, expected, events...)
	if err != nil {
		tb.Fatalf("append to %s: %v", stream, err)
	}
	success := response.GetSuccess()
	if success == nil {
		tb.Fatalf("append to %s: %v", stream, response)
	}
	return success.GetPosition().GetCommitPosition()
}

// describe appends stream metadata.
func (n *node) describe(tb testing.TB, stream, document string) {
	tb.Helper()
	event := proposed(document)
	event.Metadata["type"] = "$metadata"
	n.mustAppend(tb, "$$"+stream, whatever, event)
}

// The options of a read.
type readOption func(*streams.ReadReq_Options)

func readReq(options ...readOption) *streams.ReadReq {
	o := &streams.ReadReq_Options{
		CountOption:  &streams.ReadReq_Options_Count{Count: 1000},
		FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: none},
		UuidOption: &streams.ReadReq_Options_UUIDOption{
			Content: &streams.ReadReq_Options_UUIDOption_String_{String_: none},
		},
	}
	for _, option := range options {
		option(o)
	}
	return &streams.ReadReq{Options: o}
}

func ofStream(name string) readOption {
	return func(o *streams.ReadReq_Options) {
		o.StreamOption = &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{
			StreamIdentifier: streamID(name),
			RevisionOption:   &streams.ReadReq_Options_StreamOptions_Start{Start: none},
		}}
	}
}

func ofAll(o *streams.ReadReq_Options) {
	o.StreamOption = &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{
		AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: none},
	}}
}

func fromRevision(r uint64) readOption {
	return func(o *streams.ReadReq_Options) {
		o.GetStream().RevisionOption = &streams.ReadReq_Options_StreamOptions_Revision{Revision: r}
	}
}

func fromPosition(commit, prepare uint64) readOption {
	return func(o *streams.ReadReq_Options) {
		o.GetAll().AllOption = &streams.ReadReq_Options_AllOptions_Position{
			Position: &streams.ReadReq_Options_Position{CommitPosition: commit, PreparePosition: prepare},
		}
	}
}

func fromEnd(o *streams.ReadReq_Options) {
	if o.GetAll() != nil {
		o.GetAll().AllOption = &streams.ReadReq_Options_AllOptions_End{End: none}
		return
	}
	o.GetStream().RevisionOption = &streams.ReadReq_Options_StreamOptions_End{End: none}
}

func backwards(o *streams.ReadReq_Options) { o.ReadDirection = streams.ReadReq_Options_Backwards }

func resolving(o *streams.ReadReq_Options) { o.ResolveLinks = true }

func count(n uint64) readOption {
	return func(o *streams.ReadReq_Options) { o.CountOption = &streams.ReadReq_Options_Count{Count: n} }
}

func subscribing(o *streams.ReadReq_Options) {
	o.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
}

// filtered filters by stream, with a window and a multiplier.
func filtered(window, multiplier uint32, prefixes ...string) readOption {
	return func(o *streams.ReadReq_Options) {
		o.FilterOption = &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{
			Filter: &streams.ReadReq_Options_FilterOptions_StreamIdentifier{
				StreamIdentifier: &streams.ReadReq_Options_FilterOptions_Expression{Prefix: prefixes},
			},
			Window:                       &streams.ReadReq_Options_FilterOptions_Max{Max: window},
			CheckpointIntervalMultiplier: multiplier,
		}}
	}
}

// read receives everything that a read sends.
func (n *node) read(tb testing.TB, options ...readOption) ([]*streams.ReadResp, error) {
	tb.Helper()
	messages, _, err := n.readWithTrailer(tb, options...)
	return messages, err
}

func (n *node) readWithTrailer(tb testing.TB, options ...readOption) ([]*streams.ReadResp, metadata.MD, error) {
	tb.Helper()
	call, err := n.Read(tb.Context(), readReq(options...))
	if err != nil {
		tb.Fatalf("read: %v", err)
	}
	var messages []*streams.ReadResp
	for {
		message, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return messages, call.Trailer(), nil
		}
		if err != nil {
			return messages, call.Trailer(), err
		}
		messages = append(messages, message)
	}
}

// data reads, and returns the data of the events.
func (n *node) data(tb testing.TB, options ...readOption) []string {
	tb.Helper()
	messages, err := n.read(tb, options...)
	if err != nil {
		tb.Fatalf("read: %v", err)
	}
	return dataOf(tb, messages)
}

func dataOf(tb testing.TB, messages []*streams.ReadResp) []string {
	tb.Helper()
	data := []string{}
	for _, message := range messages {
		if message.GetEvent() == nil {
			tb.Fatalf("unexpected message %v", message)
		}
		data = append(data, string(message.GetEvent().GetEvent().GetData()))
	}
	return data
}

// follow opens a subscription, which ends with the test.
func (n *node) follow(tb testing.TB, options ...readOption) streams.Streams_ReadClient {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	tb.Cleanup(cancel)
	call, err := n.Read(ctx, readReq(append(options, subscribing)...))
	if err != nil {
		tb.Fatalf("subscribe: %v", err)
	}
	return call
}

// next receives so many messages and tells them in short: confirmed, caught up, checkpoint 5, or the data of an event.
func next(tb testing.TB, call streams.Streams_ReadClient, n int) []string {
	tb.Helper()
	told := make([]string, n)
	for i := range told {
		message, err := call.Recv()
		if err != nil {
			tb.Fatalf("receive message %d after %s: %v", i, strings.Join(told[:i], ", "), err)
		}
		told[i] = short(message)
	}
	return told
}

func wantStatus(tb testing.TB, err error, code codes.Code) {
	tb.Helper()
	if got := status.Code(err); got != code {
		tb.Fatalf("status %s (%v), want %s", got, err, code)
	}
}

// wantTrailers compares those trailers that are named.
func wantTrailers(tb testing.TB, got metadata.MD, want map[string]string) {
	tb.Helper()
	for name, value := range want {
		if values := got.Get(name); len(values) != 1 || values[0] != value {
			tb.Errorf("trailer %s is %q, want %q", name, values, value)
		}
	}
}
