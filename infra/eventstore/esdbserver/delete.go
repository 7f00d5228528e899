package esdbserver

import (
	"context"
	"errors"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdbserver/faults"
)

// Delete implements streams.StreamsServer.
func (s *streamService) Delete(ctx context.Context, request *streams.DeleteReq) (*streams.DeleteResp, error) {
	options := request.GetOptions()
	var expected eventstore.Expected
	var err error
	switch option := options.GetExpectedStreamRevision().(type) {
	case *streams.DeleteReq_Options_Revision:
		expected, err = revisionOf(option.Revision)
	case *streams.DeleteReq_Options_NoStream:
		expected = eventstore.NoStream
	case *streams.DeleteReq_Options_Any:
		expected = eventstore.Any
	case *streams.DeleteReq_Options_StreamExists:
		expected = eventstore.StreamExists
	default:
		err = invalid("a deletion needs an expected revision")
	}
	if err != nil {
		return nil, err
	}
	stream, err := target(options.GetStreamIdentifier())
	if err != nil {
		return nil, err
	}
	at, err := s.end(ctx, ending{faults.Delete, "Delete", s.server.log.Delete}, stream, expected)
	if err != nil {
		return nil, err
	}
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{
		Position: &streams.DeleteResp_Position{CommitPosition: at.Commit, PreparePosition: at.Prepare},
	}}, nil
}

// Tombstone implements streams.StreamsServer.
func (s *streamService) Tombstone(ctx context.Context, request *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	options := request.GetOptions()
	var expected eventstore.Expected
	var err error
	switch option := options.GetExpectedStreamRevision().(type) {
	case *streams.TombstoneReq_Options_Revision:
		expected, err = revisionOf(option.Revision)
	case *streams.TombstoneReq_Options_NoStream:
		expected = eventstore.NoStream
	case *streams.TombstoneReq_Options_Any:
		expected = eventstore.Any
	case *streams.TombstoneReq_Options_StreamExists:
		expected = eventstore.StreamExists
	default:
		err = invalid("a tombstone needs an expected revision")
	}
	if err != nil {
		return nil, err
	}
	stream, err := target(options.GetStreamIdentifier())
	if err != nil {
		return nil, err
	}
	at, err := s.end(ctx, ending{faults.Tombstone, "Delete", s.server.log.Tombstone}, stream, expected)
	if err != nil {
		return nil, err
	}
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{
		Position: &streams.TombstoneResp_Position{CommitPosition: at.Commit, PreparePosition: at.Prepare},
	}}, nil
}

// ending is one of the two ways in which a stream ends.
type ending struct {
	op   faults.Op
	name string // in messages
	end  func(context.Context, string, eventstore.Expected) (eventstore.Position, error)
}

func (s *streamService) end(
	call context.Context, how ending, stream string, expected eventstore.Expected,
) (eventstore.Position, error) {
	flaw, err := s.server.strike(call, how.op)
	if err != nil {
		return eventstore.Position{}, err
	}
	if s.server.options.ReadOnly {
		return eventstore.Position{}, errAccess
	}
	ctx, cancel := context.WithTimeout(call, s.server.options.WriteTimeout)
	defer cancel()
	at, err := how.end(ctx, stream, expected)
	var conflict *eventstore.ConflictError
	switch {
	case errors.As(err, &conflict):
		return at, wrongVersion(how.name, conflict)
	case err != nil:
		return at, timedOut(call, err)
	}
	return at, flaw.after()
}
