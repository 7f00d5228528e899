// Package disktest looks for texts on the disk, for tests of what must not be there.
package disktest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Holding lists the files under a folder that hold one of the texts, or are named by one, each with the text. A store that is open
// removes files while they are looked at: such a file holds nothing.
func Holding(t testing.TB, folder string, texts ...string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != folder {
			return nil
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path) // #nosec G304 G122 -- a file of the test
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, text := range texts {
			if bytes.Contains(content, []byte(text)) || strings.Contains(path[len(folder):], text) {
				found = append(found, path+": "+text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
