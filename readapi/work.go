package readapi

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/workqueue"
)

const workTag = "Work"

// workRow is a line of the lists of a provider's staff.
type workRow struct {
	ID          string     `json:"id" format:"uuid"`
	Number      string     `json:"number"`
	Service     namedOffer `json:"service"`
	Applicant   person     `json:"applicant"`
	Status      string     `json:"status"`
	Outcome     string     `json:"outcome,omitempty" doc:"Of a completed one: answered, approved, refused or not-signed"`
	SubmittedAt *time.Time `json:"submittedAt" doc:"When it was sent first"`
	DueAt       *time.Time `json:"dueAt" doc:"null while the provider's time does not run"`
	DaysLeft    *int       `json:"daysLeft" doc:"Until the due date, below 0 overdue; null while the provider's time does not run"`
	Unread      int        `json:"unread" doc:"Items of the thread that are new to the caller"`
	Executors   []person   `json:"executors"`
}

type person struct {
	ID   string `json:"id" format:"uuid"`
	Name string `json:"name" doc:"Empty: erased"`
}

type workInput struct {
	Consistent
	Paged
	View    string `query:"view" enum:"new,mine,due,overdue,all" default:"all" doc:"new: sent, nobody is on it, oldest first. mine: I am on it, not ended, by due date. due: the provider's time runs, by due date. overdue: of those, the late ones. all: newest number first"`
	Service string `query:"service" doc:"Only of this service, by its id"`
	Query   string `query:"q" maxLength:"200" doc:"Part of the number, of the applicant's name or of the service's name. A page may hold fewer rows than asked for and have a next"`
}

type workPage struct {
	Items []workRow `json:"items"`
	Next  string    `json:"next,omitempty"`
}

func (q *Queries) registerWork(api huma.API) {
	huma.Register(api, httpapi.Brief(httpapi.Private(operation("work-queue", "/work/applications", "Applications sent to the caller's provider", workTag))), q.work)
	huma.Register(api, httpapi.Private(operation("work-colleagues", "/work/colleagues", "Whom applications can be assigned to", workTag)),
		q.colleagues)
}

// staffCaller tells who of a provider's staff asks. Error: not-found, for everybody else.
func staffCaller(ctx context.Context) (httpapi.Caller, error) {
	caller, err := httpapi.Signed(ctx)
	if err == nil && !ofProvider(&caller) {
		err = problem.New(problem.NotFound, "not-found")
	}
	return caller, err
}

func (q *Queries) work(ctx context.Context, in *workInput) (*struct{ Body workPage }, error) {
	caller, err := staffCaller(ctx)
	if err != nil {
		return nil, err
	}
	if err := q.await(ctx, in.Consistent, workqueue.Name); err != nil {
		return nil, err
	}
	s, err := q.catalogue.now(ctx)
	if err != nil {
		return nil, err
	}
	found, next, err := q.workRows(ctx, s, queueQuery(&caller, in, q.deps.Now()), in)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(found, func(row item[workqueue.Row]) bool { return !s.knows(row.Doc.ServiceID, row.Doc.ServiceVersion) }) {
		if s, err = q.catalogue.refresh(ctx); err != nil { // an application for a service that was published a moment ago
			return nil, err
		}
	}
	names, err := q.peopleOfRows(ctx, found)
	if err != nil {
		return nil, err
	}
	page := workPage{Items: make([]workRow, len(found)), Next: next}
	for i := range found {
		page.Items[i] = s.workRow(&found[i], names, caller.AccountID, q.deps.Now())
	}
	return &struct{ Body workPage }{page}, nil
}

// queueQuery asks for the rows of a view. Every one begins with the caller's provider, or with the caller.
func queueQuery(caller *httpapi.Caller, in *workInput, now time.Time) readstore.Query {
	query := readstore.Query{Prefix: []any{caller.Provider}, Limit: in.Limit, After: in.After}
	switch in.View {
	case "new":
		query.Index = workqueue.ByNew
	case "mine":
		query.Index, query.Prefix = workqueue.ByExecutor, []any{caller.AccountID}
	case "due":
		query.Index = workqueue.ByTerm
	case "overdue":
		query.Index, query.To = workqueue.ByTerm, now
	default:
		query.Index = workqueue.ByProvider
		if in.Service != "" {
			query.Index, query.Prefix = workqueue.ByProviderAndService, append(query.Prefix, in.Service)
		}
		if running := wholeNumber(in.Query); running > 0 {
			query.From, query.To = running, running
		}
	}
	return query
}

func (s *snapshot) workRow(stored *item[workqueue.Row], names map[string]string, reader string, now time.Time) workRow {
	r := &stored.Doc
	row := workRow{
		ID: stored.ID, Number: r.Number, Service: s.named(r.ServiceID, r.ServiceVersion), Status: r.Status, Outcome: r.Outcome,
		Applicant: person{ID: r.Applicant, Name: names[r.Applicant]}, SubmittedAt: r.SubmittedAt, DueAt: r.Due(),
		Unread: r.Unread(reader), Executors: make([]person, len(r.Executors)),
	}
	row.DaysLeft = s.daysLeft(r.ServiceID, r.TermKind, now, row.DueAt)
	for i, id := range r.Executors {
		row.Executors[i] = person{ID: id, Name: names[id]}
	}
	return row
}

// peopleOfRows finds the names of applicants and executors.
func (q *Queries) peopleOfRows(ctx context.Context, rows []item[workqueue.Row]) (map[string]string, error) {
	var ids []string
	for i := range rows {
		ids = append(append(ids, rows[i].Doc.Applicant), rows[i].Doc.Executors...)
	}
	return q.accountNames(ctx, distinct(ids))
}

// staffUnread is what the bell of somebody of the staff shows: what is unread on the applications that they are on, ended
// ones too, newest number first.
func (q *Queries) staffUnread(ctx context.Context, in Consistent, accountID string) (*struct{ Body unread }, error) {
	if err := q.await(ctx, in, workqueue.Name); err != nil {
		return nil, err
	}
	body := unread{Applications: []unreadApplication{}}
	query := readstore.Query{Index: workqueue.ByUnread, Prefix: []any{accountID}, Limit: readstore.MaxLimit}
	for {
		rows, next, err := list[workqueue.Row](ctx, q.deps, workqueue.Name, query)
		if err != nil {
			return nil, fmt.Errorf("counting for the bell: %w", err)
		}
		for i := range rows {
			row := &rows[i]
			count := row.Doc.Unread(accountID)
			body.Total += count
			body.Applications = append(body.Applications, unreadApplication{ID: row.ID, Number: row.Doc.Number, Unread: count})
		}
		if next == "" {
			return &struct{ Body unread }{body}, nil
		}
		query.After = next
	}
}
