package readapi

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/myapplications"
	"services.example/portal/projections/notifications"
	"services.example/portal/readapi/persondata"
)

const privacyTag = "Personal data"

// mostCopies is how many people's own data may be written at once, in one process: each is all that there is of somebody.
const mostCopies = 4

func (q *Queries) registerMyData(api huma.API) {
	op := httpapi.Private(operation("my-data", "/my/data", "Everything that the portal holds on the caller, as one zip", privacyTag))
	op.Errors = append(op.Errors, http.StatusTooManyRequests)
	op.Description = "README.txt in it says what is where. Passwords and what else opens something are left out, and what staff write among themselves."
	huma.Register(api, op, q.myData)
}

func (q *Queries) myData(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := serving(ctx, q.deps, myapplications.Name); err != nil { // before the answer begins
		return nil, err
	}
	leave, err := q.copies.enter()
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) { //nolint:contextcheck // huma hands it the request's context
		defer leave()
		hctx.SetHeader("Content-Type", "application/zip")
		hctx.SetHeader("Content-Disposition", attachment("my-data.zip"))
		hctx.SetHeader("Cache-Control", "no-store")
		hctx.SetHeader("Content-Security-Policy", "default-src 'none'; sandbox")
		if err := q.WritePerson(hctx.Context(), hctx.BodyWriter(), caller.AccountID, false); err != nil {
			slog.WarnContext(hctx.Context(), "a person's data not sent to its end", "account", caller.AccountID, "error", err)
			panic(http.ErrAbortHandler) // the reader must not take what was sent for the whole
		}
	}}, nil
}

// WritePerson writes what is held on a person. Internal: for whoever runs the portal.
func (q *Queries) WritePerson(ctx context.Context, w io.Writer, person string, internal bool) error {
	source := persondata.Source{
		Events: q.deps.Events, Codec: q.deps.Codec, Open: q.deps.Files.Open,
		Applications: func(ctx context.Context, person string) ([]string, error) {
			return q.ids(ctx, myapplications.Name, readstore.Query{Index: myapplications.ByApplicant, Prefix: []any{person}})
		},
		Notices: func(ctx context.Context, application string) ([]string, error) {
			return q.ids(ctx, notifications.Name, readstore.Query{
				Index: notifications.ByApplicationAndRecipient, Prefix: []any{application, person},
			})
		},
	}
	return persondata.Write(ctx, w, source, persondata.Copy{Person: person, Internal: internal, At: q.deps.Now()})
}

// ids lists the ids of all documents that a query finds.
func (q *Queries) ids(ctx context.Context, model string, query readstore.Query) ([]string, error) {
	query.Limit, query.SeenOnly = readstore.MaxLimit, true
	collection, err := serving(ctx, q.deps, model)
	if err != nil {
		return nil, err
	}
	var ids []string
	for {
		page, err := q.deps.Reads.List(ctx, collection, query)
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", model, err)
		}
		for _, document := range page.Documents {
			ids = append(ids, document.ID)
		}
		if query.After = page.Next; query.After == "" {
			return ids, nil
		}
	}
}
