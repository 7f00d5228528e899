package readapi

import (
	"context"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/cases"
	"services.example/portal/readapi/analytics"
)

// cubes keeps the sums of each month, and counts a month again when one of its applications has changed. One question at a
// time counts: figures are asked for by few, and reading many applications must not slow down those who work with them.
type cubes struct {
	deps Deps
	turn chan struct{} // holds one: whoever has it may use what follows

	collection string // what the months were counted from
	changed    time.Time
	seen       eventstore.Position
	months     map[string]*countedMonth
	cells      int
}

// countedMonth is what a month came to. Each part is there once it was asked for.
type countedMonth struct {
	at      time.Time
	until   time.Time // when a due date passes; zero: none does
	cube    analytics.Cube
	funnels analytics.Funnels
}

// old tells whether time alone has changed a month, or a clock was set back.
func (m *countedMonth) old(now time.Time) bool {
	age := now.Sub(m.at)
	return age > cubeAge || age < 0 || !m.until.IsZero() && now.After(m.until)
}

const (
	cubeAge    = time.Hour // after which a month is counted again in any case
	cubePause  = 2 * time.Second
	cubeCells  = 100_000 // that are kept, some hundred bytes each
	cubeChange = readstore.MaxLimit
)

func newCubes(deps Deps) *cubes {
	c := &cubes{deps: deps, turn: make(chan struct{}, 1), months: map[string]*countedMonth{}}
	c.turn <- struct{}{}
	return c
}

// take waits for the turn to count.
func (c *cubes) take(ctx context.Context) (release func(), err error) {
	select {
	case <-c.turn:
		return func() { c.turn <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// source is where the cases are now.
func (c *cubes) source(ctx context.Context) (analytics.Source, error) {
	collection, err := serving(ctx, c.deps, cases.Name)
	return analytics.Source{Reads: c.deps.Reads, Collection: collection, Busy: c.deps.Busy}, err
}

// sent gives the sums of the applications sent in these months, one cube a month. Exactly says that they must be those of
// now; they may be two seconds old otherwise.
func (c *cubes) sent(ctx context.Context, months []string, exactly bool) ([]analytics.Cube, error) {
	release, err := c.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	source, err := c.refresh(ctx, exactly)
	if err != nil {
		return nil, err
	}
	list := make([]analytics.Cube, len(months))
	for i, month := range months {
		counted := c.month(month)
		if counted.cube == nil {
			cube, until, err := source.CubeUntil(ctx, analytics.NewKeys(c.deps.AnalyticsSecret), month, month, c.deps.Now())
			if err != nil {
				return nil, err
			}
			counted.cube, counted.until = cube, until
			c.keep(len(cube))
		}
		list[i] = counted.cube
	}
	return list, nil
}

// started gives what became of the applications started in these months.
func (c *cubes) started(ctx context.Context, months []string, exactly bool) ([]analytics.Funnels, error) {
	release, err := c.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	source, err := c.refresh(ctx, exactly)
	if err != nil {
		return nil, err
	}
	list := make([]analytics.Funnels, len(months))
	for i, month := range months {
		counted := c.month(month)
		if counted.funnels == nil {
			funnels, err := source.Funnels(ctx, analytics.NewKeys(c.deps.AnalyticsSecret), month, month)
			if err != nil {
				return nil, err
			}
			counted.funnels = funnels
			c.keep(len(funnels))
		}
		list[i] = counted.funnels
	}
	return list, nil
}

func (c *cubes) month(month string) *countedMonth {
	counted := c.months[month]
	if counted == nil {
		counted = &countedMonth{at: c.deps.Now()}
		c.months[month] = counted
	}
	return counted
}

// keep counts what is kept; when it is too much, nothing is kept but what is in use.
func (c *cubes) keep(cells int) {
	if c.cells += cells; c.cells > cubeCells {
		c.months, c.cells = map[string]*countedMonth{}, cells
	}
}

// refresh forgets the months in which something changed since the last time, or a due date has passed.
func (c *cubes) refresh(ctx context.Context, exactly bool) (analytics.Source, error) {
	source, err := c.source(ctx)
	if err != nil {
		return source, err
	}
	through, err := c.deps.Reads.Checkpoint(ctx, source.Collection) // what comes after it may be there in part
	if err != nil {
		return source, err
	}
	if source.Collection != c.collection { // it was built anew
		c.collection, c.changed, c.seen = source.Collection, time.Time{}, eventstore.Position{}
		c.months, c.cells = map[string]*countedMonth{}, 0
		return source, c.mark(ctx, through)
	}
	now := c.deps.Now()
	for month, counted := range c.months {
		if counted.old(now) {
			delete(c.months, month)
		}
	}
	page, err := c.deps.Reads.List(ctx, c.collection, readstore.Query{Index: cases.ByChange, From: c.changed, Limit: cubeChange})
	if err != nil {
		return source, err
	}
	if page.Next != "" { // too much to look at
		c.months, c.cells = map[string]*countedMonth{}, 0
		return source, c.mark(ctx, through)
	}
	kept := false
	for i := range page.Documents {
		var row cases.Case
		if err := page.Documents[i].Decode(&row); err != nil {
			return source, err
		}
		if !c.seen.Before(page.Documents[i].Seen) {
			continue
		}
		for _, month := range []string{row.SentMonth, row.StartedMonth} {
			if counted := c.months[month]; counted != nil && !exactly && now.Sub(counted.at) < cubePause {
				kept = true // it is looked at the next time
			} else {
				delete(c.months, month)
			}
		}
	}
	if kept {
		return source, nil
	}
	return source, c.markFrom(page.Documents, through)
}

// mark remembers which change is the latest.
func (c *cubes) mark(ctx context.Context, through eventstore.Position) error {
	page, err := c.deps.Reads.List(ctx, c.collection, readstore.Query{Index: cases.ByChange, Reverse: true, Limit: cubeChange})
	if err != nil {
		return err
	}
	return c.markFrom(page.Documents, through)
}

// markFrom remembers the latest of these changes, but for those after the checkpoint: a store without transactions shows
// a later change before an earlier one.
func (c *cubes) markFrom(changed []readstore.Document, through eventstore.Position) error {
	for i := range changed {
		if through.Before(changed[i].Seen) {
			continue
		}
		var row cases.Case
		if err := changed[i].Decode(&row); err != nil {
			return err
		}
		if row.ChangedAt.After(c.changed) {
			c.changed = row.ChangedAt
		}
		if c.seen.Before(changed[i].Seen) {
			c.seen = changed[i].Seen
		}
	}
	return nil
}
