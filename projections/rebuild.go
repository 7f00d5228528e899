package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"services.example/portal/infra/readstore"
)

// Report says how a rebuild came out.
type Report struct {
	Name       string
	Collection string // the new generation, which serves from now on
	Documents  int    // in the new generation
	Compared   bool   // false when what served had stopped, so that there was nothing to compare with
	// Differences names the documents that were not the same, byte for byte, in the old generation and the new one, or
	// were in only one of them. The new one is right: it comes from the log.
	Differences []string
	Events      uint64        // folded by the rebuild
	Built       time.Duration // from the start until the new generation had folded the whole log
	Duration    time.Duration // until it served, compared with what served before
}

// Rebuild builds the named read models again from the beginning of the log, all others going on meanwhile, compares
// them with what serves, and lets them serve instead. Without names it rebuilds all. Read models that are rebuilt
// together share one reading of the log. It does not return before the new generations serve; when the context ends
// they are given up and nothing has changed.
func (e *Engine) Rebuild(ctx context.Context, names ...string) ([]Report, error) {
	select {
	case e.rebuilding <- struct{}{}:
		defer func() { <-e.rebuilding }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if len(names) == 0 {
		for _, p := range e.config.Projections {
			names = append(names, p.Name)
		}
	}
	started := time.Now()
	builds, err := e.generations(ctx, names)
	if err != nil {
		return nil, err
	}
	defer e.giveUp(ctx, builds)
	if err := e.begin(builds); err != nil { //nolint:contextcheck // groups work in the context of the engine
		return nil, err
	}
	built := map[string]time.Duration{}
	for _, name := range names {
		if err := builds[name].reachLive(ctx); err != nil {
			return nil, fmt.Errorf("rebuilding %s: %w", name, err)
		}
		built[name] = time.Since(started)
	}
	var reports []Report
	for _, name := range names {
		r := builds[name]
		report, err := e.compare(ctx, r)
		if err != nil {
			return reports, fmt.Errorf("comparing the rebuilt %s: %w", name, err)
		}
		if err := e.promotePatiently(ctx, r); err != nil {
			return reports, err
		}
		report.Built, report.Duration = built[name], time.Since(started)
		reports = append(reports, report)
		delete(builds, name)
	}
	return reports, nil
}

// generations makes empty collections for the next generation of each name.
func (e *Engine) generations(ctx context.Context, names []string) (map[string]*runner, error) {
	builds := map[string]*runner{}
	for _, name := range names {
		i := slices.IndexFunc(e.config.Projections, func(p Projection) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("rebuilding %s: there is no such projection", name)
		}
		p := e.config.Projections[i]
		entry, err := e.directory.read(ctx, name)
		if err != nil {
			return nil, err
		}
		if entry.Version != p.Version {
			return nil, fmt.Errorf("rebuilding %s: version %d has not taken over from %d yet", name, p.Version, entry.Version)
		}
		generation := entry.Generation + 1
		r := newRunner(p, collectionName(name, p.Version, generation), generation, false)
		if err := remove(ctx, e.config.Reads, r.collection); err != nil {
			return nil, err
		}
		if err := e.declare(ctx, r); err != nil {
			return nil, err
		}
		builds[name] = r
	}
	return builds, nil
}

func (e *Engine) begin(builds map[string]*runner) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.cancel == nil {
		return errClosed
	}
	var runners []*runner
	for _, p := range e.config.Projections {
		if r := builds[p.Name]; r != nil {
			runners = append(runners, r)
		}
	}
	e.builds = append(e.builds, runners...)
	e.tasks.Go(func() { e.admit(runners) })
	return nil
}

// giveUp takes back builds that did not come to an end.
func (e *Engine) giveUp(ctx context.Context, builds map[string]*runner) {
	for _, r := range builds {
		entry, err := e.directory.read(context.WithoutCancel(ctx), r.Name)
		if err == nil && entry.Collection == r.collection {
			e.adopt(ctx, r) // the switch was carried out although it was said to have failed
			continue
		}
		e.mu.Lock()
		e.builds = slices.DeleteFunc(e.builds, func(b *runner) bool { return b == r })
		e.mu.Unlock()
		e.retire(r)
		if err == nil {
			err = remove(context.WithoutCancel(ctx), e.config.Reads, r.collection)
		}
		if err != nil {
			e.config.Logger.WarnContext(ctx, "an unfinished rebuild was not removed, the next one will do it",
				"collection", r.collection, "error", err)
		}
	}
}

