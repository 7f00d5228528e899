package keyring

import (
	"context"
	"crypto/cipher"
	"fmt"
	"os"
)

// Rewrap puts every key under a new master key, in a new file that replaces the old one whole or not at all. From its
// return on only the new master key opens the keyring; the old one opens backups made before. Others wait meanwhile.
func (k *Keyring) Rewrap(ctx context.Context, master Master) error {
	unlock, err := k.exclusive()
	if err != nil {
		return fmt.Errorf("rewrapping the keyring: %w", err)
	}
	defer unlock()
	wrapper, err := master.wrapper(k.ring)
	if err != nil {
		return err
	}
	content := make([]byte, 0, int64(k.slots)*slotSize)
	for n := range k.slots {
		if err := ctx.Err(); err != nil {
			return err
		}
		var s slot
		if _, err := k.file.ReadAt(s[:], int64(n)*slotSize); err != nil {
			return fmt.Errorf("rewrapping slot %d: %w", n, err)
		}
		if s.kind() != kindDestroyed {
			key, err := s.unwrap(k.ring, k.master)
			if err != nil {
				return fmt.Errorf("rewrapping slot %d: %w", n, err)
			}
			s = newWrapped(s.kind(), s.owner(), k.ring, key, wrapper)
		}
		content = append(content, s[:]...)
	}
	if err := k.swap(content, wrapper); err != nil {
		return fmt.Errorf("putting the rewrapped keyring in place: %w", err)
	}
	return nil
}

// swap puts a new file in the place of the open one. The caller holds io and mu.
func (k *Keyring) swap(content []byte, wrapper cipher.AEAD) error {
	draft, err := writeDraft(k.dir, content)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(draft, os.O_RDWR, 0o600)
	if err != nil {
		_ = os.Remove(draft)
		return err
	}
	if err := os.Rename(draft, path(k.dir)); err != nil {
		_ = file.Close()
		_ = os.Remove(draft)
		return err
	}
	_ = k.file.Close()
	k.file, k.master = file, wrapper
	return k.fail(syncDir(k.dir))
}
