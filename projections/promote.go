package projections

import (
	"context"
	"slices"
)

// takeOver waits until a new version is live and makes it serve.
func (s *session) takeOver(r *runner) {
	for failures := 1; s.ctx.Err() == nil; failures++ {
		err := r.reachLive(s.ctx)
		if err == nil {
			err = s.promote(s.ctx, r)
		}
		if err == nil || s.ctx.Err() != nil {
			return
		}
		s.config.Logger.WarnContext(s.ctx, "a new version of a read model cannot take over yet",
			"projection", r.collection, "error", err)
		if s.config.Redelivery.Wait(s.ctx, failures) != nil {
			return
		}
	}
}

// promote makes a runner serve its name, and retires the one that did.
func (s *session) promote(ctx context.Context, r *runner) error {
	if err := s.directory.switchTo(ctx, r.Name, r.entry(), s.fence()...); err != nil {
		return err
	}
	s.adopt(ctx, r)
	return nil
}

// adopt follows a switch of the directory.
func (s *session) adopt(ctx context.Context, r *runner) {
	s.mu.Lock()
	before := s.served[r.Name]
	s.served[r.Name] = r
	s.builds = slices.DeleteFunc(s.builds, func(b *runner) bool { return b == r })
	s.mu.Unlock()
	r.serve()
	if before != nil {
		s.retire(before)
	}
	s.config.Logger.InfoContext(ctx, "a read model is served from another collection", "projection", r.Name,
		"collection", r.collection)
}

// retire takes a runner out of its group.
func (s *session) retire(r *runner) {
	r.enter(Retired, "")
	s.live.remove(r)
	s.mu.Lock()
	groups := make([]*catchUpGroup, 0, len(s.groups))
	for group := range s.groups {
		groups = append(groups, group)
	}
	s.mu.Unlock()
	for _, group := range groups {
		group.remove(r)
	}
}
