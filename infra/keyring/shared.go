package keyring

import (
	"bytes"
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"services.example/portal/infra/codec"
)

// Slots is a place for the slots of a keyring that several processes share. What it has acknowledged is never lost.
type Slots interface {
	// Find returns the slot under an id; nil if there is none.
	Find(ctx context.Context, id [16]byte) ([]byte, error)
	// Insert keeps a slot under an id that has none yet, and tells whether it had none.
	Insert(ctx context.Context, id [16]byte, slot []byte) (bool, error)
	// Replace puts a slot in the place of another, and tells whether that was there.
	Replace(ctx context.Context, id [16]byte, old, slot []byte) (bool, error)
	// All goes through all slots, in any order.
	All(ctx context.Context) iter.Seq2[[]byte, error]
}

// Staleness is how long a process may go on with a key that another one has destroyed.
const Staleness = 5 * time.Second

// Shared is a keyring that several processes use at once. It is safe for use by many goroutines.
type Shared struct {
	slots   Slots
	ring    id
	masters []cipher.AEAD // the first one wraps, all unwrap
	ready   *lru.Cache[string, fresh]
	now     func() time.Time
}

// fresh is a key that was read a moment ago.
type fresh struct {
	*subjectKey
	until time.Time
}

var _ codec.Keys = (*Shared)(nil)

// headerID is where the header is kept: no subject and no name has it.
var headerID = id{}

// OpenShared opens the keyring in a shared place, or makes it where there is none. Former master keys open what Rewrap has
// not put under the new one yet. Error: ErrWrongMaster.
func OpenShared(ctx context.Context, slots Slots, master Master, former ...Master) (*Shared, error) {
	ready, err := lru.New[string, fresh](cached)
	if err != nil {
		return nil, err
	}
	k := &Shared{slots: slots, ready: ready, now: time.Now}
	if err := k.open(ctx, append([]Master{master}, former...)); err != nil {
		return nil, fmt.Errorf("opening the shared keyring: %w", err)
	}
	return k, nil
}

func (k *Shared) open(ctx context.Context, masters []Master) error {
	stored, err := k.slots.Find(ctx, headerID)
	if err == nil && stored == nil {
		stored, err = k.begin(ctx, masters[0])
	}
	if err != nil {
		return err
	}
	header, err := parseSlot(stored)
	if err != nil || header.kind() != kindHeader || header[1] != headerFormat {
		return errors.New("the header is damaged, or this is not a keyring")
	}
	k.ring = header.owner()
	for _, master := range masters {
		wrapper, err := master.wrapper(k.ring)
		if err != nil {
			return err
		}
		k.masters = append(k.masters, wrapper)
	}
	if _, err := k.unwrap(header); err != nil {
		return ErrWrongMaster
	}
	return nil
}

// begin makes the header, unless another process was first.
func (k *Shared) begin(ctx context.Context, master Master) ([]byte, error) {
	ring := id(uuid.New())
	wrapper, err := master.wrapper(ring)
	if err != nil {
		return nil, err
	}
	header := newWrapped(kindHeader, ring, ring, randomKey(), wrapper)
	first, err := k.slots.Insert(ctx, headerID, header[:])
	if err != nil || first {
		return header[:], err
	}
	return k.slots.Find(ctx, headerID)
}

func parseSlot(stored []byte) (slot, error) {
	if len(stored) != slotSize {
		return slot{}, fmt.Errorf("a slot has %d bytes", len(stored))
	}
	s := slot(stored)
	if !s.whole() {
		return slot{}, errors.New("a slot is damaged")
	}
	return s, nil
}

func (k *Shared) unwrap(s slot) ([]byte, error) {
	var failed error
	for _, master := range k.masters {
		key, err := s.unwrap(k.ring, master)
		if err == nil {
			return key, nil
		}
		failed = err
	}
	return nil, failed
}

// AEAD returns AES-256-GCM under the subject's key. Errors: codec.ErrNoKey, codec.ErrKeyDestroyed.
func (k *Shared) AEAD(ctx context.Context, subject string) (cipher.AEAD, error) {
	key, err := k.key(ctx, subject)
	if err != nil {
		return nil, err
	}
	return key.aead, nil
}

// Secret derives 32 bytes for one purpose from the subject's key: they die with it. Errors as AEAD.
func (k *Shared) Secret(ctx context.Context, subject, label string) ([]byte, error) {
	key, err := k.key(ctx, subject)
	if err != nil {
		return nil, err
	}
	return derive(key.key, "subject: "+label), nil
}

