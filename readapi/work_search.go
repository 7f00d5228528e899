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

// workRows reads a page of a list of work. With a search, it reads on until enough rows fit, or it has read enough.
func (q *Queries) workRows(
	ctx context.Context, s *snapshot, query readstore.Query, in *workInput,
) (rows []item[workqueue.Row], next string, err error) {
	wanted := servicecatalogue.Fold(strings.TrimSpace(in.Query))
	if wanted == "" && (in.Service == "" || query.Index == workqueue.ByProviderAndService) {
		return list[workqueue.Row](ctx, q.deps, workqueue.Name, query)
	}
	collection, err := serving(ctx, q.deps, workqueue.Name)
	if err != nil {
		return nil, "", err
	}
	query.Limit = searchedAtOnce
	for searched := 0; ; {
		page, err := q.deps.Reads.List(ctx, collection, query)
		if err != nil {
			return nil, "", fmt.Errorf("searching in %s: %w", workqueue.Name, err)
		}
		fitting, last, err := q.fitting(ctx, s, page.Documents, in.Service, wanted, in.Limit-len(rows))
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

// fitting returns those documents that a search finds, at most so many, and the index of the last document that it looked
// at.
func (q *Queries) fitting(
	ctx context.Context, s *snapshot, documents []readstore.Document, service, wanted string, most int,
) (rows []item[workqueue.Row], last int, err error) {
	read := make([]item[workqueue.Row], 0, len(documents))
	var applicants []string
	for i := range documents {
		row := item[workqueue.Row]{ID: documents[i].ID}
		if err := documents[i].Decode(&row.Doc); err != nil {
			return nil, 0, err
		}
		read = append(read, row)
		applicants = append(applicants, row.Doc.Applicant)
	}
	var names map[string]string
	if wanted != "" {
		if names, err = q.accountNames(ctx, distinct(applicants)); err != nil {
			return nil, 0, err
		}
	}
	for i := range read {
		r := &read[i].Doc
		if service != "" && r.ServiceID != service || !s.workFits(r, names[r.Applicant], wanted) {
			continue
		}
		rows = append(rows, read[i])
		if len(rows) == most {
			return rows, i, nil
		}
	}
	return rows, len(read) - 1, nil
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

// workFits tells whether number, applicant or service of a row hold a folded text.
func (s *snapshot) workFits(row *workqueue.Row, applicant, wanted string) bool {
	if strings.Contains(row.Number, wanted) {
		return true
	}
	name := s.named(row.ServiceID, row.ServiceVersion).Name
	return strings.Contains(servicecatalogue.Fold(name.KK+"\n"+name.RU+"\n"+name.EN+"\n"+applicant), wanted)
}
