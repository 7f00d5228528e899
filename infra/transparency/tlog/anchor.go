package tlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Anchor keeps the latest signed checkpoint outside the read store, so that one which was lost or set back together with
// the event log is noticed.
type Anchor struct {
	Path string // of the file; the folder must exist
}

// Load reads the checkpoint; none: nil.
func (a Anchor) Load() ([]byte, error) {
	signed, err := os.ReadFile(a.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the latest checkpoint: %w", err)
	}
	return signed, nil
}

// Save puts a checkpoint in the place of the one before; it is on disk when Save returns.
func (a Anchor) Save(signed []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(a.Path), "."+filepath.Base(a.Path)+"-*")
	if err != nil {
		return fmt.Errorf("keeping the latest checkpoint: %w", err)
	}
	_, err = file.Write(signed)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), a.Path)
	}
	if err != nil {
		return fmt.Errorf("keeping the latest checkpoint: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}
