package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/lease"
	"services.example/portal/infra/readstore"
)

// leaseName is the one lease of all projections: docs/adr/0014-several-processes.md says why it is one.
const leaseName = "projections"

// generationsOfToken is how many generations an owner may build of a read model before they meet the numbers of the next
// owner. No two owners build in the same collection, so what one of them does late harms nothing of the other.
const generationsOfToken = 10_000

// compete begins to wait for the lease.
func (e *Engine) compete(ctx context.Context) error {
	if err := e.config.Leases.Declare(ctx); err != nil {
		return err
	}
	e.ctx, e.cancel = context.WithCancel(ctx)
	e.tasks.Go(func() {
		err := e.config.Leases.RunAble(e.ctx, leaseName, e.can, e.project)
		if err != nil && e.ctx.Err() == nil {
			e.config.Logger.ErrorContext(e.ctx, "projecting ended", "error", err)
		}
	})
	return nil
}

// project runs sessions while the lease is held.
func (e *Engine) project(ctx context.Context, held *lease.Held) error {
	for failures := 1; ctx.Err() == nil; failures++ {
		s, err := newSession(e, held)
		if err != nil {
			return err
		}
		if err = s.start(ctx); err == nil {
			failures = 0
			e.enter(s)
			select {
			case <-ctx.Done():
			case <-s.drifted:
			}
			e.enter(nil)
		} else if ctx.Err() == nil {
			e.config.Logger.WarnContext(ctx, "projections cannot start yet", "error", err)
		}
		if errors.Is(context.Cause(ctx), lease.ErrLost) {
			s.cancel() // whatever is under way has no time to end in order
		}
		if err := s.close(); err != nil { //nolint:contextcheck // ending has a time of its own
			e.config.Logger.WarnContext(ctx, "projections did not end in order", "error", err)
		}
		for _, r := range s.runners() {
			r.enter(Retired, "another process may project now")
		}
		if failures > 0 && e.config.Redelivery.Wait(ctx, failures) != nil {
			break
		}
	}
	return ctx.Err()
}

// Owns tells whether this process projects now.
func (e *Engine) Owns() bool {
	s, _ := e.owner()
	return s != nil
}

// own returns the session in which this process projects. If another process does, it is asked to hand over.
func (e *Engine) own(ctx context.Context) (*session, error) {
	for {
		s, changed := e.owner()
		switch {
		case s != nil:
			return s, nil
		case e.follows:
			return nil, errFollows
		}
		if e.config.Leases == nil || e.cancel == nil || e.ctx.Err() != nil {
			return nil, errClosed
		}
		if err := e.config.Leases.Claim(ctx, leaseName); err != nil {
			return nil, err
		}
		again := time.NewTimer(e.config.Leases.TTL())
		select {
		case <-changed:
		case <-again.C:
		case <-ctx.Done():
		}
		again.Stop()
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("waiting until this process may project: %w", err)
		}
	}
}

// followed waits until whoever projects has stored everything that the log holds now.
func (e *Engine) followed(ctx context.Context) error {
	head, err := eventstore.Head(ctx, e.config.Events)
	if err != nil {
		return fmt.Errorf("finding the end of the event log: %w", err)
	}
	for _, p := range e.config.Projections {
		if err := e.Await(ctx, p.Name, head); err != nil {
			return err
		}
	}
	return nil
}

// can tells whether this binary is able to do what another was not: to read a stored event, or to build a version of a
// read model.
func (e *Engine) can(need string) bool {
	if reader, ok := e.config.Decoder.(interface{ Reads(stored string) bool }); ok && reader.Reads(need) {
		return true
	}
	return slices.ContainsFunc(e.config.Projections, func(p Projection) bool {
		version, generation := versionOf(p.Name, need)
		return generation > 0 && version <= p.Version
	})
}

// need says that only a newer binary can go on with a projection.
func (s *session) need(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil && !slices.Contains(s.needs, what) {
		s.needs = append(slices.Clone(s.needs), what)
		s.held.Need(s.needs...)
	}
}

// leaveToNewer notes that a newer binary has made the version that serves. This one must not take it back.
func (s *session) leaveToNewer(ctx context.Context, p Projection, entry directoryEntry) error {
	checkpoint, err := s.config.Reads.Checkpoint(ctx, entry.Collection)
	if err != nil {
		return fmt.Errorf("reading the checkpoint: %w", err)
	}
	r := newRunner(p, entry.Collection, entry.Generation, true)
	r.resume(checkpoint)
	s.mu.Lock()
	s.served[p.Name] = r
	s.mu.Unlock()
	s.need(collectionName(p.Name, entry.Version, 1))
	s.stopped(ctx, r, tooOld(p, entry))
	return nil
}

func tooOld(p Projection, entry directoryEntry) error {
	return fmt.Errorf("version %d serves, this binary makes version %d: it needs a newer version of the portal",
		entry.Version, p.Version)
}

// fence is the condition under which this process may still decide what serves.
func (s *session) fence() []readstore.Advance {
	if s.held == nil {
		return nil
	}
	return []readstore.Advance{s.held.Fence()}
}

// nextGeneration numbers a build.
func (s *session) nextGeneration(before int) int {
	if s.held == nil {
		return before + 1
	}
	return max(before, int(s.held.Token())*generationsOfToken) + 1
}

// watch ends the session when the directory says something else than the session knows. On a store without transactions
// a former owner that was frozen within a switch can bring that about; whatever serves then is built on.
func (s *session) watch(ctx context.Context) {
	ticker := time.NewTicker(directoryAge)
	defer ticker.Stop()
	names := make([]string, len(s.config.Projections))
	for i, p := range s.config.Projections {
		names[i] = p.Name
	}
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		entries, err := s.directory.readMany(ctx, names)
		if err != nil {
			continue // it is unavailable, and asked again
		}
		for name, entry := range entries {
			if !s.runs(name, entry.Collection) {
				s.config.Logger.WarnContext(ctx, "another collection serves than was expected, the projections start again",
					"projection", name, "collection", entry.Collection)
				close(s.drifted)
				return
			}
		}
	}
}

// runs tells whether a collection is one that the session builds or knows to serve.
func (s *session) runs(name, collection string) bool {
	return slices.ContainsFunc(s.runners(), func(r *runner) bool { return r.Name == name && r.collection == collection })
}

// sweep drops what builds left behind whose process ended in the middle: generations that serve no more and never will.
// Those of this owner have greater numbers.
func (s *session) sweep(ctx context.Context) {
	collections, err := s.config.Reads.Collections(ctx)
	if err != nil && ctx.Err() == nil {
		s.config.Logger.WarnContext(ctx, "collections cannot be listed, the next owner will remove unfinished builds", "error", err)
	}
	for _, p := range s.config.Projections {
		if err := s.sweepModel(ctx, p.Name, collections); err != nil && ctx.Err() == nil {
			s.config.Logger.WarnContext(ctx, "unfinished builds were not removed, the next owner will do it",
				"projection", p.Name, "error", err)
		}
	}
}

func (s *session) sweepModel(ctx context.Context, name string, collections []string) error {
	entry, err := s.directory.read(ctx, name)
	if err != nil {
		return err
	}
	own := int(s.held.Token()) * generationsOfToken
	for _, collection := range collections {
		version, generation := versionOf(name, collection)
		left := generation > 0 && version < entry.Version || version == entry.Version && generation > 1 && generation <= own
		if !left || collection == entry.Collection || collection == entry.Previous || s.runs(name, collection) {
			continue
		}
		if err := remove(ctx, s.config.Reads, collection); err != nil {
			return err
		}
	}
	return nil
}
