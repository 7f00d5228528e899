package esdbserver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"services.example/portal/infra/eventstore/esdbserver"
)

type batchCall struct {
	call streams.Streams_BatchAppendClient
}

func (n *node) batch(t *testing.T) batchCall {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	call, err := n.BatchAppend(ctx)
	if err != nil {
		t.Fatalf("batch append: %v", err)
	}
	return batchCall{call}
}

func (b batchCall) send(t *testing.T, request *streams.BatchAppendReq) {
	t.Helper()
	if err := b.call.Send(request); err != nil {
		t.Fatalf("send: %v", err)
	}
}

func (b batchCall) receive(t *testing.T) *streams.BatchAppendResp {
	t.Helper()
	response, err := b.call.Recv()
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	return response
}

// batchReq is an append in one message.
func batchReq(
	stream string, expected expectation, events ...*streams.AppendReq_ProposedMessage,
) *streams.BatchAppendReq {
	var of streams.AppendReq_Options
	if expected != nil {
		expected(&of)
	}
	options := &streams.BatchAppendReq_Options{StreamIdentifier: streamID(stream)}
	switch chosen := of.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		options.ExpectedStreamPosition = &streams.BatchAppendReq_Options_StreamPosition{StreamPosition: chosen.Revision}
	case *streams.AppendReq_Options_NoStream:
		options.ExpectedStreamPosition = &streams.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}}
	case *streams.AppendReq_Options_Any:
		options.ExpectedStreamPosition = &streams.BatchAppendReq_Options_Any{Any: &emptypb.Empty{}}
	case *streams.AppendReq_Options_StreamExists:
		options.ExpectedStreamPosition = &streams.BatchAppendReq_Options_StreamExists{StreamExists: &emptypb.Empty{}}
	}
	return &streams.BatchAppendReq{
		CorrelationId: textID(uuid.New()), Options: options, IsFinal: true, ProposedMessages: inBatch(events),
	}
}

func inBatch(events []*streams.AppendReq_ProposedMessage) []*streams.BatchAppendReq_ProposedMessage {
	var proposed []*streams.BatchAppendReq_ProposedMessage
	for _, event := range events {
		proposed = append(proposed, &streams.BatchAppendReq_ProposedMessage{
			Id: event.GetId(), Metadata: event.GetMetadata(), CustomMetadata: event.GetCustomMetadata(), Data: event.GetData(),
		})
	}
	return proposed
}

func TestABatchedAppendIsAnswered(t *testing.T) {
	n := start(t, esdbserver.Options{})
	batch := n.batch(t)
	request := batchReq("s", noStream, numbered(3)...)
	batch.send(t, request)
	want := &streams.BatchAppendResp{
		CorrelationId: request.GetCorrelationId(), StreamIdentifier: streamID("s"),
		Result: &streams.BatchAppendResp_Success_{Success: &streams.BatchAppendResp_Success{
			CurrentRevisionOption: &streams.BatchAppendResp_Success_CurrentRevision{CurrentRevision: 2},
			PositionOption: &streams.BatchAppendResp_Success_Position{
				Position: &shared.AllStreamPosition{CommitPosition: 3, PreparePosition: 3},
			},
		}},
	}
	if diff := cmp.Diff(want, batch.receive(t), protocmp.Transform()); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
	empty := batchReq("absent", noStream)
	batch.send(t, empty)
	want = &streams.BatchAppendResp{
		CorrelationId: empty.GetCorrelationId(), StreamIdentifier: streamID("absent"),
		Result: &streams.BatchAppendResp_Success_{Success: &streams.BatchAppendResp_Success{
			CurrentRevisionOption: &streams.BatchAppendResp_Success_NoStream{NoStream: &emptypb.Empty{}},
			PositionOption: &streams.BatchAppendResp_Success_Position{
				Position: &shared.AllStreamPosition{CommitPosition: 3, PreparePosition: 3},
			},
		}},
	}
	if diff := cmp.Diff(want, batch.receive(t), protocmp.Transform()); diff != "" {
		t.Errorf("response to an empty append (-want +got):\n%s", diff)
	}
}

