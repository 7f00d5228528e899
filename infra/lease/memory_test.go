package lease

import (
	"context"
	"sync"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// memory is what a lease needs of a read store, for tests that decide what happens between two calls.
type memory struct {
	readstore.Store

	mu          sync.Mutex
	entries     map[string]readstore.Entry
	checkpoints map[string]eventstore.Position
}

func newMemory() *memory {
	return &memory{entries: map[string]readstore.Entry{}, checkpoints: map[string]eventstore.Position{}}
}

func (m *memory) Entry(_ context.Context, _, id string) (readstore.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	entry, found := m.entries[id]
	if !found {
		return entry, readstore.ErrNotFound
	}
	return entry, nil
}

func (m *memory) PutEntry(_ context.Context, _ string, e readstore.Entry) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries[e.ID].Version != e.Version {
		return 0, readstore.ErrChanged
	}
	e.Version++
	m.entries[e.ID] = e
	return e.Version, nil
}

func (m *memory) Checkpoint(_ context.Context, projection string) (eventstore.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.checkpoints[projection], nil
}

func (m *memory) Commit(_ context.Context, batch readstore.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, step := range batch.Advances {
		if stored := m.checkpoints[step.Projection]; stored != step.From {
			return &readstore.CheckpointError{Projection: step.Projection, Stored: stored}
		}
	}
	for _, step := range batch.Advances {
		m.checkpoints[step.Projection] = step.To
	}
	return nil
}

// link is one process's way to the store: calls can be cut off, before or after they were carried out, and anything can
// be let happen just before and after them, as if the process had been frozen there.
type link struct {
	*memory
	before func(writes bool) (cut, lost bool)
	after  func()
}

func (l *link) pass(writes bool, call func() error) error {
	cut, lost := false, false
	if l.before != nil {
		cut, lost = l.before(writes)
	}
	if cut {
		return readstore.ErrUnavailable
	}
	err := call()
	if l.after != nil {
		l.after()
	}
	if err != nil {
		return err
	}
	if lost {
		return readstore.ErrUnavailable
	}
	return nil
}

func (l *link) Entry(ctx context.Context, collection, id string) (entry readstore.Entry, err error) {
	err = l.pass(false, func() (err error) { entry, err = l.memory.Entry(ctx, collection, id); return err })
	return entry, err
}

func (l *link) PutEntry(ctx context.Context, collection string, e readstore.Entry) (version int64, err error) {
	err = l.pass(true, func() (err error) { version, err = l.memory.PutEntry(ctx, collection, e); return err })
	return version, err
}

func (l *link) Checkpoint(ctx context.Context, projection string) (at eventstore.Position, err error) {
	err = l.pass(false, func() (err error) { at, err = l.memory.Checkpoint(ctx, projection); return err })
	return at, err
}

func (l *link) Commit(ctx context.Context, batch readstore.Batch) error {
	return l.pass(true, func() error { return l.memory.Commit(ctx, batch) })
}
