package readapi

import (
	"context"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"services.example/portal/infra/httpapi"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/notes"
	"services.example/portal/projections/workqueue"
)

// internalNote is a note that staff wrote for each other.
type internalNote struct {
	ID     string    `json:"id" format:"uuid"`
	At     time.Time `json:"at"`
	Author person    `json:"author"`
	Text   string    `json:"text" doc:"Plain text; empty: erased"`
}

type notesInput struct {
	ApplicationInput
	Paged
	Order string `query:"order" enum:"oldest,newest" default:"oldest"`
}

type notesPage struct {
	Items []internalNote `json:"items"`
	Next  string         `json:"next,omitempty"`
}

func (q *Queries) registerNotes(api huma.API) {
	huma.Register(api, httpapi.Private(operation("read-notes", "/applications/{id}/notes",
		"Internal notes: for the provider's staff alone", workTag)), q.notes)
}

func (q *Queries) notes(ctx context.Context, in *notesInput) (*struct{ Body notesPage }, error) {
	if err := q.staffOnly(ctx, in.ApplicationInput); err != nil {
		return nil, err
	}
	query := readstore.Query{
		Index: notes.ByApplication, Prefix: []any{in.ID}, Limit: in.Limit, After: in.After, Reverse: in.Order == "newest",
	}
	found, next, err := list[notes.Note](ctx, q.deps, notes.Name, query)
	if err != nil {
		return nil, err
	}
	var authors []string
	for i := range found {
		authors = append(authors, found[i].Doc.Author)
	}
	names, err := q.accountNames(ctx, distinct(authors))
	if err != nil {
		return nil, err
	}
	page := notesPage{Items: make([]internalNote, len(found)), Next: next}
	for i := range found {
		n := &found[i].Doc
		page.Items[i] = internalNote{
			ID: found[i].ID, At: n.At, Text: n.Text, Author: person{ID: n.Author, Name: names[n.Author]},
		}
	}
	return &struct{ Body notesPage }{page}, nil
}

// staffOnly lets the staff of the provider to which an application was sent through. Error: application-not-found, for
// everybody else, its applicant too.
func (q *Queries) staffOnly(ctx context.Context, in ApplicationInput) error {
	caller, err := httpapi.Signed(ctx)
	if err != nil {
		return err
	}
	if _, err := uuid.Parse(in.ID); err != nil {
		return applicationNotFound()
	}
	if err := q.await(ctx, in.Consistent, notes.Name, workqueue.Name); err != nil {
		return err
	}
	row, err := get[workqueue.Row](ctx, q.deps, workqueue.Name, in.ID)
	if errors.Is(err, readstore.ErrNotFound) {
		return applicationNotFound()
	}
	if err != nil {
		return err
	}
	who, err := q.readerOf(ctx, &caller, belonging{
		applicant: row.Applicant, provider: row.ProviderID, service: row.ServiceID, sent: row.Sent(),
	})
	if err == nil && !who.staff() {
		err = applicationNotFound()
	}
	return err
}
