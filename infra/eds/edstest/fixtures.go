// Package edstest gives tests the real signatures, certificates and answers of the national certification centre. They
// are not part of the module: tests that need them are skipped where they are absent, but never in continuous integration.
package edstest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	variable = "PORTAL_TEST_EDS_FIXTURES" // names the folder
	manifest = "MANIFEST.sha256"          // its table of contents, as sha256sum writes it
)

// Folder finds the folder of the fixtures. Without it the test is skipped, or fails where CI is set.
func Folder(tb testing.TB) string {
	tb.Helper()
	folder, err := find()
	if err != nil {
		Missing(tb, err)
	}
	return folder
}

// Fixture reads a file of the fixtures, named with slashes as in the manifest: cms/example.cms. It fails if the file is
// not the one that the manifest promises.
func Fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	content, err := read(Folder(tb), name)
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

// DER reads a fixture that is DER, or PEM with one block.
func DER(tb testing.TB, name string) []byte {
	tb.Helper()
	content := Fixture(tb, name)
	if block, rest := pem.Decode(content); block != nil {
		if len(bytes.TrimSpace(rest)) > 0 {
			tb.Fatalf("the fixture %s holds more than one PEM block", name)
		}
		return block.Bytes
	}
	return content
}

// Names lists the fixtures of a folder as they are named in the manifest, in its order: Names(tb, "p12").
func Names(tb testing.TB, folder string) []string {
	tb.Helper()
	listed, err := contents(Folder(tb))
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for _, entry := range listed {
		if strings.HasPrefix(entry.name, folder+"/") {
			names = append(names, entry.name)
		}
	}
	return names
}

// find looks where the variable says, else for shared/fixtures/eds beside the module: in a folder above the test's.
func find() (string, error) {
	if folder := os.Getenv(variable); folder != "" {
		if _, err := os.Stat(filepath.Join(folder, manifest)); err != nil {
			return "", fmt.Errorf("looking for the EDS fixtures where %s says: %w", variable, err)
		}
		return folder, nil
	}
	at, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for the EDS fixtures: %w", err)
	}
	for {
		folder := filepath.Join(at, "shared", "fixtures", "eds")
		if _, err := os.Stat(filepath.Join(folder, manifest)); err == nil {
			return folder, nil
		}
		above := filepath.Dir(at)
		if above == at {
			return "", errors.New("no EDS fixtures: no folder shared/fixtures/eds above, and " + variable + " is not set")
		}
		at = above
	}
}

type entry struct{ name, sum string }

func contents(folder string) ([]entry, error) {
	text, err := os.ReadFile(filepath.Join(folder, manifest))
	if err != nil {
		return nil, fmt.Errorf("reading the manifest of the EDS fixtures: %w", err)
	}
	var entries []entry
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		sum, name, whole := strings.Cut(lines.Text(), "  ")
		if !whole || len(sum) != hex.EncodedLen(sha256.Size) {
			return nil, fmt.Errorf("reading the manifest of the EDS fixtures: what is %q", lines.Text())
		}
		entries = append(entries, entry{strings.TrimPrefix(name, "./"), sum})
	}
	return entries, lines.Err()
}

func read(folder, name string) ([]byte, error) {
	entries, err := contents(folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.name != name {
			continue
		}
		content, err := fs.ReadFile(os.DirFS(folder), name)
		if err != nil {
			return nil, fmt.Errorf("reading an EDS fixture: %w", err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != e.sum {
			return nil, fmt.Errorf("the EDS fixture %s is not what the manifest promises", name)
		}
		return content, nil
	}
	return nil, fmt.Errorf("the manifest of the EDS fixtures knows no %s", name)
}
