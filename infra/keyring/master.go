package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// keySize is the size of every key here, in bytes: AES-256.
const keySize = 32

// Master is the key that wraps all others. It prints as a placeholder wherever it is printed.
type Master struct{ key [keySize]byte }

// NewMaster makes a random master key.
func NewMaster() Master {
	var m Master
	_, _ = rand.Read(m.key[:]) // never fails: it ends the program rather than return bad randomness
	return m
}

// ParseMaster reads the base64 of 32 bytes, as a master key file holds it or an environment variable may.
func ParseMaster(text string) (Master, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keySize {
		return Master{}, errors.New("a master key is the base64 of 32 bytes")
	}
	return Master{[keySize]byte(key)}, nil
}

// LoadMaster reads the master key from a file that only its owner may read. With create, a file that does not exist is
// made with a new key; what is in it is then all that opens the keyring: keep a copy apart from the keyring's backup.
func LoadMaster(path string, create bool) (Master, error) {
	m, err := readMaster(path)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err := writeMaster(path, NewMaster()); err != nil && !errors.Is(err, fs.ErrExist) {
			return Master{}, fmt.Errorf("making the master key file %s: %w", path, err)
		}
		m, err = readMaster(path) // possibly another process's, which was first
	}
	if err != nil {
		return Master{}, fmt.Errorf("master key file %s: %w", path, err)
	}
	return m, nil
}

func readMaster(path string) (Master, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Master{}, err
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return Master{}, fmt.Errorf("others may read it (mode %#o): set its mode to 0600", mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Master{}, err
	}
	return ParseMaster(string(text))
}

// writeMaster makes the file whole or not at all, and never replaces one.
func writeMaster(path string, m Master) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text := base64.StdEncoding.EncodeToString(m.key[:]) + "\n"
	draft, err := writeDraft(dir, []byte(text)) // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft) }()
	if err := os.Link(draft, path); err != nil {
		return err
	}
	return syncDir(dir)
}

// Derive makes 32 bytes for one purpose out of the master key. They change when the master key is replaced: what must
// outlive it is a Keyring's Named secret.
func (m Master) Derive(label string) []byte {
	return derive(m.key[:], label)
}

func derive(key []byte, label string) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, "portal keyring: "+label, keySize)
	if err != nil {
		panic("HKDF of 32 bytes: " + err.Error()) // only for longer output than this constant
	}
	return out
}

// wrapper is the cipher that wraps the keys of one keyring.
func (m Master) wrapper(id [16]byte) (cipher.AEAD, error) {
	return newAEAD(m.Derive("wrap " + string(id[:])))
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// String hides the key.
func (m Master) String() string { return "[master key]" }

// Format hides the key from every verb.
func (m Master) Format(out fmt.State, _ rune) { _, _ = io.WriteString(out, m.String()) }

// LogValue hides the key.
func (m Master) LogValue() slog.Value { return slog.StringValue(m.String()) }