// promotePatiently promotes, and tries again while the read store is unavailable.
func (e *Engine) promotePatiently(ctx context.Context, r *runner) error {
	for failures := 1; ; failures++ {
		err := e.promote(ctx, r)
		if err == nil || !passing(err) {
			return err
		}
		if e.config.Redelivery.Wait(ctx, failures) != nil {
			return err
		}
	}
}

// compare walks along both generations. The live group writes both in the same commits, so each pair is read at the
// same place or read again.
func (e *Engine) compare(ctx context.Context, rebuilt *runner) (Report, error) {
	report := Report{Name: rebuilt.Name, Collection: rebuilt.collection}
	rebuilt.mu.Lock()
	report.Events = rebuilt.events
	rebuilt.mu.Unlock()
	e.mu.Lock()
	before := e.served[rebuilt.Name]
	e.mu.Unlock()
	if before != nil {
		report.Compared = before.reachLive(ctx) == nil
	}
	err := e.walk(ctx, rebuilt, func(page []readstore.Document) error {
		report.Documents += len(page)
		if !report.Compared {
			return nil
		}
		return e.comparePage(ctx, page, before, rebuilt, &report)
	})
	if err != nil || !report.Compared {
		return report, err
	}
	// What only the old generation has was not on any page of the new one.
	err = e.walk(ctx, before, func(page []readstore.Document) error {
		return e.comparePage(ctx, page, rebuilt, before, &report)
	})
	slices.Sort(report.Differences)
	report.Differences = slices.Compact(report.Differences)
	return report, err
}

// walk reads all documents of a collection.
func (e *Engine) walk(ctx context.Context, r *runner, visit func([]readstore.Document) error) error {
	query := readstore.Query{Index: r.Indexes[0].Name, Limit: readstore.MaxLimit}
	for {
		page, err := e.config.Reads.List(ctx, r.collection, query)
		if err != nil {
			return fmt.Errorf("listing %s: %w", r.collection, err)
		}
		if err := visit(page.Documents); err != nil {
			return err
		}
		if page.Next == "" {
			return nil
		}
		query.After = page.Next
	}
}

// comparePage compares documents of one generation with those of the other.
func (e *Engine) comparePage(ctx context.Context, page []readstore.Document, other, own *runner, report *Report) error {
	ids := make([]string, len(page))
	for i, document := range page {
		ids[i] = document.ID
	}
	pairs, err := e.config.Reads.GetMany(ctx, other.collection, ids)
	if err != nil {
		return fmt.Errorf("reading %s: %w", other.collection, err)
	}
	for _, document := range page {
		pair, found := pairs[document.ID]
		if found && pair.Seen == document.Seen && bytes.Equal(pair.Body, document.Body) {
			continue
		}
		same, err := e.compareAgain(ctx, document.ID, other, own)
		if err != nil {
			return err
		}
		if !same {
			report.Differences = append(report.Differences, document.ID)
		}
	}
	return nil
}

// compareAgain reads a pair until both were read at the same place, which they were if neither generation moved.
func (e *Engine) compareAgain(ctx context.Context, id string, one, two *runner) (same bool, err error) {
	for {
		before := [2]any{one.committedThrough(), two.committedThrough()}
		a, err := e.get(ctx, one.collection, id)
		if err != nil {
			return false, err
		}
		b, err := e.get(ctx, two.collection, id)
		if err != nil {
			return false, err
		}
		if a.Seen == b.Seen && bytes.Equal(a.Body, b.Body) {
			return true, nil
		}
		if before == [2]any{one.committedThrough(), two.committedThrough()} && before[0] == before[1] {
			return false, nil
		}
		for _, r := range []*runner{one, two} {
			if err := r.reachLive(ctx); err != nil {
				return false, err
			}
		}
		if err := e.config.Redelivery.Wait(ctx, 1); err != nil {
			return false, err
		}
	}
}

// get reads a document, none being as good as any.
func (e *Engine) get(ctx context.Context, collection, id string) (readstore.Document, error) {
	document, err := e.config.Reads.Get(ctx, collection, id)
	if errors.Is(err, readstore.ErrNotFound) {
		return readstore.Document{}, nil
	}
	if err != nil {
		return document, fmt.Errorf("reading %s: %w", collection, err)
	}
	return document, nil
}
