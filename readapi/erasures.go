package readapi

import (
	"context"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/account"
	"services.example/portal/domain/erasure"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/retention"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/erasures"
)

func (q *Queries) registerErasures(api huma.API) {
	huma.Register(api, httpapi.Private(operation("read-my-erasure", "/my/erasure",
		"How the caller's request to be erased stands, and why", privacyTag)), q.myErasure)
	add := func(id, path, summary string) huma.Operation {
		return httpapi.Only(operation(id, "/admin"+path, summary, adminTag), string(account.Admin))
	}
	huma.Register(api, add("list-erasures", "/erasures", "Requests to be erased at one stage, the latest first"), q.listErasures)
	huma.Register(api, add("read-erasure", "/erasures/{accountId}", "How somebody's erasure stands, with its proof and what is kept"), q.readErasure)
	huma.Register(api, add("read-retention", "/retention", "The retention schedule"), q.readRetention)
}

// obstacleShown is what stands against an erasure.
type obstacleShown struct {
	Code          string `json:"code" enum:"application-open,evidence-pending,staff-account,account-in-use,legal-hold"`
	Message       string `json:"message" doc:"The same in the reader's language"`
	ApplicationID string `json:"applicationId,omitempty"`
}

// heldShown is a signed document that is kept.
type heldShown struct {
	DocumentID    string    `json:"documentId"`
	ApplicationID string    `json:"applicationId"`
	Kind          string    `json:"kind" enum:"act,agreement,result"`
	Until         time.Time `json:"until" doc:"Then it is destroyed"`
}

// erasureShown is a request to be erased, as its person sees it.
type erasureShown struct {
	Stage       erasure.Stage   `json:"stage" enum:"requested,approved,ordered,begun,key-destroyed,completed,refused,declined,withdrawn"`
	Origin      erasure.Origin  `json:"origin" enum:"self,written,retention,unconfirmed"`
	RequestedAt *time.Time      `json:"requestedAt"`
	Obstacles   []obstacleShown `json:"obstacles" doc:"Why it was refused"`
	NotBefore   *time.Time      `json:"notBefore,omitempty" doc:"When an ordered erasure begins"`
	ClosedAt    *time.Time      `json:"closedAt,omitempty" doc:"Completed, refused, declined or withdrawn"`
}

// anyErasure is a request to be erased, as administrators see it.
type anyErasure struct {
	AccountID string `json:"accountId"`
	erasureShown
	RequestedBy string      `json:"requestedBy,omitempty" doc:"Account id; absent: the portal itself, by the retention schedule"`
	Approvers   []string    `json:"approvers" doc:"Account ids"`
	DeclinedBy  string      `json:"declinedBy,omitempty"`
	KeyCheck    string      `json:"keyCheck,omitempty" doc:"SHA-256 of a secret of the destroyed key: it tells the key from every other"`
	Unreadable  int         `json:"unreadable" doc:"Events that were tried after the destruction and could not be read"`
	Files       int         `json:"files" doc:"That were removed"`
	Held        []heldShown `json:"held"`
	LegalHold   bool        `json:"legalHold"`
}

func shownErasure(ctx context.Context, d *erasures.Erasure) erasureShown {
	shown := erasureShown{
		Stage: erasure.Stage(d.Stage), Origin: erasure.Origin(d.Origin), RequestedAt: d.RequestedAt, NotBefore: d.NotBefore,
		ClosedAt: d.ClosedAt, Obstacles: []obstacleShown{},
	}
	for _, o := range d.Obstacles {
		shown.Obstacles = append(shown.Obstacles, obstacleShown{
			Code: o.Code, ApplicationID: o.ApplicationID, Message: httpapi.Message(httpapi.LanguageOf(ctx), o.Code, nil),
		})
	}
	return shown
}

