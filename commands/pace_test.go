package commands

import (
	"strconv"
	"sync"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	p, err := newPace(60)
	done(t, err)
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	admitted := func(account string, at time.Time, tries int) (n int) {
		for range tries {
			if p.admit(account, at) == nil {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		who   string
		after time.Duration
		want  int
	}{
		{"a", 0, 60},
		{"b", 0, 60},
		{"a", time.Second, 1},
		{"a", 11 * time.Second, 10},
		{"a", 10 * time.Second, 0}, // the clock went back
		{"a", time.Hour, 60},
	} {
		if got := admitted(step.who, now.Add(step.after), 100); got != step.want {
			t.Errorf("%s after %s: %d admitted, want %d", step.who, step.after, got, step.want)
		}
	}
	for i := range pacedAccounts + 1000 {
		if err := p.admit(strconv.Itoa(i), now); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.accounts.Len(); n != pacedAccounts {
		t.Errorf("%d accounts remembered, want %d", n, pacedAccounts)
	}
}

// TestPaceAtOnce: tries at once of somebody who was not known share one measure.
func TestPaceAtOnce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	for range 100 {
		p, err := newPace(3)
		done(t, err)
		var mu sync.Mutex
		admitted := 0
		var racing sync.WaitGroup
		for range 16 {
			racing.Go(func() {
				if p.admit("a", now) == nil {
					mu.Lock()
					defer mu.Unlock()
					admitted++
				}
			})
		}
		racing.Wait()
		if admitted != 3 {
			t.Fatalf("%d admitted, want 3", admitted)
		}
	}
}
