package lease

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"services.example/portal/infra/readstore"
)

// contender is one who waits for a lease or holds it. Its steps are taken one at a time; what it holds may be asked by
// anybody.
type contender struct {
	store    readstore.Store
	name, id string
	ttl      time.Duration
	now      func() time.Time
	can      func(need string) bool // nil: nothing in particular

	watched int64     // version of the lease when it was last read
	since   time.Time // when it was first seen at that version
	asked   int64     // token of the holder that was asked to hand it over

	mu    sync.Mutex
	grant grant
	needs []string
}

// grant is a lease in the hands of its holder.
type grant struct {
	token   int64
	version int64     // at which it is stored
	from    time.Time // before it was last written: others count from later
}

// lasts tells how much longer a grant may be acted upon. The monotonic clock of some systems stands still while the
// machine sleeps, so the calendar of the same machine counts as well.
func (g grant) lasts(now time.Time, ttl time.Duration) time.Duration {
	if g.token == 0 {
		return 0
	}
	elapsed := max(now.Sub(g.from), now.Round(0).Sub(g.from.Round(0)))
	return ttl - elapsed
}

// patience is how long a lease must stand still before it is taken from its holder: longer than the holder acts upon it,
// by more than two clocks differ in speed.
func (c *contender) patience() time.Duration { return c.ttl + c.ttl/10 }

// try takes the lease if nobody has it, or if whoever had it has not renewed it in time. If it cannot be had, wait is how
// long that takes at least unless it is handed over.
func (c *contender) try(ctx context.Context) (taken bool, wait time.Duration, err error) {
	version, found, err := read(ctx, c.store, c.name)
	if err != nil {
		return false, 0, err
	}
	now := c.now()
	if version != c.watched {
		c.watched, c.since = version, now
	}
	wait = c.patience() - now.Sub(c.since)
	if c.must(found) && wait > 0 {
		if c.fitter(found) {
			err = c.claim(ctx)
		}
		return false, wait, err
	}
	// The fence counts too, in case somebody removed the leases and left the checkpoints.
	fence, err := c.store.Checkpoint(ctx, FenceName(c.name))
	if err != nil {
		return false, 0, fmt.Errorf("reading the fence of the lease %s: %w", c.name, err)
	}
	next := record{Holder: c.id, Token: max(found.Token, int64(fence.Commit)) + 1}
	before := c.now()
	written, err := write(ctx, c.store, c.name, version, next)
	if errors.Is(err, readstore.ErrChanged) {
		return false, c.patience(), nil
	}
	if err != nil {
		return false, 0, err // if it was written nevertheless, it is found to be ours, and taken again
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.grant = grant{token: next.Token, version: written, from: before}
	c.needs = nil
	return true, 0, nil
}

// must tells whether a lease must be waited for: another has it, or asked for it before it became free.
func (c *contender) must(found record) bool {
	if found.Holder != "" {
		return found.Holder != c.id
	}
	return found.Claimed != "" && found.Claimed != c.id
}

// fitter tells whether the holder lacks what this one has.
func (c *contender) fitter(found record) bool {
	return c.can != nil && len(found.Needs) > 0 && c.asked != found.Token &&
		!slices.ContainsFunc(found.Needs, func(need string) bool { return !c.can(need) })
}

// claim asks the holder to hand over. A claim that another was faster with stands; a holder that renews the lease at the
// same moment is asked again.
func (c *contender) claim(ctx context.Context) error {
	for {
		version, found, err := read(ctx, c.store, c.name)
		if err != nil || found.Holder == "" || found.Holder == c.id || found.Claimed != "" {
			return err
		}
		claimed := found
		claimed.Claimed = c.id
		_, err = write(ctx, c.store, c.name, version, claimed)
		if errors.Is(err, readstore.ErrChanged) {
			continue
		}
		if err == nil {
			c.asked = found.Token
		}
		return err
	}
}

// renew lengthens the lease. Errors: ErrLost and ErrClaimed; after any other it may be tried again.
func (c *contender) renew(ctx context.Context) error {
	held, needs := c.holding()
	before := c.now()
	if held.lasts(before, c.ttl) <= 0 {
		return ErrLost
	}
	written, err := write(ctx, c.store, c.name, held.version, record{Holder: c.id, Token: held.token, Needs: needs})
	if errors.Is(err, readstore.ErrChanged) {
		return c.changed(ctx, held.token)
	}
	if err == nil {
		c.keep(written, before)
	}
	return err
}

// changed finds out why a lease is not as it was left: it was lost, or claimed, or an earlier write came through that
// was said to have failed.
func (c *contender) changed(ctx context.Context, token int64) error {
	before := c.now()
	version, found, err := read(ctx, c.store, c.name)
	switch {
	case err != nil:
		return err
	case found.Holder != c.id || found.Token != token:
		return ErrLost
	case found.Claimed != "":
		c.keep(version, time.Time{})
		return ErrClaimed
	}
	_, needs := c.holding()
	written, err := write(ctx, c.store, c.name, version, record{Holder: c.id, Token: token, Needs: needs})
	if err == nil {
		c.keep(written, before)
	}
	return err
}

// keep notes how the lease is stored, and from when its time counts unless that stays.
func (c *contender) keep(version int64, from time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.grant.version = version
	if !from.IsZero() && c.grant.lasts(c.now(), c.ttl) > 0 {
		c.grant.from = from
	}
}

func (c *contender) holding() (grant, []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.grant, c.needs
}

// lasts tells how much longer the lease may be acted upon.
func (c *contender) lasts() time.Duration {
	held, _ := c.holding()
	return held.lasts(c.now(), c.ttl)
}

// end gives up acting upon the lease, and returns what was held.
func (c *contender) end() grant {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.grant
	c.grant = grant{}
	return held
}

// release hands the lease back, so that another need not wait. One that is not ours any more is left alone.
func (c *contender) release(ctx context.Context) error {
	held := c.end()
	if held.token == 0 {
		return nil
	}
	version, found, err := read(ctx, c.store, c.name)
	if err != nil || found.Holder != c.id || found.Token != held.token {
		return err
	}
	_, err = write(ctx, c.store, c.name, version, record{Token: held.token, Claimed: found.Claimed})
	if errors.Is(err, readstore.ErrChanged) {
		return nil // claimed or taken at this very moment: it will be found to stand still
	}
	return err
}
