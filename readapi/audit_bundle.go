package readapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"services.example/portal/domain/access"
	"services.example/portal/domain/machine"
	"services.example/portal/domain/problem"
	"services.example/portal/infra/casebundle"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/notifications"
	"services.example/portal/projections/workqueue"
)

func (q *Queries) registerAuditBundle(api huma.API) {
	op := auditOperation("audit-application-bundle", "/applications/{applicationId}/bundle",
		"A whole case as one zip file that can be checked without the portal: records with proofs, files, documents, signatures, reports",
		machine.AuditPersonal)
	op.Errors = append(op.Errors, http.StatusRequestEntityTooLarge)
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The bundle", Content: map[string]*huma.MediaType{
			"application/zip": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		},
	}}
	huma.Register(api, op, q.auditBundle)
}

type auditBundleInput struct {
	Consistent
	Audited
	ID string `path:"applicationId"`
}

// mostBundles is how many bundles are made in one process at a time: each holds the records of its case.
const mostBundles = 4

// auditBundle answers with a bundle. That somebody took the case out is recorded before anything of it is read in clear.
func (q *Queries) auditBundle(ctx context.Context, in *auditBundleInput) (*huma.StreamResponse, error) {
	if _, err := uuid.Parse(in.ID); err != nil {
		return nil, applicationNotFound()
	}
	if _, faults := access.Reason(readReason(in.Reason)); len(faults) > 0 {
		return nil, problem.Input(faults...)
	}
	leave, err := q.bundles.enter()
	if err != nil {
		return nil, err
	}
	contents, err := q.auditedContents(ctx, in)
	if err != nil {
		leave()
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) { //nolint:contextcheck // huma hands it the request's context
		defer leave()
		hctx.SetHeader("Content-Type", "application/zip")
		hctx.SetHeader("Content-Disposition", attachment(contents.Number+".zip"))
		hctx.SetHeader("Content-Security-Policy", "default-src 'none'; sandbox")
		if err := casebundle.Write(hctx.BodyWriter(), contents, q.deps.History); err != nil { // a zip without its end: the reader sees it
			slog.WarnContext(hctx.Context(), "bundle of a case not sent to its end", "application", in.ID, "error", err)
		}
	}}, nil
}

func (q *Queries) auditedContents(ctx context.Context, in *auditBundleInput) (*casebundle.Contents, error) {
	if err := q.await(ctx, in.Consistent, notifications.Name); err != nil {
		return nil, err
	}
	found, err := q.findCase(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	reading := access.Reading{What: access.Bundle, Application: in.ID, To: found.last().String(), Personal: true}
	if err := q.audited(ctx, in.Audited, reading); err != nil {
		return nil, err
	}
	return q.contents(ctx, found)
}

// CaseBundle makes ready what goes into the bundle of a case, for an operator at the portal's own machine. The
// number is the application's, or its id. The reading is recorded by record first. Errors: application-not-found;
// case-too-large; of the verifiable history; those of record.
func (q *Queries) CaseBundle(
	ctx context.Context, number, reason string, record func(context.Context, access.Reading) error,
) (*casebundle.Contents, error) {
	id, err := q.caseNumbered(ctx, number)
	if err != nil {
		return nil, err
	}
	found, err := q.findCase(ctx, id)
	if err != nil {
		return nil, err
	}
	err = record(ctx, access.Reading{What: access.Bundle, Application: id, To: found.last().String(), Personal: true, Reason: reason})
	if err != nil {
		return nil, err
	}
	return q.contents(ctx, found)
}

// caseNumbered finds the application with a number. Error: application-not-found.
func (q *Queries) caseNumbered(ctx context.Context, number string) (string, error) {
	if _, err := uuid.Parse(number); err == nil {
		return number, nil
	}
	first, _, _ := strings.Cut(number, "-")
	running, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return "", applicationNotFound()
	}
	head, err := eventstore.Head(ctx, q.deps.Events)
	if err != nil {
		return "", fmt.Errorf("finding the end of the log: %w", err)
	}
	if err := q.await(ctx, Consistent{MinPosition: head.String()}, workqueue.Name); err != nil {
		return "", err
	}
	found, _, err := list[workqueue.Row](ctx, q.deps, workqueue.Name, readstore.Query{
		Index: workqueue.ByNumber, Prefix: []any{running}, Limit: 1,
	})
	if err != nil {
		return "", err
	}
	if len(found) == 0 || found[0].Doc.Number != number {
		return "", applicationNotFound()
	}
	return found[0].ID, nil
}

func caseTooLarge() error { return problem.New(problem.TooLarge, "case-too-large") }

// bundleProblem is what people are told of an error of a bundle.
func bundleProblem(err error) error {
	if errors.Is(err, casebundle.ErrTooLarge) {
		return caseTooLarge()
	}
	return err
}
