package reactors

import (
	"context"
	"fmt"
	"time"

	"services.example/portal/commands"
)

// ErasureIndex knows which erasures the portal has to go on with, and whose terms pass. It may be a little behind: the
// streams themselves are asked before anything happens. Pages follow each other by after; next is empty at the end.
type ErasureIndex interface {
	// Carried lists the accounts whose erasure is ordered and not completed.
	Carried(ctx context.Context, after string) (accounts []string, next string, err error)
	// Held lists documents of erased people whose term had passed by a time.
	Held(ctx context.Context, until time.Time, after string) (documents []HeldDocument, next string, err error)
	// Unused lists accounts; those in which something was done lately may be among them.
	Unused(ctx context.Context, after string) (accounts []string, next string, err error)
}

// HeldDocument is a signed document that is kept after its person was erased.
type HeldDocument struct{ Account, DocumentID string }

const (
	// ErasuresEvery is how often erasures are looked after, unless said otherwise.
	ErasuresEvery = time.Minute
	// RetentionEvery is how often terms of the retention schedule are looked after: data has to go within a day.
	RetentionEvery = 12 * time.Hour
)

// Erasures carries out what administrators have ordered, destroys what was kept for its term, and proposes the erasure of
// accounts that nobody uses.
func Erasures(use *commands.Erasures, index ErasureIndex, now func() time.Time, every, retention time.Duration) Task {
	t := &erasures{use: use, index: index, now: now, every: every, retention: retention}
	return Task{Name: "erasures", Run: t.run}
}

type erasures struct {
	use              *commands.Erasures
	index            ErasureIndex
	now              func() time.Time
	every, retention time.Duration
}

// run asks nobody before it gives a command: each is idempotent, also beside another process that gives the same.
func (t *erasures) run(ctx context.Context, _ func() bool) error {
	ticker := time.NewTicker(t.every)
	defer ticker.Stop()
	var schedule time.Time // when terms were looked after
	for {
		if err := t.carry(ctx); err != nil {
			return err
		}
		if now := t.now(); now.Sub(schedule) >= t.retention || now.Before(schedule) {
			if err := t.pass(ctx); err != nil {
				return err
			}
			schedule = now
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// carry goes on with every erasure that is under way.
func (t *erasures) carry(ctx context.Context) error {
	return pages(ctx, t.index.Carried, func(account string) error {
		return t.use.Carry(ctx, commands.NewRequest("system"), account)
	})
}

// pass looks after all terms once.
func (t *erasures) pass(ctx context.Context) error {
	held := func(ctx context.Context, after string) ([]HeldDocument, string, error) {
		return t.index.Held(ctx, t.now(), after)
	}
	if err := pages(ctx, held, func(d HeldDocument) error {
		return t.use.EndHold(ctx, commands.NewRequest("system"), d.Account, d.DocumentID)
	}); err != nil {
		return err
	}
	return pages(ctx, t.index.Unused, func(account string) error {
		return t.use.ProposeUnused(ctx, commands.NewRequest("system"), account)
	})
}

// pages goes through all pages of a list. One that fails does not hold up the others.
func pages[T any](
	ctx context.Context, list func(ctx context.Context, after string) ([]T, string, error), do func(T) error,
) error {
	var faults faults
	for after := ""; ; {
		page, next, err := list(ctx, after)
		if err != nil {
			return fmt.Errorf("finding what to erase: %w", err)
		}
		for _, one := range page {
			if err := do(one); ctx.Err() != nil {
				return ctx.Err()
			} else if err != nil {
				faults.add(err)
			}
		}
		if after = next; after == "" {
			return faults.join()
		}
	}
}
