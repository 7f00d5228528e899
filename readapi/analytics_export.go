package readapi

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/access"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
	"services.example/portal/projections/cases"
	"services.example/portal/readapi/analytics"
)

// mostExports is how many exports may run at once.
const mostExports = 2

type exportInput struct {
	Consistent
	Audited
	Period
	Service  string `query:"service" format:"uuid" doc:"Only of this service"`
	Provider string `query:"provider" format:"uuid" doc:"Only of this provider"`
	Format   string `query:"format" enum:"csv,ndjson,parquet" default:"csv"`
	Key      string `header:"Export-Key" doc:"16 to 64 bytes in base64 that only the analyst knows: exports with the same key have the same pseudonyms. Without it, this export joins with no other"`
}

func (q *Queries) registerAnalyticsExport(api huma.API) {
	op := analyticsOperation("analytics-export", "/applications/export",
		"The applications sent in a period, one row each, under pseudonyms. Columns: docs/analytics.md")
	content := map[string]*huma.MediaType{}
	for _, format := range []analytics.Format{analytics.CSV, analytics.NDJSON, analytics.Parquet} {
		content[format.MediaType()] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	}
	op.Responses = map[string]*huma.Response{"200": {Description: "The rows; an answer that breaks off is not complete", Content: content}}
	op.Errors = append(op.Errors, http.StatusTooManyRequests)
	huma.Register(api, op, q.export)
}

func (q *Queries) export(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	list, err := in.months(q.deps.Now())
	if err != nil {
		return nil, err
	}
	names, err := q.pseudonyms(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	if err := q.await(ctx, in.Consistent, cases.Name); err != nil {
		return nil, err
	}
	select {
	case q.exports <- struct{}{}:
	default:
		return nil, &problem.Problem{Kind: problem.TooMany, Code: "too-many-requests", RetryAfter: longestWait}
	}
	release := func() { <-q.exports }
	from, to := list[0], list[len(list)-1]
	cubes, err := q.cubes.sent(ctx, list, true)
	if err == nil {
		err = q.audited(ctx, in.Audited, access.Reading{What: access.Export, From: from, To: to})
	}
	if err != nil {
		release()
		return nil, err
	}
	source, err := q.cubes.source(ctx)
	if err != nil {
		release()
		return nil, err
	}
	only := AnalyticsFilter{Service: in.Service, Provider: in.Provider} // not of a region: its rows may not name theirs
	pass := func(c *cases.Case) bool { return only.pass(c.ServiceID, c.ProviderID, "", "") }
	format := analytics.Format(in.Format)
	return &huma.StreamResponse{Body: func(hctx huma.Context) { //nolint:contextcheck // huma hands it the request's context
		defer release()
		hctx.SetHeader("Content-Type", format.MediaType())
		hctx.SetHeader("Content-Disposition", attachment("applications-"+from+"-"+to+"."+in.Format))
		ctx := hctx.Context()
		err := writeExport(hctx.BodyWriter(), format, func(w analytics.Writer) error {
			_, err := source.Export(ctx, cubes, from, to, q.deps.Now(), names, pass, w)
			return err
		})
		if err != nil {
			slog.WarnContext(ctx, "export not sent to its end", "format", in.Format, "error", err)
			panic(http.ErrAbortHandler) // the reader must not take what was sent for the whole
		}
	}}, nil
}

func writeExport(to io.Writer, format analytics.Format, rows func(analytics.Writer) error) error {
	w, err := analytics.NewWriter(format, to)
	if err != nil {
		return err
	}
	if err := rows(w); err != nil {
		return err
	}
	return w.Close()
}

// pseudonyms are those of the caller and their key. Error: wrong-format.
func (q *Queries) pseudonyms(ctx context.Context, key string) (*analytics.Pseudonyms, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, err
	}
	bad := problem.Input(problem.Field{Location: "Export-Key", Code: "wrong-format"})
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return nil, bad
	}
	names, err := analytics.NewPseudonyms(q.deps.AnalyticsSecret, caller.AccountID, raw)
	if err != nil {
		return nil, bad
	}
	return names, nil
}
