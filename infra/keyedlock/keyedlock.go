// Package keyedlock lets one goroutine at a time work on a key, while others work on other keys.
package keyedlock

import (
	"context"
	"fmt"
	"sync"
)

// Locks is a lock for every key. The zero value is ready; it holds memory only for keys that are locked.
type Locks[K comparable] struct {
	mu   sync.Mutex
	held map[K]chan struct{}
}

// Lock waits until nobody holds the key. The error is the context's.
func (l *Locks[K]) Lock(ctx context.Context, key K) (unlock func(), err error) {
	for {
		released, taken := l.take(key)
		if taken {
			return func() { l.release(key) }, nil
		}
		select {
		case <-released:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for a lock: %w", ctx.Err())
		}
	}
}

// take takes the key, or tells when it will be released.
func (l *Locks[K]) take(key K) (released <-chan struct{}, taken bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if holder, found := l.held[key]; found {
		return holder, false
	}
	if l.held == nil {
		l.held = map[K]chan struct{}{}
	}
	l.held[key] = make(chan struct{})
	return nil, true
}

func (l *Locks[K]) release(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.held[key])
	delete(l.held, key)
}
