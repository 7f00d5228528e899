package esdbserver

import (
	"errors"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"

	"services.example/portal/infra/eventstore"
)

func (a *batchedAppend) response() *streams.BatchAppendResp {
	return &streams.BatchAppendResp{
		CorrelationId: a.correlation, StreamIdentifier: a.options.GetStreamIdentifier(),
	}
}

func (a *batchedAppend) succeeded(appended eventstore.Appended) *streams.BatchAppendResp {
	success := &streams.BatchAppendResp_Success{
		PositionOption: &streams.BatchAppendResp_Success_Position{Position: &shared.AllStreamPosition{
			CommitPosition: appended.Position.Commit, PreparePosition: appended.Position.Prepare,
		}},
	}
	if appended.Revision == eventstore.NoRevision {
		success.CurrentRevisionOption = &streams.BatchAppendResp_Success_NoStream{NoStream: &emptypb.Empty{}}
	} else {
		success.CurrentRevisionOption = &streams.BatchAppendResp_Success_CurrentRevision{
			CurrentRevision: uint64(appended.Revision),
		}
	}
	response := a.response()
	response.Result = &streams.BatchAppendResp_Success_{Success: success}
	return response
}

func (a *batchedAppend) failed(err error) outcome {
	return func() (*streams.BatchAppendResp, error) {
		status := a.status(err)
		if status == nil {
			return nil, err
		}
		response := a.response()
		response.Result = &streams.BatchAppendResp_Error{Error: status}
		return response, nil
	}
}

// status says what went wrong, with one detail that clients act on. It is nil for what is not the append's fault.
func (a *batchedAppend) status(err error) *rpcstatus.Status {
	var (
		conflict *eventstore.ConflictError
		deleted  *eventstore.DeletedError
		large    *eventstore.TooLargeError
		bad      *eventstore.InvalidError
		known    *failure
	)
	switch {
	case errors.As(err, &conflict):
		return detailed(codes.AlreadyExists, "WrongExpectedVersion", a.wrongVersion(conflict.Actual))
	case errors.As(err, &deleted):
		return detailed(codes.NotFound, "StreamDeleted",
			&shared.StreamDeleted{StreamIdentifier: a.options.GetStreamIdentifier()})
	case errors.As(err, &large):
		return sizeExceeded(large.Limit)
	case errors.As(err, &bad):
		return detailed(codes.InvalidArgument, "BadRequest", &shared.BadRequest{Message: bad.Reason})
	case errors.Is(err, errAccess):
		return detailed(codes.PermissionDenied, "AccessDenied", &shared.AccessDenied{})
	case errors.Is(err, errTimeout):
		return detailed(codes.DeadlineExceeded, "Timeout", &shared.Timeout{})
	case errors.As(err, &known) && known.limit > 0:
		return sizeExceeded(known.limit)
	case errors.As(err, &known) && known.code == codes.InvalidArgument:
		return detailed(codes.InvalidArgument, "BadRequest", &shared.BadRequest{Message: known.message})
	default:
		return nil
	}
}

func sizeExceeded(limit int) *rpcstatus.Status {
	return detailed(codes.InvalidArgument, "MaximumAppendSizeExceeded",
		&shared.MaximumAppendSizeExceeded{MaxAppendSize: uint32(limit)})
}

func detailed(code codes.Code, message string, detail proto.Message) *rpcstatus.Status {
	status := &rpcstatus.Status{Code: int32(code), Message: message}
	if packed, err := anypb.New(detail); err == nil { // it fails for no message of ours
		status.Details = []*anypb.Any{packed}
	}
	return status
}

func (a *batchedAppend) wrongVersion(actual int64) *shared.WrongExpectedVersion {
	none := &emptypb.Empty{}
	w := &shared.WrongExpectedVersion{}
	switch expected := a.options.GetExpectedStreamPosition().(type) {
	case *streams.BatchAppendReq_Options_StreamPosition:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamPosition{
			ExpectedStreamPosition: expected.StreamPosition,
		}
	case *streams.BatchAppendReq_Options_NoStream:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: none}
	case *streams.BatchAppendReq_Options_Any:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedAny{ExpectedAny: none}
	case *streams.BatchAppendReq_Options_StreamExists:
		w.ExpectedStreamPositionOption = &shared.WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: none}
	}
	if actual == eventstore.NoRevision {
		w.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentNoStream{CurrentNoStream: none}
	} else {
		w.CurrentStreamRevisionOption = &shared.WrongExpectedVersion_CurrentStreamRevision{
			CurrentStreamRevision: uint64(actual),
		}
	}
	return w
}
