package readapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/accesses"
)

// accessShown is who read what, as the next auditor sees it.
type accessShown struct {
	ID          string       `json:"id"`
	At          time.Time    `json:"at"`
	Reader      accessReader `json:"reader"`
	What        string       `json:"what" enum:"stream,events,as-of,diff,bundle,person,content,export"`
	Application string       `json:"application,omitempty" doc:"The id of the case, if one was read"`
	Streams     []string     `json:"streams" doc:"Names of streams or their beginnings; none: not restricted"`
	Types       []string     `json:"types" doc:"Stored types or their beginnings; none: not restricted"`
	From        string       `json:"from,omitempty" doc:"Where the reading began: a position, a revision or a time; absent: the beginning"`
	To          string       `json:"to,omitempty" doc:"Where it ended at the latest"`
	Personal    bool         `json:"personal" doc:"Personal data was shown"`
	Reason      string       `json:"reason" doc:"Empty: erased"`
}

type accessReader struct {
	ID   string `json:"id" doc:"Of an account, or of a service account"`
	Name string `json:"name,omitempty"`
	Role string `json:"role"`
}

type accessesPage struct {
	Items []accessShown `json:"items"`
	Next  string        `json:"next,omitempty"`
}

type accessesInput struct {
	Consistent
	Paged

	Reader      string `query:"reader" doc:"Only those of this account"`
	Application string `query:"application" doc:"Only those of this case, by its id"`
	Order       string `query:"order" enum:"newest,oldest" default:"newest"`
}

func (q *Queries) registerAuditAccesses(api huma.API) {
	op := auditOperation("audit-accesses", "/accesses", "Who has read what of the history, when and why", machine.AuditPersonal)
	op.Description = "Readings of the whole log and of its streams show here by the streams that were asked for, not by the cases in them."
	huma.Register(api, op, q.auditAccesses)
}

func (q *Queries) auditAccesses(ctx context.Context, in *accessesInput) (*struct{ Body accessesPage }, error) {
	query := readstore.Query{Index: accesses.ByTime, Limit: in.Limit, After: in.After, Reverse: in.Order == "newest"}
	switch {
	case in.Reader != "" && in.Application != "":
		return nil, problem.Input(problem.Field{Location: "reader", Code: "not-together"})
	case in.Reader != "":
		query.Index, query.Prefix = accesses.ByReader, []any{in.Reader}
	case in.Application != "":
		query.Index, query.Prefix = accesses.ByApplication, []any{in.Application}
	}
	for location, id := range map[string]string{"reader": in.Reader, "application": in.Application} {
		if _, err := uuid.Parse(id); id != "" && err != nil {
			return nil, problem.Input(problem.Field{Location: location, Code: "wrong-format"})
		}
	}
	if err := q.await(ctx, in.Consistent, accesses.Name); err != nil {
		return nil, err
	}
	found, next, err := list[accesses.Access](ctx, q.deps, accesses.Name, query)
	if err != nil {
		return nil, err
	}
	readers := make([]string, len(found))
	for i := range found {
		readers[i] = found[i].Doc.Reader
	}
	names, err := q.accountNames(ctx, distinct(readers))
	if err != nil {
		return nil, err
	}
	page := accessesPage{Items: make([]accessShown, len(found)), Next: next}
	for i := range found {
		a := &found[i].Doc
		page.Items[i] = accessShown{
			ID: found[i].ID, At: a.At, Reader: accessReader{ID: a.Reader, Name: names[a.Reader], Role: a.Role}, What: a.What,
			Application: a.Application, Streams: orEmpty(a.Streams), Types: orEmpty(a.Types), From: a.From, To: a.To,
			Personal: a.Personal, Reason: a.Reason,
		}
	}
	return &struct{ Body accessesPage }{page}, nil
}
