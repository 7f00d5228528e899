// Package lru keeps what was used last, bounded by number and by size.
package lru

import "container/list"

// Cache keeps values by key and forgets those that were not used for longest. It is not safe for concurrent use.
type Cache[K comparable, V any] struct {
	most, mostBytes, bytes int
	entries                map[K]*list.Element
	order                  *list.List // the one used last in front
}

type entry[K comparable, V any] struct {
	key   K
	value V
	size  int
}

// New makes a cache of at most so many values with at most so many bytes together.
func New[K comparable, V any](values, bytes int) *Cache[K, V] {
	return &Cache[K, V]{most: values, mostBytes: bytes, entries: map[K]*list.Element{}, order: list.New()}
}

// Len is the number of values kept.
func (c *Cache[K, V]) Len() int { return c.order.Len() }

// Bytes is the size of the values kept.
func (c *Cache[K, V]) Bytes() int { return c.bytes }

// Get finds a value and makes it the one used last.
func (c *Cache[K, V]) Get(key K) (value V, found bool) {
	element, found := c.entries[key]
	if !found {
		return value, false
	}
	c.order.MoveToFront(element)
	return of[K, V](element).value, true
}

// Take finds a value and forgets it.
func (c *Cache[K, V]) Take(key K) (value V, found bool) {
	element, found := c.entries[key]
	if !found {
		return value, false
	}
	value = of[K, V](element).value
	c.drop(element)
	return value, true
}

// Put keeps a value of so many bytes in the place of any other of that key. One that is larger than the whole cache is
// not kept.
func (c *Cache[K, V]) Put(key K, value V, size int) {
	if size > c.mostBytes {
		c.Remove(key)
		return
	}
	if element, found := c.entries[key]; found {
		held := of[K, V](element)
		c.bytes += size - held.size
		held.value, held.size = value, size
		c.order.MoveToFront(element)
	} else {
		c.entries[key] = c.order.PushFront(&entry[K, V]{key, value, size})
		c.bytes += size
	}
	for c.order.Len() > c.most || c.bytes > c.mostBytes {
		c.drop(c.order.Back())
	}
}

// Remove forgets a key, if it is there.
func (c *Cache[K, V]) Remove(key K) {
	if element, found := c.entries[key]; found {
		c.drop(element)
	}
}

// RemoveAll forgets the keys that are chosen.
func (c *Cache[K, V]) RemoveAll(chosen func(K) bool) {
	for key, element := range c.entries {
		if chosen(key) {
			c.drop(element)
		}
	}
}

func (c *Cache[K, V]) drop(element *list.Element) {
	held := of[K, V](element)
	c.order.Remove(element)
	delete(c.entries, held.key)
	c.bytes -= held.size
}

func of[K comparable, V any](element *list.Element) *entry[K, V] {
	held, _ := element.Value.(*entry[K, V])
	return held
}