func (k *Shared) key(ctx context.Context, subject string) (*subjectKey, error) {
	now := k.now()
	if key, found := k.ready.Get(subject); found && now.Before(key.until) {
		return key.subjectKey, nil
	}
	owner, err := parseSubject(subject)
	if err != nil {
		return nil, err
	}
	secret, err := k.read(ctx, owner)
	if err != nil {
		return nil, fmt.Errorf("key of subject %s: %w", subject, err)
	}
	aead, err := newAEAD(secret)
	if err != nil {
		return nil, err
	}
	key := &subjectKey{key: secret, aead: aead}
	k.ready.Add(subject, fresh{key, now.Add(Staleness)})
	return key, nil
}

func (k *Shared) read(ctx context.Context, owner id) ([]byte, error) {
	s, err := k.find(ctx, owner)
	switch {
	case err != nil:
		return nil, err
	case s == nil:
		return nil, codec.ErrNoKey
	case s.kind() == kindDestroyed:
		return nil, codec.ErrKeyDestroyed
	}
	return k.unwrap(*s)
}

// find returns the slot of an owner; nil if there is none.
func (k *Shared) find(ctx context.Context, owner id) (*slot, error) {
	stored, err := k.slots.Find(ctx, owner)
	if err != nil || stored == nil {
		return nil, err
	}
	s, err := parseSlot(stored)
	if err == nil && (!s.valid() || s.owner() != owner) {
		err = errors.New("a slot is damaged, or is another's")
	}
	return &s, err
}

// Create makes sure that the subject has a key, kept by the shared place when it returns. Errors: codec.ErrKeyDestroyed.
func (k *Shared) Create(ctx context.Context, subject string) error {
	if key, found := k.ready.Get(subject); found && k.now().Before(key.until) {
		return nil
	}
	owner, err := parseSubject(subject)
	if err != nil {
		return err
	}
	if err := k.create(ctx, kindKey, owner); err != nil {
		return fmt.Errorf("making the key of subject %s: %w", subject, err)
	}
	return nil
}

func (k *Shared) create(ctx context.Context, what kind, owner id) error {
	s := newWrapped(what, owner, k.ring, randomKey(), k.masters[0])
	first, err := k.slots.Insert(ctx, owner, s[:])
	if err != nil || first {
		return err
	}
	there, err := k.find(ctx, owner)
	if err == nil && there != nil && there.kind() == kindDestroyed {
		err = codec.ErrKeyDestroyed
	}
	return err
}

// Named returns the 32 random bytes of this name, made on first use. They outlive a change of the master key.
func (k *Shared) Named(ctx context.Context, name string) ([]byte, error) {
	owner := secretID(name)
	if err := k.create(ctx, kindSecret, owner); err != nil {
		return nil, fmt.Errorf("making the secret %q: %w", name, err)
	}
	secret, err := k.read(ctx, owner)
	if err != nil {
		return nil, fmt.Errorf("reading the secret %q: %w", name, err)
	}
	return secret, nil
}

// Destroy puts a mark in the place of the subject's key: no key can be made for it again. A subject without a key gets the
// mark too. Other processes that used the key lately stop within Staleness.
func (k *Shared) Destroy(ctx context.Context, subject string) error {
	owner, err := parseSubject(subject)
	if err != nil {
		return err
	}
	defer k.ready.Remove(subject)
	if err := k.change(ctx, owner, func(*slot) (slot, bool) { return newSlot(kindDestroyed, owner), true }); err != nil {
		return fmt.Errorf("destroying the key of subject %s: %w", subject, err)
	}
	return nil
}

// change replaces an owner's slot by what of makes of it (nil: none there), again and again while others are faster. A
// destroyed one stays as it is.
func (k *Shared) change(ctx context.Context, owner id, of func(*slot) (slot, bool)) error {
	for {
		there, err := k.find(ctx, owner)
		if err != nil || there != nil && there.kind() == kindDestroyed {
			return err
		}
		wanted, change := of(there)
		if !change {
			return nil
		}
		var done bool
		if there == nil {
			done, err = k.slots.Insert(ctx, owner, wanted[:])
		} else {
			done, err = k.slots.Replace(ctx, owner, there[:], wanted[:])
		}
		if err != nil || done {
			return err
		}
	}
}

