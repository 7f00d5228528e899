package edstest

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// prepare makes a folder of fixtures with one file, right or damaged.
func prepare(t *testing.T, content string) string {
	t.Helper()
	folder := t.TempDir()
	sum := sha256.Sum256([]byte("құжат"))
	if err := os.Mkdir(filepath.Join(folder, "cms"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"cms/one.cms": content,
		manifest:      hex.EncodeToString(sum[:]) + "  ./cms/one.cms\n" + hex.EncodeToString(sum[:]) + "  ./tsp/two.bin\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(variable, folder)
	return folder
}

func TestAFixtureIsReadAsTheManifestPromisesIt(t *testing.T) {
	folder := prepare(t, "құжат")
	if got := Fixture(t, "cms/one.cms"); string(got) != "құжат" {
		t.Errorf("read %q", got)
	}
	if got := DER(t, "cms/one.cms"); string(got) != "құжат" {
		t.Errorf("read %q", got)
	}
	if got := Folder(t); got != folder {
		t.Errorf("found %s, want %s", got, folder)
	}
	if got := Names(t, "cms"); !slices.Equal(got, []string{"cms/one.cms"}) {
		t.Errorf("listed %v", got)
	}
}

func TestAFixtureThatWasChangedOrIsNotListedIsNotRead(t *testing.T) {
	folder := prepare(t, "another")
	for _, name := range []string{"cms/one.cms", "cms/three.cms", "tsp/two.bin", "../one"} {
		if got, err := read(folder, name); err == nil {
			t.Errorf("%s was read: %q", name, got)
		}
	}
}

func TestFixturesAreFoundAboveTheTest(t *testing.T) {
	t.Setenv(variable, "")
	top := t.TempDir()
	folder := filepath.Join(top, "shared", "fixtures", "eds")
	below := filepath.Join(top, "module", "infra", "eds")
	for _, path := range []string{folder, below} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(below)
	if got, err := find(); err == nil && got == folder { // there may be others above the test's own folder
		t.Errorf("found %s, which is empty", got)
	}
	if err := os.WriteFile(filepath.Join(folder, manifest), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := find(); err != nil || got != folder {
		t.Errorf("found %s, error %v; want %s", got, err, folder)
	}
	t.Setenv(variable, top)
	if got, err := find(); err == nil {
		t.Errorf("found %s where there is nothing", got)
	}
}

func TestEveryFixtureIsWhole(t *testing.T) {
	folder := Folder(t)
	entries, err := contents(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) == 0 {
		t.Fatal("the manifest is empty")
	}
	for _, e := range entries {
		if _, err := read(folder, e.name); err != nil {
			t.Error(err)
		}
	}
}
