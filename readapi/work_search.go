package readapi

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"services.example/portal/infra/readstore"
	"services.example/portal/projections/servicecatalogue"
	"services.example/portal/projections/workqueue"
)

// A search in a list of work reads that many rows at a time, and no more than that many for one page: the next page goes on
// where it stopped.
const (
	searchedAtOnce  = 250
	searchedForPage = 2000
)

// workSearch is what a list of work is searched for. It folds each name once: most rows share theirs.
type workSearch struct {
	q       *Queries
	s       *snapshot
	service string // its id; empty: any
	wanted  string // folded; empty: anything
	offers  map[serviceVersion]string
	people  map[string]string
}

// serviceVersion names a version of a service.
type serviceVersion struct {
	service string
	version int
}

// workRows reads a page of a list of work. With a search, it reads on until enough rows fit, or it has read enough.
func (q *Queries) workRows(
	ctx context.Context, s *snapshot, query readstore.Query, in *workInput,
) (rows []item[workqueue.Row], next string, err error) {
	search := workSearch{
		q: q, s: s, service: in.Service, wanted: servicecatalogue.Fold(strings.TrimSpace(in.Query)),
		offers: map[serviceVersion]string{}, people: map[string]string{},
	}
	if query.Index == workqueue.ByProviderAndService {
		search.service = "" // all are of that service
	}
	if search.wanted == "" && search.service == "" {
		return list[workqueue.Row](ctx, q.deps, workqueue.Name, query)
	}
	collection, err := serving(ctx, q.deps, workqueue.Name)
	if err != nil {
		return nil, "", err
	}
	for searched := 0; ; {
		page, err := q.deps.Reads.List(ctx, collection, query)
		if err != nil {
			return nil, "", fmt.Errorf("searching in %s: %w", workqueue.Name, err)
		}
		fitting, last, err := search.fitting(ctx, page.Documents, in.Limit-len(rows))
		if err != nil {
			return nil, "", err
		}
		if read := last + 1; read < len(page.Documents) { // more fit than the page holds: it ends with the last of them
			query.Limit = read
			continue
		}
		rows, searched = append(rows, fitting...), searched+len(page.Documents)
		if page.Next == "" || len(rows) == in.Limit || searched >= searchedForPage {
			return rows, page.Next, nil
		}
		query.After, query.Limit = page.Next, searchedAtOnce
	}
}

// fitting returns those documents that the search finds, at most so many, and the index of the last document that it looked
// at.
func (f *workSearch) fitting(
	ctx context.Context, documents []readstore.Document, most int,
) (rows []item[workqueue.Row], last int, err error) {
	read := make([]item[workqueue.Row], len(documents))
	for i := range documents {
		read[i].ID = documents[i].ID
		if err := documents[i].Decode(&read[i].Doc); err != nil {
			return nil, 0, err
		}
	}
	if err := f.name(ctx, read); err != nil {
		return nil, 0, err
	}
	for i := range read {
		if !f.fits(&read[i].Doc) {
			continue
		}
		rows = append(rows, read[i])
		if len(rows) == most {
			return rows, i, nil
		}
	}
	return rows, len(read) - 1, nil
}

// name finds the names of the applicants of rows.
func (f *workSearch) name(ctx context.Context, rows []item[workqueue.Row]) error {
	if f.wanted == "" {
		return nil
	}
	var unknown []string
	for i := range rows {
		applicant := rows[i].Doc.Applicant
		if _, known := f.people[applicant]; !known {
			f.people[applicant] = ""
			unknown = append(unknown, applicant)
		}
	}
	names, err := f.q.accountNames(ctx, unknown)
	for id, name := range names {
		f.people[id] = servicecatalogue.Fold(name)
	}
	return err
}

// fits tells whether a row is of the service, and its number, its applicant's name or its service's hold what is wanted.
func (f *workSearch) fits(row *workqueue.Row) bool {
	switch {
	case f.service != "" && row.ServiceID != f.service:
		return false
	case f.wanted == "", strings.Contains(row.Number, f.wanted), strings.Contains(f.people[row.Applicant], f.wanted):
		return true
	}
	of := serviceVersion{row.ServiceID, row.ServiceVersion}
	folded, known := f.offers[of]
	if !known {
		name := f.s.named(row.ServiceID, row.ServiceVersion).Name
		folded = servicecatalogue.Fold(name.KK + "\n" + name.RU + "\n" + name.EN)
		f.offers[of] = folded
	}
	return strings.Contains(folded, f.wanted)
}

// applicationNumber is a number as people read it: running number and date.
var applicationNumber = regexp.MustCompile(`^([0-9]{1,18})-[0-9]{2}-[0-9]{2}-[0-9]{2}$`)

// wholeNumber gives the running number of a search for one application, which need not read any other; 0 for other searches.
func wholeNumber(query string) int64 {
	parts := applicationNumber.FindStringSubmatch(strings.TrimSpace(query))
	if parts == nil {
		return 0
	}
	running, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil { // 18 digits fit
		return 0
	}
	return running
}
