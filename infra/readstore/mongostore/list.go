package mongostore

import (
	"context"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"

	"services.example/portal/infra/readstore"
)

// List returns a page of documents. Documents that stand in the index once come from MongoDB in its order, a page at a
// time. Of those with several places in it, because a field holds an array, the places of all that match are read.
func (s *Store) List(ctx context.Context, collection string, query readstore.Query) (readstore.Page, error) {
	if err := s.begin(ctx); err != nil {
		return readstore.Page{}, err
	}
	c, err := s.lookupIndexed(ctx, collection, false, query.Index)
	if err != nil {
		return readstore.Page{}, err
	}
	p, err := newPlan(c, query)
	if err != nil {
		return readstore.Page{}, err
	}
	rows, next, err := s.scan(ctx, p, nil)
	if err != nil {
		return readstore.Page{}, err
	}
	page := readstore.Page{Documents: make([]readstore.Document, 0, len(rows)), Next: next}
	for _, r := range rows {
		document := r.record.document()
		if query.SeenOnly {
			document.Body = nil
		}
		page.Documents = append(page.Documents, document)
	}
	return page, nil
}

// row is a document at the first of its places that a walk meets.
type row struct {
	place  string
	id     string
	record *record // nil: still to be read
}

// scan reads what a plan finds and the filter lets through, and the cursor to what follows.
func (s *Store) scan(ctx context.Context, p *plan, filter bson.D) (rows []row, next string, err error) {
	if p.empty() {
		return nil, "", nil
	}
	var single, several []row
	reading, c := errgroup.WithContext(ctx)
	reading.Go(func() error {
		var err error
		single, err = s.scanSingle(c, p, filter)
		return failure(ctx, "listing collection "+p.collection.name, err)
	})
	reading.Go(func() error {
		var err error
		several, err = s.scanSeveral(c, p, filter)
		return failure(ctx, "listing collection "+p.collection.name, err)
	})
	if err := reading.Wait(); err != nil {
		return nil, "", err
	}
	rows = slices.Concat(single, several)
	slices.SortFunc(rows, p.compareRows)
	if len(rows) > p.limit {
		rows = rows[:p.limit]
		next = p.cursor(rows[p.limit-1].place)
	}
	rows, err = s.complete(ctx, p.collection, rows)
	return rows, next, err
}

func (p *plan) compareRows(a, b row) int {
	order := strings.Compare(a.place, b.place)
	if p.reverse {
		return -order
	}
	return order
}

// scanSingle reads the documents with one place in the index: one more than the page holds.
func (s *Store) scanSingle(ctx context.Context, p *plan, filter bson.D) ([]row, error) {
	direction := 1
	if p.reverse {
		direction = -1
	}
	filter = append(bson.D{{Key: p.index.path(), Value: p.span("")}}, filter...)
	order := bson.D{{Key: p.index.path(), Value: direction}}
	stored, err := s.find(ctx, p.collection.name, filter, options.Find().SetSort(order).SetLimit(int64(p.limit+1)))
	if err != nil {
		return nil, err
	}
	rows := make([]row, 0, len(stored))
	for _, raw := range stored {
		r, err := parseRecord(raw)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{place: r.places[p.index.field], id: r.id, record: r})
	}
	return rows, nil
}

// span is the condition for places that are left to read, each behind a mark.
func (p *plan) span(mark string) bson.D {
	low, high := bson.E{Key: "$gte", Value: mark + p.start}, bson.E{Key: "$lt", Value: mark + p.end}
	if p.after != "" && p.reverse && p.after < p.end {
		high.Value = mark + p.after
	}
	if p.after != "" && !p.reverse && p.after >= p.start {
		low = bson.E{Key: "$gt", Value: mark + p.after}
	}
	return bson.D{low, high}
}

// scanSeveral finds the documents with several places in the index that the walk meets first beyond the cursor.
func (s *Store) scanSeveral(ctx context.Context, p *plan, filter bson.D) ([]row, error) {
	mark := p.index.severalMark()
	filter = append(bson.D{{Key: fieldSeveral, Value: bson.D{{Key: "$elemMatch", Value: p.span(mark)}}}}, filter...)
	stored, err := s.find(ctx, p.collection.name, filter, options.Find().SetProjection(bson.D{{Key: fieldSeveral, Value: 1}}))
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, raw := range stored {
		r, err := parseRecord(raw)
		if err != nil {
			return nil, err
		}
		first := ""
		for _, marked := range r.several {
			place, of := strings.CutPrefix(marked, mark)
			if of && p.within(place) && (first == "" || p.before(place, first)) {
				first = place
			}
		}
		if first != "" && p.beyond(first) {
			rows = append(rows, row{place: first, id: r.id})
		}
	}
	slices.SortFunc(rows, p.compareRows)
	return rows[:min(len(rows), p.limit+1)], nil
}

// complete reads the documents of rows that have only a place. One that is gone meanwhile is left out.
func (s *Store) complete(ctx context.Context, c *collection, rows []row) ([]row, error) {
	var missing []string
	for _, r := range rows {
		if r.record == nil {
			missing = append(missing, r.id)
		}
	}
	if missing == nil {
		return rows, nil
	}
	records, err := s.records(ctx, c, missing)
	if err != nil {
		return nil, err
	}
	complete := rows[:0]
	for _, r := range rows {
		if r.record == nil {
			r.record = records[r.id]
		}
		if r.record != nil {
			complete = append(complete, r)
		}
	}
	return complete, nil
}

// ListEntries lists entries whose time has not passed.
func (s *Store) ListEntries(ctx context.Context, collection string, query readstore.Query) ([]readstore.Entry, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	c, err := s.lookupIndexed(ctx, collection, true, query.Index)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(c, query)
	if err != nil {
		return nil, err
	}
	rows, _, err := s.scan(ctx, p, bson.D{s.alive()})
	if err != nil {
		return nil, err
	}
	list := make([]readstore.Entry, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.record.entry())
	}
	return list, nil
}
