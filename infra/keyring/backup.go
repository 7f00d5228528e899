package keyring

import (
	"context"
	"fmt"
	"os"
)

// Backup copies the keyring as it is now into a folder, which is made if it is not there and must hold no keyring. The
// copy is wrapped by the same master key. Who restores a copy brings back whom it still holds: erase them again.
func (k *Keyring) Backup(ctx context.Context, dir string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := makeBackup(dir); err != nil {
		return err
	}
	content, err := k.snapshot()
	if err != nil {
		return err
	}
	return writeBackup(dir, content)
}

// makeBackup makes the folder of a backup, in which there may be no keyring.
func makeBackup(dir string) error {
	if _, err := os.Stat(path(dir)); !os.IsNotExist(err) {
		return fmt.Errorf("backing up the keyring: %s holds one already", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of the keyring's backup: %w", err)
	}
	return nil
}

// writeBackup writes the slots of a keyring into its backup, whole or not at all.
func writeBackup(dir string, content []byte) error {
	draft, err := writeDraft(dir, content)
	if err != nil {
		return fmt.Errorf("writing the keyring's backup: %w", err)
	}
	if err := os.Rename(draft, path(dir)); err != nil {
		return fmt.Errorf("naming the keyring's backup: %w", err)
	}
	return syncDir(dir)
}

// snapshot reads the whole file while nothing is written to it.
func (k *Keyring) snapshot() ([]byte, error) {
	unlock, err := k.exclusive()
	if err != nil {
		return nil, fmt.Errorf("backing up the keyring: %w", err)
	}
	defer unlock()
	content := make([]byte, int64(k.slots)*slotSize)
	if _, err := k.file.ReadAt(content, 0); err != nil {
		return nil, fmt.Errorf("reading the keyring: %w", err)
	}
	return content, nil
}
