package reactors

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPagesGoesOnAfterWhatFails goes through two pages, of which the first holds one that fails.
func TestPagesGoesOnAfterWhatFails(t *testing.T) {
	t.Parallel()
	errOne := errors.New("this one")
	list := func(_ context.Context, after string) ([]string, string, error) {
		if after == "" {
			return []string{"a", "b"}, "next", nil
		}
		return []string{"c"}, "", nil
	}
	var did []string
	err := pages(t.Context(), list, func(one string) error {
		did = append(did, one)
		if one == "a" {
			return errOne
		}
		return nil
	})
	if diff := cmp.Diff([]string{"a", "b", "c"}, did); diff != "" || !errors.Is(err, errOne) {
		t.Errorf("%s, error %v", diff, err)
	}
}

// lists are an index that counts how often it was asked for each list, and fails for one of them.
type lists struct {
	carried, completed, held, accounts int
	fails                              string
}

var errList = errors.New("the list is not there")

func (l *lists) list(name string, asked *int) error {
	if *asked++; l.fails == name {
		return errList
	}
	return nil
}

// Carried implements ErasureIndex.
func (l *lists) Carried(context.Context, string) ([]string, string, error) {
	return nil, "", l.list("carried", &l.carried)
}

// Completed implements ErasureIndex.
func (l *lists) Completed(context.Context, string) ([]string, string, error) {
	return nil, "", l.list("completed", &l.completed)
}

// Held implements ErasureIndex.
func (l *lists) Held(context.Context, time.Time, string) ([]HeldDocument, string, error) {
	return nil, "", l.list("held", &l.held)
}

// Accounts implements ErasureIndex.
func (l *lists) Accounts(context.Context, string) ([]KeptAccount, string, error) {
	return nil, "", l.list("accounts", &l.accounts)
}

// TestWhatFailsHoldsUpNothingElse: neither other erasures nor terms; and terms are looked after again at once if that failed,
// otherwise after their time.
func TestWhatFailsHoldsUpNothingElse(t *testing.T) {
	t.Parallel()
	for fails, want := range map[string]lists{
		"":          {carried: 6, completed: 2, held: 2, accounts: 2},
		"carried":   {carried: 6, completed: 2, held: 2, accounts: 2},
		"completed": {carried: 6, completed: 3, held: 3, accounts: 3},
		"held":      {carried: 6, completed: 3, held: 3, accounts: 3},
		"accounts":  {carried: 6, completed: 3, held: 3, accounts: 3},
	} {
		index := &lists{fails: fails}
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		task := &erasures{index: index, now: func() time.Time { return now }, terms: time.Hour}
		for _, later := range []time.Duration{0, time.Minute, time.Hour} {
			now = now.Add(later)
			if err := task.once(t.Context()); errors.Is(err, errList) != (fails != "") {
				t.Errorf("%q fails: %v", fails, err)
			}
		}
		want.fails = fails
		if *index != want {
			t.Errorf("%q fails: asked %+v, want %+v", fails, *index, want)
		}
	}
}
