package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
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

// rebuild is Rebuild of the session.
func (s *session) rebuild(ctx context.Context, names ...string) ([]Report, error) {
	select {
	case s.rebuilding <- struct{}{}:
		defer func() { <-s.rebuilding }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if len(names) == 0 {
		for _, p := range s.config.Projections {
			names = append(names, p.Name)
		}
	}
	started := time.Now()
	resume := s.config.DeferCompactions()
	defer resume()
	builds, err := s.generations(ctx, names)
	if err != nil {
		return nil, err
	}
	defer s.giveUp(ctx, builds)
	if err := s.begin(builds); err != nil { //nolint:contextcheck // groups work in the context of the engine
		return nil, err
	}
	built := map[string]time.Duration{}
	for _, name := range names {
		if err := builds[name].reachLive(ctx); err != nil {
			return nil, fmt.Errorf("rebuilding %s: %w", name, err)
		}
		built[name] = time.Since(started)
	}
	resume()
	var reports []Report
	for _, name := range names {
		r := builds[name]
		report, err := s.compare(ctx, r)
		if err != nil {
			return reports, fmt.Errorf("comparing the rebuilt %s: %w", name, err)
		}
		if err := s.promotePatiently(ctx, r); err != nil {
			return reports, err
		}
		report.Built, report.Duration = built[name], time.Since(started)
		reports = append(reports, report)
		delete(builds, name)
	}
	return reports, nil
}

// generations makes empty collections for the next generation of each name.
func (s *session) generations(ctx context.Context, names []string) (map[string]*runner, error) {
	builds := map[string]*runner{}
	for _, name := range names {
		i := slices.IndexFunc(s.config.Projections, func(p Projection) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("rebuilding %s: there is no such projection", name)
		}
		p := s.config.Projections[i]
		entry, err := s.directory.read(ctx, name)
		if err != nil {
			return nil, err
		}
		if entry.Version != p.Version {
			return nil, fmt.Errorf("rebuilding %s: version %d has not taken over from %d yet", name, p.Version, entry.Version)
		}
		generation := s.nextGeneration(entry.Generation)
		r := newRunner(p, collectionName(name, p.Version, generation), generation, false)
		if err := remove(ctx, s.config.Reads, r.collection); err != nil {
			return nil, err
		}
		if err := s.declare(ctx, r); err != nil {
			return nil, err
		}
		builds[name] = r
	}
	return builds, nil
}

func (s *session) begin(builds map[string]*runner) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.cancel == nil {
		return errClosed
	}
	var runners []*runner
	for _, p := range s.config.Projections {
		if r := builds[p.Name]; r != nil {
			runners = append(runners, r)
		}
	}
	s.builds = append(s.builds, runners...)
	s.tasks.Go(func() { s.admit(runners) })
	return nil
}

// giveUp takes back builds that did not come to an end.
func (s *session) giveUp(ctx context.Context, builds map[string]*runner) {
	for _, r := range builds {
		entry, err := s.directory.read(context.WithoutCancel(ctx), r.Name)
		if err == nil && entry.Collection == r.collection {
			s.adopt(ctx, r) // the switch was carried out although it was said to have failed
			continue
		}
		s.mu.Lock()
		s.builds = slices.DeleteFunc(s.builds, func(b *runner) bool { return b == r })
		s.mu.Unlock()
		s.retire(r)
		if err == nil {
			err = remove(context.WithoutCancel(ctx), s.config.Reads, r.collection)
		}
		if err != nil {
			s.config.Logger.WarnContext(ctx, "an unfinished rebuild was not removed, the next one will do it",
				"collection", r.collection, "error", err)
		}
	}
}

// promotePatiently promotes, and tries again while the read store is unavailable.
func (s *session) promotePatiently(ctx context.Context, r *runner) error {
	for failures := 1; ; failures++ {
		err := s.promote(ctx, r)
		if err == nil || !passing(err) {
			return err
		}
		if s.config.Redelivery.Wait(ctx, failures) != nil {
			return err
		}
	}
}

// compare walks along both generations in the order of their ids. The live group writes both in the same commits, so each
// pair is read at the same place or read again.
func (s *session) compare(ctx context.Context, rebuilt *runner) (Report, error) {
	report := Report{Name: rebuilt.Name, Collection: rebuilt.collection}
	rebuilt.mu.Lock()
	report.Events = rebuilt.events
	rebuilt.mu.Unlock()
	s.mu.Lock()
	before := s.served[rebuilt.Name]
	s.mu.Unlock()
	if before != nil {
		report.Compared = before.reachLive(ctx) == nil
	}
	built := s.walk(ctx, rebuilt)
	defer built.stop()
	if !report.Compared {
		for document := built.next(); document != nil; document = built.next() {
			report.Documents++
		}
		return report, built.err
	}
	served := s.walk(ctx, before)
	defer served.stop()
	old, now := served.next(), built.next()
	for old != nil || now != nil {
		var id string
		same := false
		switch {
		case now == nil || old != nil && old.ID < now.ID:
			id, old = old.ID, served.next()
		case old == nil || now.ID < old.ID:
			report.Documents++
			id, now = now.ID, built.next()
		default:
			report.Documents++
			id, same = now.ID, old.Seen == now.Seen && bytes.Equal(old.Body, now.Body)
			old, now = served.next(), built.next()
		}
		if err := errors.Join(served.err, built.err); err != nil {
			return report, err
		}
		if same {
			continue
		}
		same, err := s.compareAgain(ctx, id, before, rebuilt)
		if err != nil {
			return report, err
		}
		if !same {
			report.Differences = append(report.Differences, id)
		}
	}
	return report, errors.Join(served.err, built.err)
}

// walk is a way through all documents of a collection.
type walk struct {
	pull func() (readstore.Document, error, bool)
	stop func()
	err  error
}

func (s *session) walk(ctx context.Context, r *runner) *walk {
	w := &walk{}
	w.pull, w.stop = iter.Pull2(readstore.Walk(ctx, s.config.Reads, r.collection, "", ""))
	return w
}

// next gives the next document; nil at the end, and where err is set.
func (w *walk) next() *readstore.Document {
	document, err, more := w.pull()
	if w.err = errors.Join(w.err, err); !more || err != nil {
		return nil
	}
	return &document
}

// compareAgain reads a pair until both were read at the same place, which they were if neither generation moved.
func (s *session) compareAgain(ctx context.Context, id string, one, two *runner) (same bool, err error) {
	for {
		before := [2]any{one.committedThrough(), two.committedThrough()}
		a, err := s.get(ctx, one.collection, id)
		if err != nil {
			return false, err
		}
		b, err := s.get(ctx, two.collection, id)
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
		if err := s.config.Redelivery.Wait(ctx, 1); err != nil {
			return false, err
		}
	}
}

// get reads a document, none being as good as any.
func (s *session) get(ctx context.Context, collection, id string) (readstore.Document, error) {
	document, err := s.config.Reads.Get(ctx, collection, id)
	if errors.Is(err, readstore.ErrNotFound) {
		return readstore.Document{}, nil
	}
	if err != nil {
		return document, fmt.Errorf("reading %s: %w", collection, err)
	}
	return document, nil
}
