package readapi

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/application"
	"services.example/portal/domain/calendar"
	"services.example/portal/domain/text"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/myapplications"
	"services.example/portal/projections/servicecatalogue"
)

const applicationsTag = "Applications"

// applicationRow is a line of "My applications".
type applicationRow struct {
	ID        string     `json:"id" format:"uuid"`
	Number    string     `json:"number"`
	Date      *time.Time `json:"date" doc:"When it was sent; null: not sent"`
	Service   namedOffer `json:"service"`
	Executors []string   `json:"executors" doc:"Names"`
	DueAt     *time.Time `json:"dueAt"`
	DaysLeft  *int       `json:"daysLeft" doc:"Until the due date, below 0 overdue; null while the provider's time does not run"`
	Unread    int        `json:"unread" doc:"Items of the thread that are new to the applicant"`
	Status    string     `json:"status"`
	Outcome   string     `json:"outcome,omitempty" doc:"Of a completed one: answered, approved, refused or not-signed"`
}

type namedOffer struct {
	ID   string    `json:"id" format:"uuid"`
	Name text.Text `json:"name"`

	written []byte // as JSON, where it was written before
}

type myApplicationsInput struct {
	Consistent
	Paged
	Status string `query:"status" enum:"draft,submitted,in_work,returned,answered,approved,awaiting_signature,refused,completed,withdrawn"`
	Query  string `query:"q" maxLength:"200" doc:"Part of the number or of the service's name"`
}

// myApplicationsPage is the answer as the OpenAPI document describes it; appendPage writes it.
type myApplicationsPage struct {
	Items []applicationRow `json:"items"`
	Next  string           `json:"next,omitempty"`
}

func (q *Queries) registerMyApplications(api huma.API) {
	op := httpapi.Brief(httpapi.Private(operation("my-applications", "/my/applications", "My applications, newest number first", applicationsTag)))
	huma.Register(api, writes[myApplicationsPage](api, op, "MyApplicationsPage"), q.myApplications)
}

func (q *Queries) myApplications(ctx context.Context, in *myApplicationsInput) (*huma.StreamResponse, error) {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return nil, err
	}
	if err := q.await(ctx, in.Consistent, myapplications.Name); err != nil {
		return nil, err
	}
	s, err := q.catalogue.now(ctx)
	if err != nil {
		return nil, err
	}
	page, next, err := q.myPage(ctx, s, caller.AccountID, in)
	if err != nil {
		return nil, err
	}
	return written(func(b []byte) []byte { return appendPage(b, page.json, next) }), nil
}

// myPage returns the rows of a page as JSON. Only those that changed since it was shown last are made anew.
func (q *Queries) myPage(
	ctx context.Context, s *snapshot, applicant string, in *myApplicationsInput,
) (_ *renderedPage, next string, err error) {
	collection, err := serving(ctx, q.deps, myapplications.Name)
	if err != nil {
		return nil, "", err
	}
	now := q.deps.Now()
	key := renderedKey{applicant: applicant, status: in.Status, query: in.Query, after: in.After, limit: in.Limit}
	from := renderedFrom{collection: collection, catalogue: s.generation, day: calendar.DateOf(now)}
	last := q.rendered.find(key, from)
	if last != nil {
		if current, err := q.stillCalled(ctx, last.people); err != nil {
			return nil, "", err
		} else if !current {
			last = nil
		}
	}
	if last != nil && in.Query == "" {
		// What was shown last is most likely still right: whether it is needs no bodies.
		page, err := q.deps.Reads.List(ctx, collection, listed(applicant, in, true))
		if err != nil {
			return nil, "", fmt.Errorf("listing %s: %w", myapplications.Name, err)
		}
		if last.shows(page.Documents) {
			return last, page.Next, nil
		}
	}
	found, next, err := q.rows(ctx, collection, s, applicant, in)
	if err != nil {
		return nil, "", err
	}
	if last.shows(found) {
		return last, next, nil
	}
	changed, err := decodeChanged(found, last)
	if err != nil {
		return nil, "", err
	}
	if slices.ContainsFunc(changed, func(row item[myapplications.Line]) bool { return !s.knows(row.Doc.ServiceID, row.Doc.ServiceVersion) }) {
		// An application for a service that was published a moment ago.
		if s, err = q.catalogue.refresh(ctx); err != nil {
			return nil, "", err
		}
		from.catalogue, last = s.generation, nil
		if changed, err = decodeChanged(found, last); err != nil {
			return nil, "", err
		}
	}
	names, err := q.executorNames(ctx, changed)
	if err != nil {
		return nil, "", err
	}
	page := &renderedPage{
		renderedFrom: from, people: last.peopleAnd(changed, names), rows: make([]renderedRow, 0, len(found)), json: make([]byte, 0, len(found)*rowSize),
	}
	for i := range found {
		document := &found[i]
		if row := last.row(document); row != nil {
			page.add(document.ID, document.Seen, func(b []byte) []byte { return append(b, row...) })
			continue
		}
		row := &changed[0]
		changed = changed[1:]
		shown := s.row(row, names, now)
		page.add(document.ID, document.Seen, func(b []byte) []byte { return appendRow(b, &shown) })
	}
	page.json = bytes.Clone(page.json) // it is kept for long, without room to grow
	q.rendered.keep(key, page)
	return page, next, nil
}

