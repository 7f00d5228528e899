package readapi

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/access"
	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
	"services.example/portal/readapi/auditlog"
)

func (q *Queries) registerAuditStream(api huma.API) {
	huma.Register(api, inLines(auditOperation("audit-stream", "/streams/{stream}", "One stream, event by event", machine.AuditRead),
		"The events of one stream in their order, such as those of application-<id>, as lines of JSON. `after` is a revision here."),
		q.auditStream)
}

type auditStreamInput struct {
	Lines

	Stream string `path:"stream" maxLength:"120" doc:"Its name, such as application-<id>"`
	After  int64  `query:"after" minimum:"-1" default:"-1" doc:"The revision of the last line that the caller has"`
}

func (q *Queries) auditStream(ctx context.Context, in *auditStreamInput) (*huma.StreamResponse, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, err
	}
	if !isStreamName(in.Stream) {
		return nil, problem.New(problem.NotFound, "not-found")
	}
	head, err := q.end(ctx, "")
	if err != nil {
		return nil, err
	}
	leave, err := q.replays.enter()
	if err != nil {
		return nil, err
	}
	r := &replay{
		queries: q, personal: in.Personal && caller.Scope(string(machine.AuditPersonal)), limit: in.Limit,
	}
	reading := access.Reading{What: access.OneStream, Streams: []string{in.Stream}, Personal: r.personal}
	if in.After >= 0 {
		reading.From = strconv.FormatInt(in.After, 10)
	}
	if err := q.audited(ctx, in.Audited, reading); err != nil {
		leave()
		return nil, err
	}
	// Only after it is recorded that somebody looked: whether there is such a stream says something, too.
	if err := q.exists(ctx, in.Stream); err != nil {
		leave()
		return nil, err
	}
	return q.lines(r, leave, head, func(ctx context.Context) error { return r.stream(ctx, in.Stream, in.After) }), nil //nolint:contextcheck // huma hands it the request's context
}

// exists tells whether there is such a stream. Error: not-found.
func (q *Queries) exists(ctx context.Context, stream string) error {
	for _, err := range q.deps.Events.ReadStream(ctx, stream, eventstore.StreamRead{Limit: 1}) {
		var missing *eventstore.NotFoundError
		var deleted *eventstore.DeletedError
		if errors.As(err, &missing) || errors.As(err, &deleted) {
			return problem.New(problem.NotFound, "not-found")
		}
		if err != nil {
			return fmt.Errorf("looking for a stream: %w", err)
		}
	}
	return nil
}

// stream reads one stream after a revision, slice by slice.
func (r *replay) stream(ctx context.Context, stream string, after int64) error {
	for {
		var events []eventstore.Recorded
		for event, err := range r.queries.deps.Events.ReadStream(ctx, stream, eventstore.StreamRead{From: after + 1, Limit: replaySlice}) {
			if err != nil {
				return fmt.Errorf("reading a stream: %w", err)
			}
			events = append(events, event)
		}
		looked, err := r.slice(ctx, events)
		if err != nil {
			return err
		}
		after += int64(looked)
		switch {
		case looked < len(events) || r.full():
			return r.mark(auditlog.Mark{After: strconv.FormatInt(after, 10), More: true})
		case len(events) < replaySlice:
			return r.mark(auditlog.Mark{After: strconv.FormatInt(after, 10), Complete: true})
		}
	}
}
