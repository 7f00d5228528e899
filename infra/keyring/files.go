package keyring

import (
	"errors"
	"os"
	"runtime"
)

// writeDraft writes a file beside its destination, on disk before it gets its name.
func writeDraft(dir string, content []byte) (path string, err error) {
	f, err := os.CreateTemp(dir, draftPattern)
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

const draftPattern = ".draft-*"

// syncDir makes a new name in a directory durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a directory cannot be synced there
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
