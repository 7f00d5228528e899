package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

const (
	// moreGarbage lets the heap grow to sixteen times what is in use before it is collected, and to its limit at most: what
	// is in use is little, and answers take longer while it is collected, which must be less than a hundredth of the time.
	moreGarbage = 1500
	// unserved is by how much the limit is greater, in bytes, where nobody is served: in softLimit, rebuilding the read
	// models of a million applications takes almost twice as long, and half of that is collecting.
	unserved = 216 << 20
	// openPage is by how much the limit is greater for each open page, in bytes: an open page keeps some 30 KiB, stacks
	// included. Without their share, 2,000 of them leave so little between what is in use and the limit that a collection
	// follows upon the other.
	openPage = 48 << 10
	// openPagesNoticed is for how many pages at a time the limit is changed.
	openPagesNoticed = 64
)

// profiledEvery is of how many allocated bytes one is looked at for the profile of allocations: with Go's 512 KiB that alone
// is 0.7 % of a busy portal's time.
const profiledEvery = 4 << 20

// tuneMemory sets what GOGC and GOMEMLIMIT leave open, and how often an allocation is looked at.
func tuneMemory(serves bool) {
	runtime.MemProfileRate = profiledEvery
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(moreGarbage)
	}
	if limitIsGiven() {
		return
	}
	if serves {
		debug.SetMemoryLimit(softLimit)
	} else {
		debug.SetMemoryLimit(softLimit + unserved)
	}
}

func limitIsGiven() bool { return os.Getenv("GOMEMLIMIT") != "" }

// roomForOpenPages lets the limit of memory follow the number of open pages until the context ends, once a second.
func roomForOpenPages(ctx context.Context, open func() int) {
	if limitIsGiven() {
		return
	}
	every := time.NewTicker(time.Second)
	defer every.Stop()
	var given int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if room := roomFor(open()); room != given {
			given = room
			debug.SetMemoryLimit(softLimit + room)
		}
	}
}

// roomFor is by how much the limit is greater for so many open pages, in bytes.
func roomFor(pages int) int64 {
	return int64(pages) / openPagesNoticed * openPagesNoticed * openPage
}

// fewestThreads is how many threads answer requests at least. On fewer processors than that, one thread for each, as Go has
// it, lets requests wait behind a thread that the kernel has stopped in the middle of its work for some milliseconds: with
// four threads on two processors the 99th percentile of a page of a thread was 3 to 5 ms instead of 4 to 9.
const fewestThreads = 4

// tuneThreads sets what GOMAXPROCS leaves open.
func tuneThreads() {
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) < fewestThreads {
		runtime.GOMAXPROCS(fewestThreads)
	}
}
