// Package keyring keeps one key for each data subject in a file of its own, wrapped by a master key. It is the embedded
// adapter of codec.Keys.
//
// Destroying a key is how a person is erased: what was encrypted under it stays unreadable, in the store and in every
// backup of it. So the keyring is backed up by itself, and restoring the log does not bring anybody back.
package keyring

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"services.example/portal/infra/codec"
)

var (
	// ErrInUse says that another process has the keyring.
	ErrInUse = errors.New("the keyring is in use by another process")
	// ErrWrongMaster says that the master key is not the one that wrapped this keyring.
	ErrWrongMaster = errors.New("the master key is not that of this keyring")
	// ErrClosed says that the keyring was closed.
	ErrClosed = errors.New("the keyring is closed")
)

// cached is how many subjects' ciphers are kept ready, at about 1 KiB each.
const cached = 4096

// Keyring is an open keyring. It is safe for use by many goroutines.
type Keyring struct {
	dir   string
	lock  *os.File
	ring  id                              // of this keyring: keys cannot be carried into another one
	ready *lru.Cache[string, *subjectKey] // by subject

	io      sync.Mutex     // held while the file is written; taken before mu
	flushes sync.WaitGroup // the goroutine that writes batches

	mu       sync.RWMutex // guards all below
	file     *os.File     // replaced only with io held too
	master   cipher.AEAD
	places   map[id]place
	slots    uint32 // in the file, the header among them
	failed   error  // why nothing can be written any more
	batch    *batch // waiting to be written; nil if none
	writing  *batch // being written; nil if none
	flushing bool
}

var _ codec.Keys = (*Keyring)(nil)

// place is the number of a subject's slot, and whether its key is destroyed.
type place struct {
	slot      uint32
	destroyed bool
}

type subjectKey struct {
	key  []byte
	aead cipher.AEAD
}

// AEAD returns AES-256-GCM under the subject's key. Errors: codec.ErrNoKey, codec.ErrKeyDestroyed.
func (k *Keyring) AEAD(_ context.Context, subject string) (cipher.AEAD, error) {
	key, err := k.key(subject)
	if err != nil {
		return nil, err
	}
	return key.aead, nil
}

// Secret derives 32 bytes for one purpose from the subject's key: they die with it. Errors as AEAD.
func (k *Keyring) Secret(_ context.Context, subject, label string) ([]byte, error) {
	key, err := k.key(subject)
	if err != nil {
		return nil, err
	}
	return derive(key.key, "subject: "+label), nil
}

// Create makes sure that the subject has a key, on disk when it returns. Errors: codec.ErrKeyDestroyed.
func (k *Keyring) Create(ctx context.Context, subject string) error {
	owner, err := parseSubject(subject)
	if err != nil {
		return err
	}
	if err := k.create(ctx, kindKey, owner); err != nil {
		return fmt.Errorf("making the key of subject %s: %w", subject, err)
	}
	return nil
}

