package pebblelog

import "sync"

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

// headCache holds heads of durable events. Only the writer sets them: a reader could set one that is out of date.
type headCache struct {
	mu    sync.RWMutex
	heads *generations[string, head]
}

func newHeadCache(limit int) *headCache {
	return &headCache{heads: newGenerations[string, head](limit)}
}

func (c *headCache) get(stream string) (head, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.heads.peek(stream)
}

func (c *headCache) setAll(slots map[string]*slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for stream, slot := range slots {
		c.heads.set(stream, slot.head)
	}
}
