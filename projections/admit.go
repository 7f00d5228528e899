package projections

import (
	"errors"
	"fmt"
	"slices"
)

// admit lets runners join the live group, those that are behind after they have caught up. It tries until it succeeds.
func (s *session) admit(runners []*runner) {
	for failures := 1; ; failures++ {
		behind, err := s.tryAdmit(runners)
		if err == nil {
			return
		}
		if s.ctx.Err() != nil {
			return
		}
		s.config.Logger.WarnContext(s.ctx, "projections cannot start yet", "error", err)
		if s.config.Reconnect.Wait(s.ctx, failures) != nil {
			return
		}
		runners = behind
	}
}

var errOtherLog = errors.New("its checkpoint lies beyond the end of the event log: the log was replaced or restored from " +
	"an older copy; rebuild the read model")

// ofThisLog stops runners that have seen what the log does not hold: they would skip what comes next.
func (s *session) ofThisLog(runners []*runner) []*runner {
	select {
	case <-s.live.started:
	case <-s.ctx.Done():
		return nil
	}
	return slices.DeleteFunc(runners, func(r *runner) bool {
		beyond := s.live.head.Before(r.folded)
		if beyond {
			s.stopped(s.ctx, r, errOtherLog)
		}
		return beyond
	})
}

// tryAdmit returns the runners that have found no group yet when it fails.
func (s *session) tryAdmit(runners []*runner) (left []*runner, err error) {
	runners = slices.Clone(runners)
	slices.SortStableFunc(runners, func(a, b *runner) int { return a.folded.Compare(b.folded) })
	var behind []*runner
	for i, r := range runners {
		joined, err := s.live.join(s.ctx, r)
		if err != nil {
			return append(behind, runners[i:]...), err
		}
		if !joined {
			behind = append(behind, r)
		}
	}
	for len(behind) > 0 {
		near, err := s.near(behind)
		if err != nil {
			return behind, err
		}
		if err := s.catchUp(behind[:near]); err != nil {
			return behind, err
		}
		behind = behind[near:]
	}
	return nil, nil
}

// near counts the runners, sorted by position, that may as well catch up with the first of them. Those that are further
// behind than can be counted go together.
func (s *session) near(behind []*runner) (int, error) {
	shared := 8 * s.config.CatchUpBatch
	after := func(r *runner) (int, error) {
		n, err := s.config.Events.EventsAfter(s.ctx, r.folded, s.config.MostLag)
		if err != nil {
			return 0, fmt.Errorf("counting the events after %s: %w", r.folded, err)
		}
		return n, nil
	}
	first, err := after(behind[0])
	if err != nil {
		return 0, err
	}
	for n := 1; n < len(behind); n++ {
		if behind[n].folded == behind[0].folded {
			continue
		}
		count, err := after(behind[n])
		if err != nil {
			return 0, err
		}
		if first-count > shared {
			return n, nil
		}
	}
	return len(behind), nil
}
