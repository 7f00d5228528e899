package esdbserver

import (
	"bytes"
	"context"
	"errors"
	"strconv"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// linkType is the type of an event that stands for another one.
const linkType = "$>"

// resolve finds what a link leads to. The event is nil when that is gone; what only looks like a link is the event
// itself, without a link.
func resolve(ctx context.Context, log *pebblelog.Log, link *pebblelog.View) (event, from *pebblelog.View, err error) {
	number, stream, ok := bytes.Cut(link.Data, []byte("@"))
	revision, err := strconv.ParseInt(string(number), 10, 64)
	if !ok || err != nil || revision < 0 || len(stream) == 0 {
		return link, nil, nil // not a link
	}
	read := eventstore.StreamRead{From: revision, Limit: 1}
	for found, err := range log.ReadStream(ctx, string(stream), read) {
		switch {
		case errors.As(err, new(*eventstore.NotFoundError)),
			errors.As(err, new(*eventstore.DeletedError)),
			errors.As(err, new(*eventstore.InvalidError)):
			return nil, link, nil
		case err != nil:
			return nil, nil, err
		case found.Revision == revision:
			return viewOf(&found), link, nil
		}
	}
	return nil, link, nil
}

func viewOf(r *eventstore.Recorded) *pebblelog.View {
	return &pebblelog.View{
		ID: r.ID, Stream: []byte(r.Stream), Type: []byte(r.Type), JSON: r.JSON, Data: r.Data, Metadata: r.Metadata,
		Revision: r.Revision, Position: r.Position, Created: r.Created.UnixNano() / 100,
	}
}
