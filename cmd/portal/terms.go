package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"services.example/portal/commands/reactors"
	"services.example/portal/domain/application"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections"
	"services.example/portal/projections/workqueue"
)

// termsFlags say how terms are looked after.
type termsFlags struct {
	Every time.Duration `env:"PORTAL_TERMS_EVERY" default:"5m" help:"How often due dates that come near or pass, reminders, and applications that nobody goes on with are looked after."`
}

var errTermsEvery = errors.New("--terms-every: at least a second")

// Validate refuses what would keep the process busy with nothing else.
func (f termsFlags) Validate() error {
	if f.Every < time.Second {
		return errTermsEvery
	}
	return nil
}

func (f termsFlags) every() time.Duration { return cmp.Or(f.Every, reactors.TermsEvery) }

// termIndex finds applications for which somebody waits in the staff's read model.
type termIndex struct {
	reads  readstore.Store
	serves func(ctx context.Context, name string) (collection string, err error)
}

func (p *portal) terms() termIndex {
	return termIndex{reads: p.reads, serves: func(ctx context.Context, name string) (string, error) {
		return p.engine.Directory().Serving(ctx, name)
	}}
}

const termPage = 200

// Due lists applications whose term runs.
func (i termIndex) Due(ctx context.Context, until time.Time, after string) ([]reactors.DueApplication, string, error) {
	query := readstore.Query{Index: workqueue.ByDueDate, To: until, After: after, Limit: termPage}
	return listRows(ctx, i, query, func(id string, row *workqueue.Row) (reactors.DueApplication, bool) {
		due := row.Due()
		if due == nil {
			return reactors.DueApplication{}, false
		}
		near := row.DueSoonFor != nil && row.DueSoonFor.Equal(*due)
		return reactors.DueApplication{ID: id, Provider: row.ProviderID, DueAt: *due, Near: near}, true
	})
}

// Waiting lists applications that wait for their applicant.
func (i termIndex) Waiting(
	ctx context.Context, waitingFor application.WaitingFor, since time.Time, after string,
) ([]reactors.WaitingApplication, string, error) {
	query := readstore.Query{
		Index: workqueue.ByWaiting, Prefix: []any{string(waitingFor)}, To: since, After: after, Limit: termPage,
	}
	return listRows(ctx, i, query, func(id string, row *workqueue.Row) (reactors.WaitingApplication, bool) {
		if row.Since == nil {
			return reactors.WaitingApplication{}, false
		}
		reminded := slices.Contains(row.RemindedOf, string(waitingFor))
		return reactors.WaitingApplication{ID: id, Since: *row.Since, Reminded: reminded}, true
	})
}

// listRows lists a page of rows, each as what it is read for; none while the read model is being built for the first time.
func listRows[T any](
	ctx context.Context, i termIndex, query readstore.Query, read func(id string, row *workqueue.Row) (T, bool),
) ([]T, string, error) {
	collection, err := i.serves(ctx, workqueue.Name)
	if errors.Is(err, projections.ErrNotServing) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	page, err := i.reads.List(ctx, collection, query)
	if err != nil {
		return nil, "", fmt.Errorf("listing %s: %w", workqueue.Name, err)
	}
	var list []T
	for _, document := range page.Documents {
		var row workqueue.Row
		if err := document.Decode(&row); err != nil {
			return nil, "", err
		}
		if one, is := read(document.ID, &row); is {
			list = append(list, one)
		}
	}
	return list, page.Next, nil
}
