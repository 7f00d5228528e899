package keyring

import (
	"crypto/cipher"
	"fmt"
)

// batch is the new slots that become durable together: while one is synced, the next gathers.
type batch struct {
	kinds map[id]kind
	order []id
	done  chan struct{}
	err   error // set before done is closed
}

// slots makes a key for each owner. The caller holds io: the master key does not change meanwhile.
func (b *batch) slots(ring id, master cipher.AEAD) []byte {
	out := make([]byte, 0, len(b.order)*slotSize)
	for _, owner := range b.order {
		s := newWrapped(b.kinds[owner], owner, ring, randomKey(), master)
		out = append(out, s[:]...)
	}
	return out
}

// join adds a slot to the waiting batch, or finds the batch that already has it. The caller holds mu.
func (k *Keyring) join(what kind, owner id) *batch {
	if k.writing != nil && k.writing.kinds[owner] != 0 {
		return k.writing
	}
	if k.batch == nil {
		k.batch = &batch{kinds: map[id]kind{}, done: make(chan struct{})}
	}
	b := k.batch
	if b.kinds[owner] == 0 {
		b.kinds[owner] = what
		b.order = append(b.order, owner)
	}
	if !k.flushing {
		k.flushing = true
		k.flushes.Go(func() {
			for k.flush() {
			}
		})
	}
	return b
}

// flush writes the waiting batch and tells whether there was one. A key is known to others only once it is on disk.
func (k *Keyring) flush() bool {
	k.io.Lock()
	defer k.io.Unlock()
	k.mu.Lock()
	b, first, failed, master := k.batch, k.slots, k.failed, k.master
	k.batch, k.writing, k.flushing = nil, b, b != nil
	k.mu.Unlock()
	if b == nil {
		return false
	}
	b.err = failed
	if failed == nil {
		b.err = k.writeAt(b.slots(k.ring, master), first)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if failed == nil && k.fail(b.err) == nil {
		for i, owner := range b.order {
			k.places[owner] = place{slot: first + uint32(i)}
		}
		k.slots += uint32(len(b.order))
	}
	k.writing = nil
	close(b.done)
	return true
}

// exclusive waits until nothing is written and keeps both writers and readers away.
func (k *Keyring) exclusive() (unlock func(), err error) {
	k.io.Lock()
	k.mu.Lock()
	unlock = func() {
		k.mu.Unlock()
		k.io.Unlock()
	}
	if k.failed != nil {
		defer unlock()
		return nil, k.failed
	}
	return unlock, nil
}

// writeAt puts bytes at a slot, on disk when it returns. The caller holds io.
func (k *Keyring) writeAt(bytes []byte, at uint32) error {
	if _, err := k.file.WriteAt(bytes, int64(at)*slotSize); err != nil {
		return err
	}
	return k.file.Sync()
}

// fail remembers that writing failed: after a failed sync nobody knows what is on disk, so nothing more is written
// until the keyring is opened again. The caller holds mu.
func (k *Keyring) fail(err error) error {
	if err != nil {
		k.failed = fmt.Errorf("writing the keyring failed, open it again: %w", err)
	}
	return err
}
