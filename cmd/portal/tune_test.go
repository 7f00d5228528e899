package main

import (
	"runtime/debug"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheLimitOfMemoryFollowsTheOpenPages(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	before := debug.SetMemoryLimit(softLimit)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Int64
		go roomForOpenPages(t.Context(), func() int { return int(open.Load()) })
		for _, step := range []struct{ open, given int64 }{
			{0, 0}, {63, 0}, {64, 64}, {2000, 1984}, {2047, 1984}, {2048, 2048}, {1, 0},
		} {
			open.Store(step.open)
			time.Sleep(time.Second)
			synctest.Wait()
			if limit, want := debug.SetMemoryLimit(-1), softLimit+step.given*openPage; limit != want {
				t.Errorf("with %d pages open the limit is %d bytes, not %d", step.open, limit, want)
			}
		}
	})
}

func TestAGivenLimitOfMemoryStays(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "1GiB")
	before := debug.SetMemoryLimit(1 << 30)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	collected := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(collected) })
	tuneMemory(true)
	roomForOpenPages(t.Context(), func() int { return 2000 }) // ends at once
	if limit := debug.SetMemoryLimit(-1); limit != 1<<30 {
		t.Errorf("the limit is %d bytes", limit)
	}
}
