package readapi

import (
	"context"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"services.example/portal/domain/access"
	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
)

// inLines describes an answer of lines for the OpenAPI document.
func inLines(op huma.Operation, description string) huma.Operation {
	op.Description = description + " Each line is an object: an event, with `sentence` in three languages and `data`; or " +
		"`{\"after\": …}`, which says how far the reading is. The last line has `complete` (everything that was asked for) or " +
		"`more` (go on with `after`); an answer without either was cut off: go on after the last line. " +
		"Personal data is there for auditors, and for programs with the scope audit:personal, unless `personal=false`; " +
		"passwords and other secrets are for nobody. Every reading is recorded before its first line, and seen by the next auditor."
	op.Responses = map[string]*huma.Response{"200": {
		Description: "Lines", Content: map[string]*huma.MediaType{ndjson: {Schema: &huma.Schema{Type: huma.TypeString}}},
		Headers: map[string]*huma.Param{logHead: {
			Description: "The position at which the log ended when the reading began", Schema: &huma.Schema{Type: huma.TypeString},
		}},
	}}
	return op
}

func (q *Queries) registerAuditEvents(api huma.API) {
	huma.Register(api, inLines(auditOperation("audit-events", "/events", "The log, event by event", machine.AuditRead),
		"The events of the whole log in their order, as lines of JSON."), q.auditEvents)
}

// Lines is how lines of history are asked for.
type Lines struct {
	Audited

	Personal bool `query:"personal" default:"true" doc:"Show personal data, as far as the caller may see it"`
	Limit    int  `query:"limit" minimum:"0" maximum:"100000" default:"0" doc:"How many events at most; 0: all"`
}

type auditEventsInput struct {
	Lines

	After   string   `query:"after" doc:"The position (or the after) of the last line that the caller has"`
	Until   string   `query:"until" doc:"The last position to read; otherwise the end of the log"`
	Types   []string `query:"types" doc:"Stored types of events, or their beginnings, separated by commas"`
	Streams []string `query:"streams" doc:"Names of streams, or their beginnings, separated by commas"`
	Follow  bool     `query:"follow" doc:"Go on with what happens from now on, until the caller goes"`
}

func (q *Queries) auditEvents(ctx context.Context, in *auditEventsInput) (*huma.StreamResponse, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, err
	}
	after, err := httpapi.MinPosition(in.After)
	if err != nil {
		return nil, err
	}
	until, err := q.end(ctx, in.Until)
	if err != nil {
		return nil, err
	}
	if in.Follow && in.Until != "" {
		return nil, problem.Input(problem.Field{Location: "until", Code: "out-of-range"})
	}
	leave, err := q.replays.enter()
	if err != nil {
		return nil, err
	}
	r := &replay{
		queries: q, personal: in.Personal && caller.Scope(string(machine.AuditPersonal)), follow: in.Follow, limit: in.Limit,
		chosen: eventstore.Filter{Streams: in.Streams, Types: in.Types},
	}
	reading := access.Reading{
		What: access.Events, Streams: in.Streams, Types: in.Types, From: in.After, To: until.String(), Personal: r.personal,
	}
	if in.Follow {
		reading.To = ""
	}
	if err := q.audited(ctx, in.Audited, reading); err != nil {
		leave()
		return nil, err
	}
	return q.lines(r, leave, until, func(ctx context.Context) error { return r.log(ctx, after, until) }), nil //nolint:contextcheck // huma hands it the request's context
}

// end is where a reading of the log ends: where it was asked to, but not after the last event. Error: bad-position.
func (q *Queries) end(ctx context.Context, asked string) (eventstore.Position, error) {
	until, err := httpapi.MinPosition(asked)
	if err != nil {
		return eventstore.Position{}, err
	}
	head, err := eventstore.Head(ctx, q.deps.Events)
	if err != nil {
		return eventstore.Position{}, fmt.Errorf("finding the end of the log: %w", err)
	}
	if until.IsZero() || head.Before(until) {
		return head, nil
	}
	return until, nil
}

// lines answers with what a reading writes.
func (q *Queries) lines(
	r *replay, leave func(), head eventstore.Position, read func(context.Context) error,
) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer leave()
		request, w := humachi.Unwrap(hctx)
		r.start(overHTTP(w, head))
		r.ended(request.Context(), read(request.Context()))
	}}
}

func isStreamName(name string) bool {
	return name != "" && !strings.HasPrefix(name, "$") && len(access.Names("stream", []string{name})) == 0
}
