package analytics

import (
	"hash/maphash"
	"slices"
)

// crowd knows whether enough different people are behind what is counted: one company's five applications are no five
// applicants. It remembers no more of them than it takes to tell, and nothing that means anything outside the process.
type crowd struct {
	people [Smallest]uint64
	n      int
}

var crowdSeed = maphash.MakeSeed()

// add adds somebody. Of the erased nobody knows any more who was the same: each of their applications is somebody's.
func (c *crowd) add(person string, application uint64) {
	if c.enough() {
		return
	}
	if person == "" {
		c.put(application)
		return
	}
	c.put(maphash.String(crowdSeed, person))
}

func (c *crowd) put(key uint64) {
	if c.enough() || slices.Contains(c.people[:c.n], key) {
		return
	}
	c.people[c.n] = key
	c.n++
}

func (c *crowd) merge(more *crowd) {
	for _, key := range more.people[:more.n] {
		c.put(key)
	}
}

func (c *crowd) enough() bool { return c.n == Smallest }