// decodeChanged decodes the documents that a page does not show as they are.
func decodeChanged(found []readstore.Document, page *renderedPage) ([]item[myapplications.Line], error) {
	var changed []item[myapplications.Line]
	for i := range found {
		if page.row(&found[i]) != nil {
			continue
		}
		row := item[myapplications.Line]{ID: found[i].ID}
		if err := found[i].Decode(&row.Doc); err != nil {
			return nil, err
		}
		changed = append(changed, row)
	}
	return changed, nil
}

// row shows a stored row.
func (s *snapshot) row(stored *item[myapplications.Line], names map[string]string, now time.Time) applicationRow {
	r := &stored.Doc
	row := applicationRow{
		ID: stored.ID, Number: r.Number, Date: r.SubmittedAt, DueAt: r.DueAt, Status: r.Status, Outcome: r.Outcome,
		Service:   s.named(r.ServiceID, r.ServiceVersion),
		Executors: named(r.Executors, names), Unread: r.Unread,
	}
	if r.TermRuns() {
		row.DaysLeft = s.daysLeft(r.ServiceID, r.TermKind, now, r.DueAt)
	}
	return row
}

// listed asks for a page of an applicant's rows.
func listed(applicant string, in *myApplicationsInput, seenOnly bool) readstore.Query {
	query := readstore.Query{
		Index: myapplications.ByApplicant, Prefix: []any{applicant}, Limit: in.Limit, After: in.After, SeenOnly: seenOnly,
	}
	switch in.Status {
	case "":
	case string(application.Refused): // which has completed it
		query.Index = myapplications.ByRefused
	default:
		query.Index, query.Prefix = myapplications.ByApplicantAndStatus, []any{applicant, in.Status}
	}
	return query
}

// rows returns a page of an applicant's rows. With a search, pages are read until enough rows fit: an applicant's rows
// are few.
func (q *Queries) rows(
	ctx context.Context, collection string, s *snapshot, applicant string, in *myApplicationsInput,
) (rows []readstore.Document, next string, err error) {
	query := listed(applicant, in, false)
	wanted := servicecatalogue.Fold(strings.TrimSpace(in.Query))
	for {
		query.Limit = in.Limit - len(rows)
		page, err := q.deps.Reads.List(ctx, collection, query)
		if err != nil {
			return nil, "", fmt.Errorf("listing %s: %w", myapplications.Name, err)
		}
		if wanted == "" {
			return page.Documents, page.Next, nil
		}
		for _, document := range page.Documents {
			var row myapplications.Line
			if err := document.Decode(&row); err != nil {
				return nil, "", err
			}
			if s.fits(&row, wanted) {
				rows = append(rows, document)
			}
		}
		if page.Next == "" || len(rows) == in.Limit {
			return rows, page.Next, nil
		}
		query.After = page.Next
	}
}

// fits tells whether a row's number or service name holds a folded text.
func (s *snapshot) fits(row *myapplications.Line, wanted string) bool {
	if strings.Contains(row.Number, wanted) {
		return true
	}
	name := s.named(row.ServiceID, row.ServiceVersion).Name
	return strings.Contains(servicecatalogue.Fold(name.KK+"\n"+name.RU+"\n"+name.EN), wanted)
}

// executorNames finds the names of everybody who works on these applications.
func (q *Queries) executorNames(ctx context.Context, rows []item[myapplications.Line]) (map[string]string, error) {
	var ids []string
	for _, row := range rows {
		ids = append(ids, row.Doc.Executors...)
	}
	return q.accountNames(ctx, ids)
}
