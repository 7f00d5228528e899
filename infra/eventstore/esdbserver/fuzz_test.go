package esdbserver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// fuzzCall is a call without a network: it receives what it was given, and ends with the first message that it sends.
type fuzzCall struct {
	grpc.ServerStream
	ctx      context.Context //nolint:containedctx // that of the call
	end      context.CancelFunc
	requests []proto.Message
}

func (c *fuzzCall) Context() context.Context { return c.ctx }

func (c *fuzzCall) SendMsg(any) error {
	c.end()
	return nil
}

func (c *fuzzCall) RecvMsg(into any) error {
	if len(c.requests) == 0 {
		return io.EOF
	}
	if message, ok := into.(proto.Message); ok {
		proto.Merge(message, c.requests[0])
	}
	c.requests = c.requests[1:]
	return nil
}

// fuzzService serves a log that has an event, a link and a deleted stream.
func fuzzService(f *testing.F) *streamService {
	f.Helper()
	log, err := pebblelog.Open(f.TempDir(), pebblelog.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = log.Close() })
	options, err := Options{Logger: slog.New(slog.DiscardHandler)}.withDefaults()
	if err != nil {
		f.Fatal(err)
	}
	s := &Server{log: log, options: options}
	s.live, s.stop = context.WithCancel(f.Context())
	for stream, event := range map[string]eventstore.Event{
		"s":     {ID: uuid.New(), Type: "noted.v1", Data: []byte("a")},
		"links": {ID: uuid.New(), Type: linkType, Data: []byte("0@s")},
	} {
		if _, err := log.Append(f.Context(), stream, eventstore.Any, event); err != nil {
			f.Fatal(err)
		}
	}
	return &streamService{server: s}
}

func (s *streamService) fuzz(t *testing.T, requests ...proto.Message) *fuzzCall {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return &fuzzCall{ctx: ctx, end: cancel, requests: requests}
}

// wantFailure accepts what a request may be answered, and nothing that blames the server.
func wantFailure(t *testing.T, s *Server, ctx context.Context, err error) { //nolint:revive // the test comes first
	t.Helper()
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	f := s.failureOf(ctx, err)
	if f == nil {
		t.Fatalf("an error that is no failure: %v", err)
	}
	switch f.code {
	case codes.InvalidArgument, codes.PermissionDenied, codes.FailedPrecondition, codes.Canceled:
	default:
		t.Fatalf("status %s: %v", status.Code(err), err)
	}
}

func seed(f *testing.F, messages ...proto.Message) {
	f.Helper()
	for _, message := range messages {
		data, err := proto.Marshal(message)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

// FuzzRead: no request of a read makes the server panic, hang or blame itself.
func FuzzRead(f *testing.F) {
	service := fuzzService(f)
	none := &shared.Empty{}
	text := &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_String_{String_: none}}
	seed(f,
		&streams.ReadReq{Options: &streams.ReadReq_Options{
			StreamOption: &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{
				StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("links")},
				RevisionOption:   &streams.ReadReq_Options_StreamOptions_Revision{Revision: 0},
			}},
			ResolveLinks: true, UuidOption: text,
			CountOption:  &streams.ReadReq_Options_Count{Count: 10},
			FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: none},
		}},
		&streams.ReadReq{Options: &streams.ReadReq_Options{
			StreamOption: &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{
				AllOption: &streams.ReadReq_Options_AllOptions_Position{Position: &streams.ReadReq_Options_Position{}},
			}},
			UuidOption:  text,
			CountOption: &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}},
			FilterOption: &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{
				Filter: &streams.ReadReq_Options_FilterOptions_EventType{
					EventType: &streams.ReadReq_Options_FilterOptions_Expression{Regex: `^[^\$].*`},
				},
				Window: &streams.ReadReq_Options_FilterOptions_Max{Max: 1}, CheckpointIntervalMultiplier: 1,
			}},
		}},
	)
	f.Fuzz(func(t *testing.T, data []byte) {
		request := &streams.ReadReq{}
		if proto.Unmarshal(data, request) != nil {
			return
		}
		call := service.fuzz(t)
		err := service.Read(request, &fuzzReadCall{call})
		wantFailure(t, service.server, call.ctx, err)
	})
}

type fuzzReadCall struct{ *fuzzCall }

func (c *fuzzReadCall) Send(*streams.ReadResp) error { return c.SendMsg(nil) }

// FuzzBatchAppend does the same for appends; their options and events are those of Append.
func FuzzBatchAppend(f *testing.F) {
	service := fuzzService(f)
	id := &shared.UUID{Value: &shared.UUID_String_{String_: uuid.NewString()}}
	seed(f, &streams.BatchAppendReq{
		CorrelationId: id, IsFinal: true,
		Options: &streams.BatchAppendReq_Options{
			StreamIdentifier:       &shared.StreamIdentifier{StreamName: []byte("s")},
			ExpectedStreamPosition: &streams.BatchAppendReq_Options_Any{Any: &emptypb.Empty{}},
		},
		ProposedMessages: []*streams.BatchAppendReq_ProposedMessage{{
			Id: id, Data: []byte("x"), Metadata: map[string]string{"type": "noted.v1", "content-type": "application/json"},
		}},
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		request := &streams.BatchAppendReq{}
		if proto.Unmarshal(data, request) != nil {
			return
		}
		call := service.fuzz(t, request)
		err := service.BatchAppend(&fuzzBatchCall{call})
		wantFailure(t, service.server, call.ctx, err)
	})
}

type fuzzBatchCall struct{ *fuzzCall }

func (c *fuzzBatchCall) Send(response *streams.BatchAppendResp) error { return c.SendMsg(response) }

func (c *fuzzBatchCall) Recv() (*streams.BatchAppendReq, error) {
	request := &streams.BatchAppendReq{}
	return request, c.RecvMsg(request)
}