// Rewrap puts every key under the master key with which the keyring was opened. All processes must have that one by then,
// and the former one as well. Where it was interrupted it can be run again; once it has ended, the former one opens nothing.
func (k *Shared) Rewrap(ctx context.Context) error {
	for stored, err := range k.slots.All(ctx) {
		var s slot
		if err == nil {
			s, err = parseSlot(stored)
		}
		if err == nil && s.kind() != kindHeader {
			err = k.rewrap(ctx, s.owner())
		}
		if err != nil {
			return fmt.Errorf("rewrapping the shared keyring: %w", err)
		}
	}
	return k.rewrapHeader(ctx)
}

func (k *Shared) rewrap(ctx context.Context, owner id) error {
	var failed error
	err := k.change(ctx, owner, func(s *slot) (slot, bool) {
		if s == nil {
			return slot{}, false
		}
		wanted, change, err := k.rewrapped(*s)
		failed = err
		return wanted, change
	})
	return errors.Join(err, failed)
}

// rewrapped is a slot under the first master key, and whether it was not before.
func (k *Shared) rewrapped(s slot) (slot, bool, error) {
	if _, err := s.unwrap(k.ring, k.masters[0]); err == nil {
		return s, false, nil
	}
	key, err := k.unwrap(s)
	if err != nil {
		return s, false, err
	}
	return newWrapped(s.kind(), s.owner(), k.ring, key, k.masters[0]), true, nil
}

// rewrapHeader comes last: as long as it is not done, the former master key still opens the keyring.
func (k *Shared) rewrapHeader(ctx context.Context) error {
	stored, err := k.slots.Find(ctx, headerID)
	if err != nil {
		return fmt.Errorf("rewrapping the header of the shared keyring: %w", err)
	}
	header, err := parseSlot(stored)
	if err != nil {
		return fmt.Errorf("rewrapping the header of the shared keyring: %w", err)
	}
	wanted, change, err := k.rewrapped(header)
	if err == nil && change {
		_, err = k.slots.Replace(ctx, headerID, stored, wanted[:]) // another process that was first did the same
	}
	if err != nil {
		return fmt.Errorf("rewrapping the header of the shared keyring: %w", err)
	}
	return nil
}

// Backup copies the keyring as it is now into a folder, in which Open finds it: there it is a keyring of one process, under
// the same master key. The folder is made if it is not there, and must hold no keyring.
func (k *Shared) Backup(ctx context.Context, dir string) error {
	if err := makeBackup(dir); err != nil {
		return err
	}
	var header, others bytes.Buffer
	for stored, err := range k.slots.All(ctx) {
		var s slot
		if err == nil {
			s, err = parseSlot(stored)
		}
		if err != nil {
			return fmt.Errorf("reading the shared keyring: %w", err)
		}
		if s.kind() == kindHeader {
			header.Write(s[:])
		} else {
			others.Write(s[:])
		}
	}
	return writeBackup(dir, append(header.Bytes(), others.Bytes()...))
}

// Share copies a keyring of one process into a shared place that holds none, or the beginning of the same: how a portal
// moves to several processes. Both are under the same master key. Marks of destroyed keys are copied too.
func (k *Keyring) Share(ctx context.Context, slots Slots) error {
	content, err := k.snapshot()
	if err != nil {
		return err
	}
	for n := 0; n < len(content); n += slotSize {
		s := slot(content[n : n+slotSize])
		at := s.owner()
		if n == 0 {
			at = headerID
		}
		first, err := slots.Insert(ctx, at, s[:])
		if err == nil && !first {
			err = sameSlot(ctx, slots, at, s)
		}
		if err != nil {
			return fmt.Errorf("sharing the keyring: %w", err)
		}
	}
	return nil
}

var errOtherKeyring = errors.New("the shared place holds another keyring")

// sameSlot tells whether a slot that is already there is the one to be copied, or a later mark in its place.
func sameSlot(ctx context.Context, slots Slots, at id, s slot) error {
	stored, err := slots.Find(ctx, at)
	if err != nil {
		return err
	}
	there, err := parseSlot(stored)
	if err == nil && there != s && there.kind() != kindDestroyed {
		err = errOtherKeyring
	}
	return err
}

// Close does nothing: the shared place is closed by whoever opened it.
func (k *Shared) Close() error { return nil }