func TestABatchedAppendMayComeInParts(t *testing.T) {
	n := start(t, esdbserver.Options{})
	batch := n.batch(t)
	whole := batchReq("s", noStream, numbered(3)...)
	other := batchReq("other", noStream, proposed("x"))
	first := proto.CloneOf(whole)
	first.ProposedMessages, first.IsFinal = whole.GetProposedMessages()[:1], false
	second := &streams.BatchAppendReq{
		CorrelationId: whole.GetCorrelationId(), ProposedMessages: whole.GetProposedMessages()[1:2],
	}
	last := &streams.BatchAppendReq{
		CorrelationId: whole.GetCorrelationId(), ProposedMessages: whole.GetProposedMessages()[2:], IsFinal: true,
	}
	batch.send(t, first)
	batch.send(t, other)
	batch.send(t, second)
	batch.send(t, last)
	if err := batch.call.CloseSend(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []*streams.BatchAppendReq{other, whole} {
		got := batch.receive(t)
		if diff := cmp.Diff(want.GetCorrelationId(), got.GetCorrelationId(), protocmp.Transform()); diff != "" {
			t.Errorf("reply to (-want +got):\n%s", diff)
		}
		if got.GetSuccess() == nil {
			t.Errorf("reply %v", got)
		}
	}
	if diff := cmp.Diff([]string{`{"n":0}`, `{"n":1}`, `{"n":2}`}, n.data(t, ofStream("s"))); diff != "" {
		t.Errorf("stream (-want +got):\n%s", diff)
	}
}

// TestBatchedAppendsAreDecidedOnInTheirOrder: each expects the revision of the one before, and none waits for a reply.
func TestBatchedAppendsAreDecidedOnInTheirOrder(t *testing.T) {
	n := start(t, esdbserver.Options{})
	batch := n.batch(t)
	const appends = 500
	sent := make(chan error, 1)
	go func() {
		expected := expectation(noStream)
		for i := range appends {
			if err := batch.call.Send(batchReq("s", expected, proposed("x"))); err != nil {
				sent <- err
				return
			}
			expected = revision(uint64(i))
		}
		sent <- batch.call.CloseSend()
	}()
	for i := range appends {
		got := batch.receive(t).GetSuccess()
		if got == nil || got.GetCurrentRevision() != uint64(i) {
			t.Fatalf("reply %d: %v", i, got)
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

func TestHowABatchedAppendFails(t *testing.T) {
	detailed := func(code codes.Code, message string, detail proto.Message) *rpcstatus.Status {
		packed, err := anypb.New(detail)
		if err != nil {
			t.Fatal(err)
		}
		return &rpcstatus.Status{Code: int32(code), Message: message, Details: []*anypb.Any{packed}}
	}
	bad := func(message string) *rpcstatus.Status {
		return detailed(codes.InvalidArgument, "BadRequest", &shared.BadRequest{Message: message})
	}
	with := func(request *streams.BatchAppendReq, change func(*streams.BatchAppendReq)) *streams.BatchAppendReq {
		change(request)
		return request
	}
	timeout := detailed(codes.DeadlineExceeded, "Timeout", &shared.Timeout{})
	for _, row := range []struct {
		name    string
		request *streams.BatchAppendReq
		want    *rpcstatus.Status
	}{
		{
			"another revision", batchReq("s", revision(7), proposed("x")),
			detailed(codes.AlreadyExists, "WrongExpectedVersion", &shared.WrongExpectedVersion{
				CurrentStreamRevisionOption:  &shared.WrongExpectedVersion_CurrentStreamRevision{CurrentStreamRevision: 0},
				ExpectedStreamPositionOption: &shared.WrongExpectedVersion_ExpectedStreamPosition{ExpectedStreamPosition: 7},
			}),
		},
		{
			"no stream where there is one", batchReq("s", noStream, proposed("x")),
			detailed(codes.AlreadyExists, "WrongExpectedVersion", &shared.WrongExpectedVersion{
				CurrentStreamRevisionOption:  &shared.WrongExpectedVersion_CurrentStreamRevision{CurrentStreamRevision: 0},
				ExpectedStreamPositionOption: &shared.WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &emptypb.Empty{}},
			}),
		},
		{
			"a stream that should exist", batchReq("absent", exists, proposed("x")),
			detailed(codes.AlreadyExists, "WrongExpectedVersion", &shared.WrongExpectedVersion{
				CurrentStreamRevisionOption:  &shared.WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &emptypb.Empty{}},
				ExpectedStreamPositionOption: &shared.WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &emptypb.Empty{}},
			}),
		},
		{
			"a tombstone", batchReq("ended", whatever, proposed("x")),
			detailed(codes.NotFound, "StreamDeleted", &shared.StreamDeleted{StreamIdentifier: streamID("ended")}),
		},
		{
			"too large", batchReq("s", whatever, proposed(strings.Repeat("x", 1<<20+1))),
			detailed(codes.InvalidArgument, "MaximumAppendSizeExceeded", &shared.MaximumAppendSizeExceeded{MaxAppendSize: 1 << 20}),
		},
		{
			"the stream of everything", batchReq("$all", whatever, proposed("x")),
			detailed(codes.PermissionDenied, "AccessDenied", &shared.AccessDenied{}),
		},
		{"no name", batchReq("", whatever, proposed("x")), bad("the name of the stream is empty")},
		{"no expectation", batchReq("s", nil, proposed("x")), bad("an append needs an expected revision")},
		{
			"no stream at all", with(batchReq("s", whatever, proposed("x")), func(r *streams.BatchAppendReq) {
				r.Options.StreamIdentifier = nil
			}), bad("an append needs the name of a stream"),
		},
		{
			"no type", with(batchReq("s", whatever, proposed("x")), func(r *streams.BatchAppendReq) {
				delete(r.GetProposedMessages()[0].Metadata, "type")
			}), bad("an event needs a type and a content type"),
		},
		{
			"no time", with(batchReq("s", whatever, proposed("x")), func(r *streams.BatchAppendReq) {
				r.Options.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(0)}
			}), timeout,
		},
		{
			"a time of long ago", with(batchReq("s", whatever, proposed("x")), func(r *streams.BatchAppendReq) {
				r.Options.DeadlineOption = &streams.BatchAppendReq_Options_Deadline_21_10_0{
					Deadline_21_10_0: timestamppb.New(time.Unix(0, 0)),
				}
			}), timeout,
		},
		{
			"not complete in its time", with(batchReq("s", whatever, proposed("x")), func(r *streams.BatchAppendReq) {
				r.IsFinal = false
				r.Options.DeadlineOption = &streams.BatchAppendReq_Options_Deadline{
					Deadline: durationpb.New(10 * time.Millisecond),
				}
			}), timeout,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			n := start(t, esdbserver.Options{})
			n.mustAppend(t, "s", noStream, proposed("a"))
			n.tombstone(t, "ended")
			batch := n.batch(t)
			batch.send(t, row.request)
			want := &streams.BatchAppendResp{
				CorrelationId: row.request.GetCorrelationId(), StreamIdentifier: row.request.GetOptions().GetStreamIdentifier(),
				Result: &streams.BatchAppendResp_Error{Error: row.want},
			}
			if diff := cmp.Diff(want, batch.receive(t), protocmp.Transform()); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
			batch.send(t, batchReq("s", revision(0), proposed("b")))
			if got := batch.receive(t); got.GetSuccess().GetCurrentRevision() != 1 {
				t.Errorf("the next append: %v", got)
			}
		})
	}
}

func TestABatchWithoutACorrelationEnds(t *testing.T) {
	n := start(t, esdbserver.Options{})
	batch := n.batch(t)
	request := batchReq("s", whatever, proposed("x"))
	request.CorrelationId = nil
	batch.send(t, request)
	_, err := batch.call.Recv()
	wantStatus(t, err, codes.InvalidArgument)
}

func TestABatchCannotGatherWithoutEnd(t *testing.T) {
	n := start(t, esdbserver.Options{})
	batch := n.batch(t)
	const open = 256
	for range open + 1 {
		request := batchReq("s", whatever, proposed("x"))
		request.IsFinal = false
		batch.send(t, request)
	}
	if got := batch.receive(t).GetError(); got.GetMessage() != "BadRequest" {
		t.Errorf("the append after %d that are not complete: %v", open, got)
	}
}