// Named returns the 32 random bytes of this name, made on first use. They outlive a change of the master key.
func (k *Keyring) Named(ctx context.Context, name string) ([]byte, error) {
	owner := secretID(name)
	if err := k.create(ctx, kindSecret, owner); err != nil {
		return nil, fmt.Errorf("making the secret %q: %w", name, err)
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	secret, err := k.read(owner)
	if err != nil {
		return nil, fmt.Errorf("reading the secret %q: %w", name, err)
	}
	return secret, nil
}

// Destroy overwrites the subject's key and leaves a mark: no key can be made for it again. It is on disk when Destroy
// returns. A subject without a key gets the mark too. Where the disk itself keeps old blocks (SSDs, snapshots), the
// overwritten bytes are still wrapped by the master key; Rewrap under a new one makes them useless.
func (k *Keyring) Destroy(ctx context.Context, subject string) error {
	owner, err := parseSubject(subject)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	unlock, err := k.exclusive()
	if err != nil {
		return fmt.Errorf("destroying the key of subject %s: %w", subject, err)
	}
	defer unlock()
	at, known := k.places[owner]
	if at.destroyed {
		return nil
	}
	if !known {
		at.slot = k.slots
	}
	mark := newSlot(kindDestroyed, owner)
	if err := k.fail(k.writeAt(mark[:], at.slot)); err != nil {
		return fmt.Errorf("destroying the key of subject %s: %w", subject, err)
	}
	k.slots = max(k.slots, at.slot+1)
	k.places[owner] = place{slot: at.slot, destroyed: true}
	k.ready.Remove(subject)
	return nil
}

// Close waits for what is being written and releases the keyring.
func (k *Keyring) Close() error {
	k.io.Lock()
	k.mu.Lock()
	closed := errors.Is(k.failed, ErrClosed)
	k.failed = ErrClosed
	k.ready.Purge()
	var err error
	if !closed {
		err = errors.Join(k.file.Close(), k.lock.Close())
	}
	k.mu.Unlock()
	k.io.Unlock()
	k.flushes.Wait()
	return err
}

// key returns a subject's key. On a miss it holds the lock until the key is cached: Destroy cannot come between.
func (k *Keyring) key(subject string) (*subjectKey, error) {
	if key, found := k.ready.Get(subject); found {
		return key, nil
	}
	owner, err := parseSubject(subject)
	if err != nil {
		return nil, err
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	secret, err := k.read(owner)
	if err != nil {
		return nil, fmt.Errorf("key of subject %s: %w", subject, err)
	}
	aead, err := newAEAD(secret)
	if err != nil {
		return nil, err
	}
	key := &subjectKey{key: secret, aead: aead}
	k.ready.Add(subject, key)
	return key, nil
}

// read unwraps an owner's key from the file. The caller holds mu.
func (k *Keyring) read(owner id) ([]byte, error) {
	at, known := k.places[owner]
	switch {
	case errors.Is(k.failed, ErrClosed):
		return nil, k.failed
	case !known:
		return nil, codec.ErrNoKey
	case at.destroyed:
		return nil, codec.ErrKeyDestroyed
	}
	var s slot
	if _, err := k.file.ReadAt(s[:], int64(at.slot)*slotSize); err != nil {
		return nil, fmt.Errorf("slot %d: %w", at.slot, err)
	}
	if !s.valid() || s.owner() != owner {
		return nil, fmt.Errorf("slot %d is damaged", at.slot)
	}
	key, err := s.unwrap(k.ring, k.master)
	if err != nil {
		return nil, fmt.Errorf("slot %d: %w", at.slot, err)
	}
	return key, nil
}

// create adds a slot with a random key, unless the owner has one, and waits until it is on disk.
func (k *Keyring) create(ctx context.Context, what kind, owner id) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	k.mu.Lock()
	at, known := k.places[owner]
	switch {
	case k.failed != nil:
		defer k.mu.Unlock()
		return k.failed
	case at.destroyed:
		defer k.mu.Unlock()
		return codec.ErrKeyDestroyed
	case known:
		defer k.mu.Unlock()
		return nil
	}
	waiting := k.join(what, owner)
	k.mu.Unlock()
	select {
	case <-waiting.done:
		return waiting.err
	case <-ctx.Done():
		return ctx.Err() // the key may come to be: that harms nobody
	}
}

// secretID is the owner of a named secret.
func secretID(name string) id {
	sum := sha256.Sum256([]byte("named secret: " + name))
	return id(sum[:16])
}

func parseSubject(subject string) (id, error) {
	parsed, err := uuid.Parse(subject)
	if err != nil || parsed.String() != subject {
		return id{}, fmt.Errorf("subject %q is not a UUID in its canonical form", subject)
	}
	return id(parsed), nil
}

// path is where a keyring's keys lie.
func path(dir string) string { return filepath.Join(dir, "keys") }

func randomKey() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key)
	return key
}