func shownToAdmin(ctx context.Context, d *erasures.Erasure) anyErasure {
	shown := anyErasure{
		AccountID: d.Account, erasureShown: shownErasure(ctx, d), RequestedBy: d.RequestedBy, DeclinedBy: d.ClosedBy,
		Approvers: append([]string{}, d.Approvers...), KeyCheck: d.KeyCheck, Unreadable: d.Unreadable, Files: d.Files,
		LegalHold: d.LegalHold, Held: []heldShown{},
	}
	for _, h := range d.Held {
		shown.Held = append(shown.Held, heldShown(h))
	}
	return shown
}

func (q *Queries) myErasure(ctx context.Context, in *Consistent) (*struct{ Body erasureShown }, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, err
	}
	found, err := q.erasure(ctx, *in, caller.AccountID)
	if err != nil {
		return nil, err
	}
	if found.Stage == "" { // a legal hold is not told
		return nil, erasureNotFound()
	}
	return &struct{ Body erasureShown }{shownErasure(ctx, found)}, nil
}

func (q *Queries) readErasure(ctx context.Context, in *struct {
	Consistent
	AccountID string `path:"accountId"`
},
) (*struct{ Body anyErasure }, error) {
	found, err := q.erasure(ctx, in.Consistent, in.AccountID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body anyErasure }{shownToAdmin(ctx, found)}, nil
}

func (q *Queries) erasure(ctx context.Context, in Consistent, person string) (*erasures.Erasure, error) {
	if err := q.await(ctx, in, erasures.Name); err != nil {
		return nil, err
	}
	found, err := get[erasures.Erasure](ctx, q.deps, erasures.Name, person)
	if errors.Is(err, readstore.ErrNotFound) {
		return nil, erasureNotFound()
	}
	return found, err
}

func erasureNotFound() error { return problem.New(problem.NotFound, "erasure-not-found") }

type erasuresPage struct {
	Items []anyErasure `json:"items"`
	Next  string       `json:"next,omitempty" doc:"Absent at the end"`
}

func (q *Queries) listErasures(ctx context.Context, in *struct {
	Consistent
	Paged
	Stage erasure.Stage `query:"stage" enum:"requested,approved,ordered,begun,key-destroyed,completed,refused,declined,withdrawn" default:"requested"`
},
) (*struct{ Body erasuresPage }, error) {
	if err := q.await(ctx, in.Consistent, erasures.Name); err != nil {
		return nil, err
	}
	found, next, err := list[erasures.Erasure](ctx, q.deps, erasures.Name, readstore.Query{
		Index: erasures.ByStage, Prefix: []any{string(in.Stage)}, Limit: in.Limit, After: in.After, Reverse: true,
	})
	if err != nil {
		return nil, err
	}
	body := erasuresPage{Items: make([]anyErasure, len(found)), Next: next}
	for i := range found {
		body.Items[i] = shownToAdmin(ctx, &found[i].Doc)
	}
	return &struct{ Body erasuresPage }{body}, nil
}

type retentionPage struct {
	ETag string `header:"ETag" doc:"The revision, for If-Match"`
	Body struct {
		Rules []retentionShown `json:"rules"`
	}
}

type retentionShown struct {
	Kind   retention.Kind `json:"kind" enum:"act,agreement,result,account,staff,registration"`
	Months int            `json:"months"`
	Basis  string         `json:"basis"`
}

// readRetention folds the schedule's own stream: it is short, and has no read model.
func (q *Queries) readRetention(ctx context.Context, _ *struct{}) (*retentionPage, error) {
	var s retention.State
	for recorded, err := range q.deps.Events.ReadStream(ctx, retention.Stream, eventstore.StreamRead{}) {
		var missing *eventstore.NotFoundError
		if errors.As(err, &missing) {
			break
		}
		if err != nil {
			return nil, err
		}
		envelope, err := q.deps.Codec.Decode(ctx, recorded)
		if err != nil {
			return nil, err
		}
		if event, ok := envelope.Event.(retention.Event); ok {
			s = retention.Evolve(s, event)
		}
	}
	page := &retentionPage{ETag: httpapi.ETag(int64(s.Version - 1))} // every event of the stream is a version
	page.Body.Rules = []retentionShown{}
	for _, rule := range s.Rules() {
		page.Body.Rules = append(page.Body.Rules, retentionShown(rule))
	}
	return page, nil
}
