package esdbserver

import (
	"context"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"services.example/portal/infra/eventstore"
)

// readAll answers a read of $all.
func (r *reading) readAll(ctx context.Context, all *streams.ReadReq_Options_AllOptions) error {
	from, err := positionOf(all)
	if err != nil {
		return err
	}
	page := r.page(r.options.GetCount(), r.ofAll)
	if page.left == 0 {
		return nil
	}
	return r.server.log.VisitAll(ctx, eventstore.AllRead{From: from, Backwards: r.backwards}, page)
}
