package esdbserver

import (
	"context"
	"errors"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdbserver/faults"
)

// streamService implements the service event_store.client.streams.Streams.
type streamService struct {
	streams.UnimplementedStreamsServer
	server *Server
}

// Append implements streams.StreamsServer.
func (s *streamService) Append(call streams.Streams_AppendServer) error {
	flaw, err := s.server.strike(call.Context(), faults.Append)
	if err == nil && s.server.options.ReadOnly {
		err = errAccess
	}
	var options *streams.AppendReq_Options
	if err == nil {
		options, err = receiveOptions(call)
	}
	var response *streams.AppendResp
	if err == nil {
		response, err = s.append(call, options)
	}
	if err != nil {
		drain(call)
		return err
	}
	if err := flaw.after(); err != nil {
		return err
	}
	return call.SendAndClose(response)
}

// drain receives what the caller still sends: a client that cannot finish sending does not read the status.
func drain(call grpc.ServerStream) {
	for {
		if err := call.RecvMsg(&ignored{}); err != nil {
			return
		}
	}
}

func receiveOptions(call streams.Streams_AppendServer) (*streams.AppendReq_Options, error) {
	first, err := call.Recv()
	if errors.Is(err, io.EOF) {
		return nil, invalid("an append begins with its options")
	}
	if err != nil {
		return nil, err
	}
	options := first.GetOptions()
	if options == nil {
		return nil, invalid("an append begins with its options")
	}
	return options, nil
}

func (s *streamService) append(
	call streams.Streams_AppendServer, options *streams.AppendReq_Options,
) (*streams.AppendResp, error) {
	stream, err := target(options.GetStreamIdentifier())
	if err != nil {
		return nil, err
	}
	expected, err := expectedOfAppend(options)
	if err != nil {
		return nil, err
	}
	events, err := s.receiveEvents(call)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(call.Context(), s.server.options.WriteTimeout)
	defer cancel()
	appended, err := s.server.log.Append(ctx, stream, expected, events...)
	var conflict *eventstore.ConflictError
	switch {
	case errors.As(err, &conflict):
		return wrongVersionResponse(options, conflict.Actual), nil
	case err != nil:
		return nil, timedOut(call.Context(), err)
	}
	return appendedResponse(appended), nil
}

// timedOut tells the end of the write's own time from the end of the call.
func timedOut(call context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && call.Err() == nil {
		return errTimeout
	}
	return err
}

func (s *streamService) receiveEvents(call streams.Streams_AppendServer) ([]eventstore.Event, error) {
	var events []eventstore.Event
	size := 0
	for {
		request, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		proposed := request.GetProposedMessage()
		if proposed == nil {
			return nil, invalid("after the options of an append come events")
		}
		if size += len(proposed.GetData()); size > s.server.options.MaxAppendSize {
			return nil, tooLarge(s.server.options.MaxAppendSize)
		}
		event, err := eventOf(proposed)
		if err != nil {
			return nil, err
		}
		events = append(events, event)
	}
}

// proposal is an event to be appended, as Append and BatchAppend have it.
type proposal interface {
	GetId() *shared.UUID
	GetMetadata() map[string]string
	GetCustomMetadata() []byte
	GetData() []byte
}

func eventOf(p proposal) (eventstore.Event, error) {
	fields := p.GetMetadata()
	eventType, content := fields[keyType], fields[keyContent]
	if _, ok := fields[keyContent]; !ok || eventType == "" {
		return eventstore.Event{}, errMetadata
	}
	id, err := idOf(p.GetId())
	if err != nil {
		return eventstore.Event{}, err
	}
	return eventstore.Event{
		ID: id, Type: eventType, JSON: content == contentJSON, Data: p.GetData(), Metadata: p.GetCustomMetadata(),
	}, nil
}

func expectedOfAppend(options *streams.AppendReq_Options) (eventstore.Expected, error) {
	switch expected := options.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		return revisionOf(expected.Revision)
	case *streams.AppendReq_Options_NoStream:
		return eventstore.NoStream, nil
	case *streams.AppendReq_Options_Any:
		return eventstore.Any, nil
	case *streams.AppendReq_Options_StreamExists:
		return eventstore.StreamExists, nil
	default:
		return 0, invalid("an append needs an expected revision")
	}
}

func appendedResponse(appended eventstore.Appended) *streams.AppendResp {
	success := &streams.AppendResp_Success{
		PositionOption: &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{
			CommitPosition: appended.Position.Commit, PreparePosition: appended.Position.Prepare,
		}},
	}
	if appended.Revision == eventstore.NoRevision {
		success.CurrentRevisionOption = &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}}
	} else {
		success.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{
			CurrentRevision: uint64(appended.Revision),
		}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: success}}
}

// wrongVersionResponse says it twice, for clients from before 20.6 too.
func wrongVersionResponse(options *streams.AppendReq_Options, actual int64) *streams.AppendResp {
	type wrong = streams.AppendResp_WrongExpectedVersion
	none := &shared.Empty{}
	w := &wrong{}
	switch expected := options.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{
			ExpectedRevision: expected.Revision,
		}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{
			ExpectedRevision_20_6_0: expected.Revision,
		}
	case *streams.AppendReq_Options_NoStream:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: none}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{
			ExpectedRevision_20_6_0: noRevision,
		}
	case *streams.AppendReq_Options_Any:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: none}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_Any_20_6_0{Any_20_6_0: none}
	case *streams.AppendReq_Options_StreamExists:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{
			ExpectedStreamExists: none,
		}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0{
			StreamExists_20_6_0: none,
		}
	}
	if actual == eventstore.NoRevision {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: none}
		w.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{NoStream_20_6_0: none}
	} else {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(actual)}
		w.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{
			CurrentRevision_20_6_0: uint64(actual),
		}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: w}}
}
