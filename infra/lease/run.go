package lease

import (
	"context"
	"errors"
	"sync"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// Held is a lease in the hands of its holder.
type Held struct{ contender *contender }

// Token is greater than that of everybody who held the lease before.
func (h *Held) Token() int64 {
	held, _ := h.contender.holding()
	return held.token
}

// Valid tells, by this process's own clock and without asking anybody, whether the lease may still be acted upon. It
// notices at once what a context notices only when its goroutine runs: that the process was frozen.
func (h *Held) Valid() bool { return h.contender.lasts() > 0 }

// Need says what this holder lacks to do its work, so that another process that has all of it takes over. What it
// needs is words of its own.
func (h *Held) Need(what ...string) {
	h.contender.mu.Lock()
	defer h.contender.mu.Unlock()
	h.contender.needs = what
}

// Fence is a condition to add to a batch: once another has the lease, the commit fails with a
// readstore.CheckpointError that names FenceName.
func (h *Held) Fence() readstore.Advance {
	at := fenceOf(h.Token())
	return readstore.Advance{Projection: FenceName(h.contender.name), From: at, To: at}
}

// FenceName names the checkpoint that stands for the token of a lease.
func FenceName(lease string) string { return Collection.Name + "/" + lease }

func fenceOf(token int64) eventstore.Position {
	return eventstore.Position{Commit: uint64(token), Prepare: uint64(token)}
}

// Run waits for a lease and does the work that its holder alone may do, with a context that ends when the lease is lost or
// another process asks for it. When work returns after that, Run waits for the lease again. When work returns by itself
// or because ctx ended, Run hands the lease back and returns what work returned; it returns ctx's error if that ends
// while it waits. A process runs a lease once at a time.
func (l *Leases) Run(ctx context.Context, name string, work func(ctx context.Context, held *Held) error) error {
	return l.RunAble(ctx, name, nil, work)
}

// RunAble is Run of a process that knows what it is able to do: it asks for the lease if the holder needs things that
// this process can all do.
func (l *Leases) RunAble(
	ctx context.Context, name string, can func(need string) bool, work func(ctx context.Context, held *Held) error,
) error {
	c := l.contender(name)
	c.can = can
	for {
		if err := l.acquire(ctx, c); err != nil {
			return err
		}
		l.options.Logger.InfoContext(ctx, "lease taken", "lease", name, "token", c.grant.token)
		over, err := l.hold(ctx, c, work)
		if !over {
			return err
		}
		l.options.Logger.WarnContext(ctx, "lease lost or handed over", "lease", name, "error", err)
	}
}

// acquire waits for the lease.
func (l *Leases) acquire(ctx context.Context, c *contender) error {
	reachable := true
	for {
		taken, wait, err := c.try(ctx)
		switch {
		case taken:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && reachable:
			l.options.Logger.WarnContext(ctx, "lease cannot be looked at", "lease", c.name, "error", err)
		}
		reachable = err == nil
		poll := l.options.TTL / 5
		if wait > 0 {
			poll = min(poll, wait)
		}
		if err := sleep(ctx, poll); err != nil {
			return err
		}
	}
}

// hold does the work while the lease lasts. It is over when the lease was lost or claimed, else the work is done.
func (l *Leases) hold(
	ctx context.Context, c *contender, work func(context.Context, *Held) error,
) (over bool, err error) {
	working, cancel := context.WithCancelCause(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() { cancel(l.keep(working, c)) })
	keeping.Go(func() { cancel(lapse(working, c)) })
	held := &Held{contender: c}
	if err = l.raise(working, held); err == nil {
		err = work(working, held)
	}
	cause := context.Cause(working)
	cancel(nil)
	keeping.Wait()
	if errors.Is(cause, ErrLost) || errors.Is(err, ErrLost) {
		c.end()
		return true, ErrLost
	}
	ending, stop := context.WithTimeout(context.WithoutCancel(ctx), l.options.TTL)
	defer stop()
	if failed := c.release(ending); failed != nil {
		l.options.Logger.WarnContext(ctx, "lease not handed back, it will run out", "lease", c.name, "error", failed)
	}
	return errors.Is(cause, ErrClaimed), err
}

// keep renews the lease until that is not possible any more. It returns why.
func (l *Leases) keep(ctx context.Context, c *contender) error {
	pause := l.options.TTL / 3
	for {
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		call, stop := context.WithTimeout(ctx, max(c.lasts(), 0))
		err := c.renew(call)
		stop()
		switch {
		case errors.Is(err, ErrLost), errors.Is(err, ErrClaimed):
			return err
		case err != nil:
			pause = l.options.TTL / 20 // there is time for more attempts
		default:
			pause = l.options.TTL / 3
		}
	}
}

// lapse waits until the lease has not been renewed in time.
func lapse(ctx context.Context, c *contender) error {
	for {
		left := c.lasts()
		if left <= 0 {
			return ErrLost
		}
		if err := sleep(ctx, left); err != nil {
			return err
		}
	}
}

// raise lifts the fence to the holder's token: commits under earlier tokens fail from now on.
func (l *Leases) raise(ctx context.Context, held *Held) error {
	name, to := FenceName(held.contender.name), fenceOf(held.Token())
	for {
		at, err := l.options.Store.Checkpoint(ctx, name)
		if err == nil && to.Before(at) {
			return ErrLost
		}
		if err == nil {
			step := readstore.Advance{Projection: name, From: at, To: to}
			err = l.options.Store.Commit(ctx, readstore.Batch{Advances: []readstore.Advance{step}, Sync: true})
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		l.options.Logger.WarnContext(ctx, "fence cannot be raised yet", "lease", held.contender.name, "error", err)
		if err := sleep(ctx, l.options.TTL/20); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
