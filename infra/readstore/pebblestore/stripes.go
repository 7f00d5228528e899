package pebblestore

import (
	"hash/maphash"
	"slices"
	"sync"
)

const stripeCount = 256

var stripeSeed = maphash.MakeSeed()

// stripes are locks shared by keys with the same hash: enough to keep changes of one key apart without a lock each.
type stripes [stripeCount]sync.Mutex

func stripeOf(key string) int {
	return int(maphash.String(stripeSeed, key) % stripeCount)
}

// lock locks one key and returns the function that unlocks it.
func (s *stripes) lock(key string) (unlock func()) {
	mutex := &s[stripeOf(key)]
	mutex.Lock()
	return mutex.Unlock
}

// lockAll locks several keys, in an order that cannot lead to a deadlock.
func (s *stripes) lockAll(keys []string) (unlock func()) {
	numbers := make([]int, 0, len(keys))
	for _, key := range keys {
		numbers = append(numbers, stripeOf(key))
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	for _, number := range numbers {
		s[number].Lock()
	}
	return func() {
		for _, number := range numbers {
			s[number].Unlock()
		}
	}
}
