package esdbserver

import (
	"context"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"services.example/portal/infra/eventstore"
)

// readStream answers a read of one stream.
func (r *reading) readStream(ctx context.Context, stream *streams.ReadReq_Options_StreamOptions) error {
	name := stream.GetStreamIdentifier().GetStreamName()
	from, err := startOf(stream)
	if err != nil {
		return err
	}
	page := r.page(r.options.GetCount(), everything)
	// Of a count of 0 nothing is sent, but a missing stream is told.
	limit := int(min(max(page.left, 1), math.MaxInt64))
	read := eventstore.StreamRead{From: from, Backwards: r.backwards, Limit: limit}
	last, err := r.server.log.VisitStream(ctx, string(name), read, page)
	switch {
	case notFound(err):
		return r.notFound(name)
	case err != nil:
		return err
	}
	return r.ends(from, last, r.out.sent)
}

// ends tells the ends of the stream to clients that know these messages.
func (r *reading) ends(from, last int64, sent int) error {
	if r.options.GetControlOption().GetCompatibility() < 1 {
		return nil
	}
	if !r.backwards && sent == 0 && from != eventstore.End && from != last+1 {
		if err := r.send(revisionMessage(fieldFirst, last+1)); err != nil {
			return err
		}
	}
	return r.send(revisionMessage(fieldLast, last))
}
