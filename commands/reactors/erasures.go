package reactors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"services.example/portal/commands"
	"services.example/portal/domain/retention"
)

// ErasureIndex knows which erasures the portal has to go on with, and whose terms pass. It may be a little behind: the
// streams themselves are asked before anything happens. Pages follow each other by after; next is empty at the end.
type ErasureIndex interface {
	// Carried lists the accounts whose erasure is ordered and not completed.
	Carried(ctx context.Context, after string) (accounts []string, next string, err error)
	// Held lists documents of erased people whose term had passed by a time.
	Held(ctx context.Context, until time.Time, after string) (documents []HeldDocument, next string, err error)
	// Completed lists the accounts that were erased.
	Completed(ctx context.Context, after string) (accounts []string, next string, err error)
	// Accounts lists those that have a term in the schedule; it may not have passed.
	Accounts(ctx context.Context, after string) (accounts []KeptAccount, next string, err error)
}

// KeptAccount is an account that is kept for the term of its kind.
type KeptAccount struct {
	Account string
	Kind    retention.Kind // Account, Staff or Registration
}

// HeldDocument is a signed document that is kept after its person was erased.
type HeldDocument struct{ Account, DocumentID string }

const (
	// ErasuresEvery is how often erasures are looked after, unless said otherwise.
	ErasuresEvery = time.Minute
	// RetentionEvery is how often terms of the retention schedule are looked after: data has to go within a day.
	RetentionEvery = 12 * time.Hour
)

// Erasures carries out what administrators have ordered, destroys what was kept for its term and registrations that were
// never confirmed, proposes the erasure of accounts that nobody uses, and sees to it that what was erased stays so.
func Erasures(use *commands.Erasures, index ErasureIndex, now func() time.Time, every, terms time.Duration) Task {
	t := &erasures{use: use, index: index, now: now, every: every, terms: terms}
	return Task{Name: "erasures", Run: t.run}
}

type erasures struct {
	use          *commands.Erasures
	index        ErasureIndex
	now          func() time.Time
	every, terms time.Duration
	passed       time.Time // when all terms were looked after
}

// run asks nobody before it gives a command: each is idempotent, also beside another process that gives the same.
func (t *erasures) run(ctx context.Context, _ func() bool) error {
	ticker := time.NewTicker(t.every)
	defer ticker.Stop()
	for {
		if err := t.once(ctx); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// once does what is due. An erasure that cannot go on holds up neither others nor the terms.
func (t *erasures) once(ctx context.Context) error {
	err := t.carry(ctx)
	if now := t.now(); now.Sub(t.passed) >= t.terms || now.Before(t.passed) {
		failed := t.pass(ctx)
		if failed == nil {
			t.passed = now
		}
		err = errors.Join(err, failed)
	}
	return err
}

// carry goes on with every erasure that is under way: all keys first, and then the cleaning, which may do for all.
func (t *erasures) carry(ctx context.Context) error {
	each := func(step func(context.Context, commands.Request, string) error) error {
		return pages(ctx, t.index.Carried, func(account string) error {
			return step(ctx, commands.NewRequest("system"), account)
		})
	}
	return errors.Join(each(t.use.Destroy), each(t.use.Carry))
}

// pass looks after all terms once.
func (t *erasures) pass(ctx context.Context) error {
	held := func(ctx context.Context, after string) ([]HeldDocument, string, error) {
		return t.index.Held(ctx, t.now(), after)
	}
	return errors.Join(
		pages(ctx, t.index.Completed, func(account string) error { return t.use.KeepErased(ctx, account) }),
		pages(ctx, held, func(d HeldDocument) error {
			return t.use.EndHold(ctx, commands.NewRequest("system"), d.Account, d.DocumentID)
		}),
		pages(ctx, t.index.Accounts, func(a KeptAccount) error {
			return t.use.EndTerm(ctx, commands.NewRequest("system"), a.Kind, a.Account)
		}),
	)
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
