package analytics

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"services.example/portal/infra/readstore"
	"services.example/portal/projections/cases"
)

// Source reads cases from where they are kept.
type Source struct {
	Reads      readstore.Store
	Collection string
	Busy       func() bool // whether others have work that is more urgent; nil: never
}

// give is how long a page waits while others have more urgent work.
const give = 2 * time.Millisecond

// Scan reads every case of the months from one to another, both inclusive, in constant memory: while a page is visited, the
// next one is read.
func (s Source) Scan(ctx context.Context, index, from, to string, visit func(id string, c *cases.Case) error) error {
	ctx, cancel := context.WithCancel(ctx)
	pages := make(chan page, 1)
	defer func() { // what reads has ended when this returns
		cancel()
		for range pages {
		}
	}()
	go func() {
		defer close(pages)
		s.read(ctx, readstore.Query{Index: index, From: from, To: to, Limit: readstore.MaxLimit}, pages)
	}()
	for read := range pages {
		if err := cmp.Or(read.err, ctx.Err()); err != nil {
			return err
		}
		for i := range read.ids {
			if err := visit(read.ids[i], &read.cases[i]); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// page is a page of cases, or why there is none.
type page struct {
	ids   []string
	cases []cases.Case
	err   error
}

// read sends the pages of a query until its end, an error or the end of the context.
func (s Source) read(ctx context.Context, query readstore.Query, pages chan<- page) {
	for {
		found, next := s.page(ctx, query)
		if found.err == nil && next != "" {
			found.err = s.pause(ctx)
		}
		select {
		case pages <- found:
		case <-ctx.Done():
			return
		}
		if found.err != nil || next == "" {
			return
		}
		query.After = next
	}
}

func (s Source) page(ctx context.Context, query readstore.Query) (found page, next string) {
	listed, err := s.Reads.List(ctx, s.Collection, query)
	if err != nil {
		return page{err: fmt.Errorf("listing applications for figures: %w", err)}, ""
	}
	found.ids, found.cases = make([]string, len(listed.Documents)), make([]cases.Case, len(listed.Documents))
	for i := range listed.Documents {
		found.ids[i] = listed.Documents[i].ID
		if err := listed.Documents[i].Decode(&found.cases[i]); err != nil {
			return page{err: err}, ""
		}
	}
	return found, listed.Next
}

func (s Source) pause(ctx context.Context) error {
	if s.Busy == nil || !s.Busy() {
		return ctx.Err()
	}
	wait := time.NewTimer(give)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Cube counts the applications that were sent in these months.
func (s Source) Cube(ctx context.Context, keys *Keys, from, to string, now time.Time) (Cube, error) {
	cube := Cube{}
	err := s.Scan(ctx, cases.BySent, from, to, func(id string, c *cases.Case) error {
		cube.Add(c, keys.Of(id), now)
		return nil
	})
	return cube, err
}

// Funnels count the applications that were started in these months.
func (s Source) Funnels(ctx context.Context, keys *Keys, from, to string) (Funnels, error) {
	funnels := Funnels{}
	err := s.Scan(ctx, cases.ByStarted, from, to, func(id string, c *cases.Case) error {
		funnels.Add(c, keys.Of(id))
		return nil
	})
	return funnels, err
}

// exportPage is how many records are written at once.
const exportPage = 512

// Export writes the applications that pass and were sent in these months. Where a region is that of too few, for a service,
// it is left out: cubes say of how many it is.
func (s Source) Export(
	ctx context.Context, cubes []Cube, from, to string, now time.Time, names *Pseudonyms, pass func(*cases.Case) bool, w Writer,
) (rows int64, err error) {
	shared := Sum(cubes, []Dimension{Service, Region}, func(Key) bool { return true })
	days := NewDays()
	page := make([]Record, exportPage)
	n := 0
	flush := func() error {
		rows += int64(n)
		err := w.Write(page[:n])
		n = 0
		return err
	}
	err = s.Scan(ctx, cases.BySent, from, to, func(id string, c *cases.Case) error {
		if !pass(c) {
			return nil
		}
		cell := shared[Key{Service: c.ServiceID, Region: string(c.Region)}]
		page[n].Fill(id, c, names, days, cell != nil && cell.Applications.Told(), now)
		if n++; n < len(page) {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return rows, err
}
