package keyedlock_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"services.example/portal/infra/keyedlock"
)

func TestOneHolderAtATime(t *testing.T) {
	t.Parallel()
	var locks keyedlock.Locks[string]
	counters := map[string]*int{"a": new(int), "b": new(int)}
	var group sync.WaitGroup
	for i := range 200 {
		key := "a"
		if i%2 == 1 {
			key = "b"
		}
		group.Go(func() {
			unlock, err := locks.Lock(t.Context(), key)
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			*counters[key]++ // the race detector sees a second holder
		})
	}
	group.Wait()
	if *counters["a"] != 100 || *counters["b"] != 100 {
		t.Errorf("counted %d and %d, want 100 each", *counters["a"], *counters["b"])
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	var locks keyedlock.Locks[int]
	unlock, err := locks.Lock(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := locks.Lock(ended, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for a held key with an ended context: %v", err)
	}
	other, err := locks.Lock(ended, 2)
	if err != nil {
		t.Errorf("taking a free key: %v", err)
	}
	other()
	unlock()
	again, err := locks.Lock(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	again()
}
