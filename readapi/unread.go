package readapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/myapplications"
)

// unread is what the bell shows.
type unread struct {
	Total        int                 `json:"total" doc:"The sum of the applications' unread"`
	Applications []unreadApplication `json:"applications" doc:"Those with something unread, newest number first"`
}

type unreadApplication struct {
	ID     string `json:"id" format:"uuid"`
	Number string `json:"number"`
	Unread int    `json:"unread" doc:"Items of the thread that are new to the caller"`
}

func (q *Queries) registerUnread(api huma.API) {
	huma.Register(api, httpapi.Brief(httpapi.Private(operation("my-unread", "/my/unread", "The bell: what is unread, by application", applicationsTag))), q.unread)
}

func (q *Queries) unread(ctx context.Context, in *Consistent) (*struct{ Body unread }, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, err
	}
	if ofProvider(&caller) {
		return q.staffUnread(ctx, *in, caller.AccountID)
	}
	if err := q.await(ctx, *in, myapplications.Name); err != nil {
		return nil, err
	}
	body := unread{Applications: []unreadApplication{}}
	query := readstore.Query{Index: myapplications.ByUnread, Prefix: []any{caller.AccountID}, Limit: readstore.MaxLimit}
	for {
		rows, next, err := list[myapplications.Line](ctx, q.deps, myapplications.Name, query)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			row := &rows[i]
			body.Total += row.Doc.Unread
			body.Applications = append(body.Applications, unreadApplication{ID: row.ID, Number: row.Doc.Number, Unread: row.Doc.Unread})
		}
		if next == "" {
			return &struct{ Body unread }{body}, nil
		}
		query.After = next
	}
}
