package analytics

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
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
// next one is read. Those that are found by when they were sent come without their steps. The cases of a page come in an
// order of chance, so that nothing follows from the place of a row in an export. A case is valid only while it is visited.
func (s Source) Scan(ctx context.Context, index, from, to string, visit func(id string, c *cases.Case) error) error {
	ctx, cancel := context.WithCancel(ctx)
	pages, used := make(chan page, 1), make(chan page, 3)
	defer func() { // what reads has ended when this returns
		cancel()
		for range pages {
		}
	}()
	go func() {
		defer close(pages)
		s.read(ctx, readstore.Query{Index: index, From: from, To: to, Limit: readstore.MaxLimit}, pages, used)
	}()
	for read := range pages {
		if err := cmp.Or(read.err, ctx.Err()); err != nil {
			return err
		}
		for _, i := range rand.Perm(len(read.ids)) { //nolint:gosec // it is seeded by the system and guards no secret
			if err := visit(read.ids[i], &read.cases[i]); err != nil {
				return err
			}
		}
		used <- read
	}
	return ctx.Err()
}

// page is a page of cases, or why there is none.
type page struct {
	ids   []string
	cases []cases.Case
	err   error
}

// read sends the pages of a query until its end, an error or the end of the context. It uses the memory of used pages again.
func (s Source) read(ctx context.Context, query readstore.Query, pages chan<- page, used <-chan page) {
	for {
		var found page
		select {
		case found = <-used:
		default:
		}
		next := s.fill(ctx, &found, query)
		if found.err == nil && next != "" {
			found.err = s.Pause(ctx)
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

// fill reads a page, and gives the cursor to the next one.
func (s Source) fill(ctx context.Context, into *page, query readstore.Query) (next string) {
	listed, err := s.Reads.List(ctx, s.Collection, query)
	if err != nil {
		into.err = fmt.Errorf("listing applications for figures: %w", err)
		return ""
	}
	n := len(listed.Documents)
	into.ids, into.cases = slices.Grow(into.ids[:0], n)[:n], slices.Grow(into.cases[:0], n)[:n]
	clear(into.cases)
	for i := range listed.Documents {
		into.ids[i] = listed.Documents[i].ID
		decoder := readstore.RawDecoder(&into.cases[i])
		if query.Index == cases.BySent {
			decoder = (*cases.Outline)(&into.cases[i])
		}
		if err := listed.Documents[i].Decode(decoder); err != nil {
			into.err = err
			return ""
		}
	}
	return listed.Next
}

// Pause makes way for others whose work is more urgent. Error: the context's.
func (s Source) Pause(ctx context.Context) error {
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

// Cube counts the applications that were sent in these months, as they stand now.
func (s Source) Cube(ctx context.Context, keys *Keys, from, to string, now time.Time) (Cube, error) {
	cube, _, err := s.CubeUntil(ctx, keys, from, to, now)
	return cube, err
}

// CubeUntil is Cube, and says until when the passing of time alone changes nothing of it: the earliest due date to come; the
// zero time, if there is none.
func (s Source) CubeUntil(ctx context.Context, keys *Keys, from, to string, now time.Time) (cube Cube, until time.Time, err error) {
	cube = Cube{}
	err = s.Scan(ctx, cases.BySent, from, to, func(id string, c *cases.Case) error {
		cube.Add(c, keys.Of(id), now)
		if c.Running() && c.DueAt != nil && !c.OverdueAt(now) && (until.IsZero() || c.DueAt.Before(until)) {
			until = *c.DueAt
		}
		return nil
	})
	return cube, until, err
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
		page[n].Fill(id, c, names, days, cell != nil && cell.Told(), now)
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
