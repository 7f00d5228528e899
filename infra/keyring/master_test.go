package keyring_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"services.example/portal/infra/keyring"
)

func TestMasterKeyFileIsMadeOnceForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets", "master.key")

	made, err := keyring.LoadMaster(path, true)
	if err != nil {
		t.Fatal(err)
	}

	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	for _, create := range []bool{true, false} {
		if again, err := keyring.LoadMaster(path, create); err != nil || again != made {
			t.Errorf("another key was loaded; error %v", err)
		}
	}
	if others, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(others) != 0 {
		t.Errorf("left behind: %v, error %v", others, err)
	}
}

func TestMasterKeyFileThatOthersMayReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := keyring.LoadMaster(path, true); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o660} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := keyring.LoadMaster(path, true)
		want := fmt.Sprintf("master key file %s: others may read it (mode %#o): set its mode to 0600", path, mode)
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestMasterKeyFileMustBeThereUnlessItIsToBeMade(t *testing.T) {
	if _, err := keyring.LoadMaster(filepath.Join(t.TempDir(), "none"), false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want ErrNotExist", err)
	}
}

func TestParseMaster(t *testing.T) {
	const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	for text, fine := range map[string]bool{
		key: true, key + "\n": true, " " + key + "\r\n": true,
		"": false, "secret": false, strings.Repeat("A", 44): false, key + key: false, key[:20]: false,
	} {
		_, err := keyring.ParseMaster(text)
		if fine != (err == nil) {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && err.Error() != "a master key is the base64 of 32 bytes" {
			t.Errorf("the error says more: %v", err)
		}
	}
}

func TestMasterKeyIsNeverPrinted(t *testing.T) {
	master, err := keyring.ParseMaster("YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=") // 32 times a, which is 97
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "master", master)

	for _, text := range []string{
		log.String(), fmt.Sprint(master), fmt.Sprintf("%v %+v %#v %s %x %d %q", master, master, master, master, master, master, master),
	} {
		for _, part := range []string{"aaaa", "6161", "97 97", "YWFh"} {
			if strings.Contains(text, part) {
				t.Errorf("%s contains %s", text, part)
			}
		}
	}
}

func TestDerivedSecretsDifferByLabelAndMaster(t *testing.T) {
	one, two := keyring.NewMaster(), keyring.NewMaster()

	if !bytes.Equal(one.Derive("codes"), one.Derive("codes")) || len(one.Derive("codes")) != 32 {
		t.Error("not repeatable, or not 32 bytes")
	}
	if bytes.Equal(one.Derive("codes"), one.Derive("addresses")) || bytes.Equal(one.Derive("codes"), two.Derive("codes")) {
		t.Error("two secrets are equal")
	}
}
