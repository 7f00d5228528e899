package pebblelog

import (
	"strings"
	"sync"
)

// generations is a bounded map that forgets what has not been set or found for a while: when the young generation is
// full it becomes the old one, and the old one is dropped. It is not safe for concurrent use.
type generations[K comparable, V any] struct {
	limit      int // of each generation
	young, old map[K]V
}

func newGenerations[K comparable, V any](limit int) *generations[K, V] {
	return &generations[K, V]{limit: max(limit, 1), young: map[K]V{}, old: map[K]V{}}
}

func (g *generations[K, V]) peek(key K) (V, bool) {
	if value, ok := g.young[key]; ok {
		return value, true
	}
	value, ok := g.old[key]
	return value, ok
}

func (g *generations[K, V]) set(key K, value V) {
	if len(g.young) >= g.limit {
		g.old, g.young = g.young, g.old
		clear(g.young)
	}
	g.young[key] = value
}

// headCache holds heads of durable events, also of streams that have none. The writer sets them; a reader adds one that
// it had to fetch, unless something was published meanwhile, since then it may be out of date.
type headCache struct {
	mu           sync.RWMutex
	heads        *generations[string, head]
	publications uint64
}

func newHeadCache(limit int) *headCache {
	return &headCache{heads: newGenerations[string, head](limit)}
}

func (c *headCache) get(stream string) (head, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.heads.peek(stream)
}

// look does the same and tells after how many publications.
func (c *headCache) look(stream string) (h head, known bool, publications uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	h, known = c.heads.peek(stream)
	return h, known, c.publications
}

// add remembers a head that was durable after so many publications.
func (c *headCache) add(stream string, h head, publications uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.publications == publications {
		c.heads.set(strings.Clone(stream), h)
	}
}

// publish sets the heads of a group, and moves the watermark while nobody looks: whoever finds one of these heads
// finds the watermark beyond it, and the other way round.
func (c *headCache) publish(slots map[string]*slot, move func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.publications++
	for stream, slot := range slots {
		c.heads.set(stream, slot.head)
	}
	move()
}
