package trustlist

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"services.example/portal/infra/eds/trust"
)

func TestAListOfTrustIsMadeAndSigned(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	private, draft, file := filepath.Join(folder, "key"), filepath.Join(folder, "list.json"), filepath.Join(folder, "trust.txt")
	written := func(run func(output) error) string {
		t.Helper()
		var text bytes.Buffer
		if err := run(output{&text}); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	key := strings.TrimSpace(written(func(o output) error {
		return (&KeyCommand{output: o, File: private, Name: "trust.example.kz"}).Run()
	}))
	if err := (&KeyCommand{File: private, Name: "trust.example.kz"}).Run(); err == nil {
		t.Error("a key was replaced")
	}
	if info, err := os.Stat(private); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file has mode %v, error %v", info.Mode(), err)
	}
	shown := written(func(o output) error { return (&ShowCommand{output: o}).Run() })
	if strings.Contains(shown, `"test"`) {
		t.Error("authorities of tests are on a list for production")
	}
	writeText(t, draft, strings.Replace(shown, `"version": 1,`, `"version": 2,`, 1))
	writeText(t, file, written(func(o output) error { return (&SignCommand{output: o, List: draft, Key: private}).Run() }))
	store, err := trust.Open(trust.Options{Production: true, File: file, Key: key})
	if err != nil || store.List().Number() != 2 {
		t.Fatalf("the list is not taken: %v", err)
	}
	again := written(func(o output) error { return (&ShowCommand{output: o, Trust: file, TrustKey: key}).Run() })
	if again != strings.Replace(shown, `"version": 1,`, `"version": 2,`, 1) {
		t.Error("the signed list reads otherwise")
	}
}

func TestAWrongListOfTrustIsNotSigned(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	private, draft := filepath.Join(folder, "key"), filepath.Join(folder, "list.json")
	if err := (&KeyCommand{output: output{new(bytes.Buffer)}, File: private, Name: "trust.example.kz"}).Run(); err != nil {
		t.Fatal(err)
	}
	writeText(t, draft, `{"version":2,"issued":"2026-11-23T00:00:00Z","authorities":[]}`)
	var text bytes.Buffer
	if err := (&SignCommand{output: output{&text}, List: draft, Key: private}).Run(); err == nil || text.Len() > 0 {
		t.Errorf("signed: %s", text.String())
	}
	secret := "PRIVATE+KEY+nobody"
	writeText(t, private, secret)
	if err := (&SignCommand{List: draft, Key: private}).Run(); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("error %v, want one that quotes nothing of the key", err)
	}
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
