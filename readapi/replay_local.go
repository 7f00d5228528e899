package readapi

import (
	"context"

	"services.example/portal/domain/access"
	"services.example/portal/infra/eventstore"
)

// Replay is what somebody at the portal's own machine reads of the log.
type Replay struct {
	After    eventstore.Position // the zero Position: from the beginning
	Until    eventstore.Position // the zero Position: to the end
	Types    []string            // stored types or their beginnings; none: all
	Streams  []string            // names of streams or their beginnings; none: all
	Limit    int                 // events; 0: all
	Follow   bool                // go on with what happens, until the context ends
	Personal bool                // show personal data
	Reason   string
}

// Replay gives the lines of a reading to somebody who is not a caller of the API. Head is told before the first of them:
// the position at which the reading ends. Record keeps that they read, as Deps.Access does for callers. Errors: those of
// record; too-many-streams.
func (q *Queries) Replay(
	ctx context.Context, what Replay, record func(context.Context, access.Reading) error,
	head func(eventstore.Position), send func([]byte) error,
) error {
	leave, err := q.replays.enter()
	if err != nil {
		return err
	}
	defer leave()
	asked := ""
	if !what.Until.IsZero() {
		asked = what.Until.String()
	}
	until, err := q.end(ctx, asked)
	if err != nil {
		return err
	}
	reading := access.Reading{
		What: access.Events, Streams: what.Streams, Types: what.Types, Personal: what.Personal, Reason: what.Reason,
	}
	if !what.After.IsZero() {
		reading.From = what.After.String()
	}
	if !what.Follow {
		reading.To = until.String()
	}
	if err := record(ctx, reading); err != nil {
		return err
	}
	head(until)
	r := &replay{
		queries: q, personal: what.Personal, follow: what.Follow, limit: what.Limit,
		chosen: eventstore.Filter{Streams: what.Streams, Types: what.Types},
	}
	r.start(send)
	return r.log(ctx, what.After, until)
}
