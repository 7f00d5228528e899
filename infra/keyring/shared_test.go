package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/keyring"
)

// slots is a shared place in memory.
type slots struct {
	mu   sync.Mutex
	held map[[16]byte][]byte
}

func (s *slots) Find(_ context.Context, id [16]byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.held[id]), nil
}

func (s *slots) Insert(_ context.Context, id [16]byte, slot []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[[16]byte][]byte{}
	}
	if s.held[id] != nil {
		return false, nil
	}
	s.held[id] = bytes.Clone(slot)
	return true, nil
}

func (s *slots) Replace(_ context.Context, id [16]byte, old, slot []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !bytes.Equal(s.held[id], old) {
		return false, nil
	}
	s.held[id] = bytes.Clone(slot)
	return true, nil
}

func (s *slots) All(context.Context) iter.Seq2[[]byte, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := maps.Clone(s.held)
	return func(yield func([]byte, error) bool) {
		for _, slot := range all {
			if !yield(slot, nil) {
				return
			}
		}
	}
}

func openShared(t *testing.T, place *slots, master keyring.Master, former ...keyring.Master) *keyring.Shared {
	t.Helper()
	k, err := keyring.OpenShared(t.Context(), place, master, former...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// secretOf is what tells keys apart.
func secretOf(t *testing.T, k interface {
	Secret(ctx context.Context, subject, label string) ([]byte, error)
}, subject string,
) []byte {
	t.Helper()
	secret, err := k.Secret(t.Context(), subject, "test")
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestProcessesShareOneKeyring(t *testing.T) {
	t.Parallel()
	place, master := &slots{}, keyring.NewMaster()
	rings := make([]*keyring.Shared, 8)
	var opening sync.WaitGroup
	for i := range rings {
		opening.Go(func() {
			var err error
			if rings[i], err = keyring.OpenShared(t.Context(), place, master); err != nil {
				t.Error(err)
				return
			}
			if err := rings[i].Create(t.Context(), anna); err != nil {
				t.Error(err)
			}
		})
	}
	opening.Wait()
	if t.Failed() {
		return
	}
	pepper, err := rings[0].Named(t.Context(), "pepper")
	if err != nil {
		t.Fatal(err)
	}
	want := secretOf(t, rings[0], anna)
	for i, ring := range rings {
		if !bytes.Equal(secretOf(t, ring, anna), want) {
			t.Errorf("process %d has another key", i)
		}
		if same, err := ring.Named(t.Context(), "pepper"); err != nil || !bytes.Equal(same, pepper) {
			t.Errorf("process %d has another secret, error %v", i, err)
		}
	}
	if _, err := keyring.OpenShared(t.Context(), place, keyring.NewMaster()); !errors.Is(err, keyring.ErrWrongMaster) {
		t.Errorf("opened with another master key: %v", err)
	}
}

func TestASharedKeyIsDestroyedForEver(t *testing.T) {
	t.Parallel()
	place, master := &slots{}, keyring.NewMaster()
	one, other := openShared(t, place, master), openShared(t, place, master)
	if _, err := one.AEAD(t.Context(), anna); !errors.Is(err, codec.ErrNoKey) {
		t.Errorf("before it was made: %v", err)
	}
	for _, subject := range []string{anna, boris} {
		if subject == anna {
			if err := one.Create(t.Context(), subject); err != nil {
				t.Fatal(err)
			}
		}
		if err := one.Destroy(t.Context(), subject); err != nil {
			t.Fatal(err)
		}
		if _, err := one.AEAD(t.Context(), subject); !errors.Is(err, codec.ErrKeyDestroyed) {
			t.Errorf("in the process that destroyed it: %v", err)
		}
		if err := other.Create(t.Context(), subject); !errors.Is(err, codec.ErrKeyDestroyed) {
			t.Errorf("made anew in another process: %v", err)
		}
	}
}

func TestOtherProcessesStopUsingADestroyedKeySoon(t *testing.T) {
	t.Parallel()
	place, master := &slots{}, keyring.NewMaster()
	one, other := openShared(t, place, master), openShared(t, place, master)
	clock := time.Now()
	other.SetClock(func() time.Time { return clock })
	if err := one.Create(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	secretOf(t, other, anna)
	if err := one.Destroy(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(keyring.Staleness)
	if _, err := other.AEAD(t.Context(), anna); !errors.Is(err, codec.ErrKeyDestroyed) {
		t.Errorf("after %s: %v", keyring.Staleness, err)
	}
}

func TestASharedKeyringGoesToANewMasterWhileOthersWork(t *testing.T) {
	t.Parallel()
	place, former, next := &slots{}, keyring.NewMaster(), keyring.NewMaster()
	before := openShared(t, place, former)
	if err := before.Create(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	if err := before.Destroy(t.Context(), boris); err != nil {
		t.Fatal(err)
	}
	want := secretOf(t, before, anna)
	during := openShared(t, place, next, former)
	for range 2 { // again, as after an interruption
		if err := during.Rewrap(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	after := openShared(t, place, next)
	if got := secretOf(t, after, anna); !bytes.Equal(got, want) {
		t.Error("the key is another one under the new master key")
	}
	if _, err := after.AEAD(t.Context(), boris); !errors.Is(err, codec.ErrKeyDestroyed) {
		t.Errorf("the destroyed key: %v", err)
	}
	if _, err := keyring.OpenShared(t.Context(), place, former); !errors.Is(err, keyring.ErrWrongMaster) {
		t.Errorf("opened with the former master key: %v", err)
	}
}

func TestAKeyringMovesToASharedPlaceAndBack(t *testing.T) {
	t.Parallel()
	master := keyring.NewMaster()
	alone := open(t, filepath.Join(t.TempDir(), "keys"), master)
	create(t, alone, anna)
	if err := alone.Destroy(t.Context(), boris); err != nil {
		t.Fatal(err)
	}
	place := &slots{}
	for range 2 { // again, as after an interruption
		if err := alone.Share(t.Context(), place); err != nil {
			t.Fatal(err)
		}
	}
	shared := openShared(t, place, master)
	backup := filepath.Join(t.TempDir(), "backup")
	if err := shared.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	restored := open(t, backup, master)
	want := secretOf(t, alone, anna)
	if diff := cmp.Diff([][]byte{want, want}, [][]byte{secretOf(t, shared, anna), secretOf(t, restored, anna)}); diff != "" {
		t.Errorf("keys (-alone +shared, restored):\n%s", diff)
	}
	for name, k := range map[string]codec.Keys{"shared": shared, "restored": restored} {
		if _, err := k.AEAD(t.Context(), boris); !errors.Is(err, codec.ErrKeyDestroyed) {
			t.Errorf("the destroyed key, %s: %v", name, err)
		}
	}
	if err := open(t, filepath.Join(t.TempDir(), "keys"), master).Share(t.Context(), place); err == nil {
		t.Error("another keyring was put over this one")
	}
}

func TestADamagedSharedSlotIsNotTaken(t *testing.T) {
	t.Parallel()
	place := &slots{}
	k := openShared(t, place, keyring.NewMaster())
	if err := k.Create(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	for id := range place.held {
		place.held[id][slotSize/2] ^= 1
	}
	if _, err := k.AEAD(t.Context(), anna); err == nil || errors.Is(err, codec.ErrNoKey) {
		t.Errorf("error %v", err)
	}
}
