package blackbox_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMove moves a portal that is running into another event store: events by export and import, keys and files beside
// them. The read models that it had are taken along, so that those made from the moved events are compared with them.
func TestMove(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	held := newBelongings(t, s)

	file := filepath.Join(t.TempDir(), "portal.archive")
	_, said, code := run(t, "", "export", "--data", s.data, file)
	if code != 0 || !strings.Contains(said, "The events are not all") {
		t.Fatalf("export of a portal that runs ended with %d: %s", code, said)
	}
	if _, said, code := run(t, "", "export", "--data", s.data, file); code == 0 || !strings.Contains(said, "file already exists") {
		t.Errorf("a second export into the same file ended with %d: %s", code, said)
	}
	want := events(t, s.data)
	s.stop()
	atRest, said, code := run(t, "", "export", "--data", s.data)
	if code != 0 || len(atRest) == 0 {
		t.Errorf("export of a portal at rest ended with %d: %s", code, said)
	}

	moved := t.TempDir()
	killedWhileImporting(t, moved, file)
	if got, want := ok(t, "import", "--data", moved, file), fmt.Sprintf("the event store holds the %d events of the archive: ", want); !strings.HasPrefix(got, want) {
		t.Errorf("import said %q, want %q…", got, want)
	}
	again := fmt.Sprintf("the event store holds the %d events of the archive: 0 were written, %d were there already\n", want, want)
	if got := ok(t, "import", "--data", moved, file); got != again {
		t.Errorf("import again said %q, want %q", got, again)
	}
	if stdout, said, code := run(t, atRest, "import", "--data", moved); code != 0 || stdout != again {
		t.Errorf("import of what a portal at rest exported ended with %d: %s%s", code, stdout, said)
	}
	takeAlong(t, s.data, moved)
	checkStores(t, moved)

	if err := os.RemoveAll(filepath.Join(moved, "read")); err != nil { // as after a real move
		t.Fatal(err)
	}
	held.isIn(t, start(t, moved))
	if _, said, code := run(t, "", "import", "--data", moved, file); code == 0 || !strings.Contains(said, "in use") && !strings.Contains(said, "another process") {
		t.Errorf("import into a store that is in use ended with %d: %s", code, said)
	}
}

// killedWhileImporting gives an import half of an archive, and kills it while it waits for the rest.
func killedWhileImporting(t *testing.T, data, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), binary, "import", "--data", data)
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdin.Write(content[:len(content)/2]); err != nil {
		t.Fatal(err)
	}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err == nil {
		t.Error("the import came to its end before it was killed")
	}
}

// TestRefusedToMove lists what export and import refuse, and that they change nothing then.
func TestRefusedToMove(t *testing.T) {
	t.Parallel()
	data, other, dir := t.TempDir(), t.TempDir(), t.TempDir()
	ok(t, "seed", "--data", data)
	file := filepath.Join(dir, "portal.archive")
	ok(t, "export", "--data", data, file)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive can be read by others: %v, error %v", info.Mode(), err)
	}
	write := func(name string, content []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	damaged := append(append([]byte{}, content[:len(content)/2]...), 0xff)
	damaged = append(damaged, content[len(content)/2+1:]...)
	for _, r := range []struct {
		name string
		args []string
		says string
	}{
		{"a data folder without events", []string{"export", "--data", filepath.Join(dir, "nothing"), filepath.Join(dir, "new")}, "event log"},
		{"a file in a folder that is not there", []string{"export", "--data", data, filepath.Join(dir, "no", "new")}, "no such file"},
		{"an archive that is not there", []string{"import", "--data", other, filepath.Join(dir, "new")}, "no such file"},
		{"an archive that is cut off", []string{"import", "--data", other, write("cut", content[:len(content)*2/3])}, "cut off"},
		{"an archive that is damaged", []string{"import", "--data", other, write("damaged", damaged)}, "damaged"},
		{"something else", []string{"import", "--data", other, write("else", []byte("a text"))}, "no event archive"},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := run(t, "", r.args...)
			if code == 0 || !strings.Contains(stderr, r.says) || stdout != "" {
				t.Errorf("it ended with %d and said %q, without %q", code, stdout+stderr, r.says)
			}
			for _, untouched := range []string{filepath.Join(dir, "new"), filepath.Join(dir, "nothing"), filepath.Join(other, "events")} {
				if _, err := os.Lstat(untouched); !os.IsNotExist(err) {
					t.Errorf("it made %s", untouched)
				}
			}
		})
	}
}

// TestImportIntoOtherEvents brings an archive into a store of another portal.
func TestImportIntoOtherEvents(t *testing.T) {
	t.Parallel()
	data, other := t.TempDir(), t.TempDir()
	ok(t, "seed", "--data", data)
	ok(t, "seed", "--data", other)
	before := events(t, other)
	file := filepath.Join(t.TempDir(), "portal.archive")
	ok(t, "export", "--data", data, file)
	_, stderr, code := run(t, "", "import", "--data", other, file)
	if code == 0 || !strings.Contains(stderr, "holds other events") {
		t.Errorf("it ended with %d: %s", code, stderr)
	}
	if after := events(t, other); after != before {
		t.Errorf("it wrote %d events", after-before)
	}
}
