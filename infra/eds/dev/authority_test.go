package dev

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestAnAuthorityIsMadeOnceAndReadableByItsOwnerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ca.pem")
	var opened [4]*Authority
	var group sync.WaitGroup
	for i := range opened {
		group.Go(func() {
			a, err := Open(path, noon)
			if err != nil {
				t.Error(err)
			}
			opened[i] = a
		})
	}
	group.Wait()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("its file has mode %o", mode)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, error %v; want one file", left, err)
	}
	for _, a := range opened {
		if a == nil || !a.certificate.Equal(opened[0].certificate) {
			t.Error("two processes made two authorities")
		}
	}
	if opened[0].certificate.NotAfter.Before(noon.AddDate(9, 0, 0)) {
		t.Errorf("it ends at %s", opened[0].certificate.NotAfter)
	}
}

func TestADamagedAuthorityIsNotReplaced(t *testing.T) {
	t.Parallel()
	open(t)
	whole, err := os.ReadFile(filepath.Join(testFolder, "authority.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := impostor(); err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(filepath.Join(testFolder, "impostor.pem"))
	if err != nil {
		t.Fatal(err)
	}
	key := strings.Index(string(whole), "-----BEGIN PRIVATE KEY")
	otherKey := strings.Index(string(other), "-----BEGIN PRIVATE KEY")
	for name, content := range map[string]string{
		"empty":               "",
		"no key":              string(whole[:key]),
		"another's key":       string(whole[:key]) + string(other[otherKey:]),
		"a damaged key":       string(whole[:key]) + "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
		"a damaged authority": "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n" + string(whole[key:]),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "ca.pem")
			write(t, path, []byte(content))
			if a, err := Open(path, noon); err == nil {
				t.Errorf("opened %v", a.certificate.Subject)
			}
			if kept, err := os.ReadFile(path); err != nil || string(kept) != content {
				t.Errorf("the file was changed, error %v", err)
			}
		})
	}
}
