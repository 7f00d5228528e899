package esdbserver

import (
	"errors"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/protobuf/proto"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdbserver/faults"
	"services.example/portal/infra/eventstore/pebblelog"
)

// Read implements streams.StreamsServer: it reads a stream or $all, or subscribes to either.
func (s *streamService) Read(request *streams.ReadReq, call streams.Streams_ReadServer) error {
	options := request.GetOptions()
	op := faults.Read
	subscription := options.GetSubscription() != nil
	if subscription {
		op = faults.Subscribe
	}
	flaw, err := s.server.strike(call.Context(), op)
	if err != nil {
		return err
	}
	r := &reading{server: s.server, options: options, out: outbox{call: call, flaw: flaw}}
	if err := r.prepare(); err != nil {
		return err
	}
	_, count := options.GetCountOption().(*streams.ReadReq_Options_Count)
	stream, all := options.GetStream(), options.GetAll()
	switch {
	case stream == nil && all == nil:
		return invalid("a read is of a stream or of $all")
	case !subscription && !count:
		return invalid("a read needs a count or is a subscription")
	case subscription && r.backwards:
		return invalid("a subscription goes forwards")
	case stream != nil && r.filter != nil:
		return invalid("only $all can be filtered")
	case subscription && stream != nil:
		return r.subscribeToStream(call.Context(), stream)
	case subscription:
		return r.subscribeToAll(call.Context(), all)
	case stream != nil:
		return r.readStream(call.Context(), stream)
	default:
		return r.readAll(call.Context(), all)
	}
}

// reading is a read or a subscription under way.
type reading struct {
	server    *Server
	options   *streams.ReadReq_Options
	out       outbox
	form      idForm
	backwards bool
	filter    *filter // nil: everything
}

// prepare checks what all reads have in common.
func (r *reading) prepare() error {
	switch r.options.GetUuidOption().GetContent().(type) {
	case *streams.ReadReq_Options_UUIDOption_Structured:
		r.form = idStructured
	case *streams.ReadReq_Options_UUIDOption_String_:
		r.form = idText
	default:
		return invalid("a read needs a form of ids")
	}
	switch r.options.GetReadDirection() {
	case streams.ReadReq_Options_Forwards:
	case streams.ReadReq_Options_Backwards:
		r.backwards = true
	default:
		return invalid("a read goes forwards or backwards")
	}
	switch chosen := r.options.GetFilterOption().(type) {
	case *streams.ReadReq_Options_NoFilter:
		return nil
	case *streams.ReadReq_Options_Filter:
		var err error
		r.filter, err = filterOf(chosen.Filter)
		return err
	default:
		return invalid("a read needs a filter, or to say that it has none")
	}
}

// everything is chosen of a stream.
func everything(*pebblelog.View) bool { return true }

// ofAll chooses events of $all.
func (r *reading) ofAll(v *pebblelog.View) bool {
	return !hiddenFromAll(v.Stream) && (r.filter == nil || r.filter.matches(v))
}

// startOf reads where a read of a stream begins: a revision, or eventstore.End.
func startOf(stream *streams.ReadReq_Options_StreamOptions) (revision int64, err error) {
	switch from := stream.GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		switch {
		case from.Revision == noRevision:
			return eventstore.End, nil
		case from.Revision > math.MaxInt64:
			return 0, invalid("%d is not a revision", from.Revision)
		}
		return int64(from.Revision), nil
	case *streams.ReadReq_Options_StreamOptions_Start:
		return 0, nil
	case *streams.ReadReq_Options_StreamOptions_End:
		return eventstore.End, nil
	default:
		return 0, invalid("a read of a stream begins at a revision, its start or its end")
	}
}

// positionOf reads where a read of $all begins.
func positionOf(all *streams.ReadReq_Options_AllOptions) (eventstore.Position, error) {
	switch from := all.GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Position:
		p := eventstore.Position{
			Commit: from.Position.GetCommitPosition(), Prepare: from.Position.GetPreparePosition(),
		}
		if p != eventstore.EndPosition && (p.Commit > math.MaxInt64 || p.Prepare > p.Commit) {
			return p, invalid("%s is not a position", p)
		}
		return p, nil
	case *streams.ReadReq_Options_AllOptions_Start:
		return eventstore.Position{}, nil
	case *streams.ReadReq_Options_AllOptions_End:
		return eventstore.EndPosition, nil
	default:
		return eventstore.Position{}, invalid("a read of $all begins at a position, the start or the end")
	}
}

// page makes the page that a read fills again and again.
func (r *reading) page(count uint64, chosen func(*pebblelog.View) bool) *page {
	return &page{
		ctx: r.out.call.Context(), log: r.server.log, out: &r.out, encoder: eventEncoder{form: r.form},
		resolve: r.options.GetResolveLinks(), chosen: chosen, left: count,
	}
}

func (r *reading) send(data []byte) error { return r.out.send(&frame{data: data}) }

func (r *reading) notFound(name []byte) error {
	data, err := proto.Marshal(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
		StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: &shared.StreamIdentifier{StreamName: name}},
	}})
	if err != nil {
		return err
	}
	return r.send(data)
}

func notFound(err error) bool { return errors.As(err, new(*eventstore.NotFoundError)) }
