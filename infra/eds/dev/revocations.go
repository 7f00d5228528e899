package dev

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Revocation says that a certificate is good no more.
type Revocation struct {
	Serial *big.Int  `json:"serial"`
	At     time.Time `json:"at"`
	Reason int       `json:"reason"` // of RFC 5280, section 5.3.1; negative: none is given
}

// Reasons of RFC 5280.
const (
	ReasonKeyCompromise   = 1
	ReasonSuperseded      = 4
	ReasonCertificateHold = 6
)

// NeverIssued is how the responder of the national certification centre answers for a certificate that it does not know:
// revoked since 1970, on hold, with the extension ExtendedRevoke in the answer.
func NeverIssued(serial *big.Int) Revocation {
	return Revocation{Serial: serial, At: time.Unix(0, 0).UTC(), Reason: ReasonCertificateHold}
}

// revocations is what an authority has revoked. It lies in a file, so that every process of a demo knows it, or in memory.
// Only one process changes it: the portal.
type revocations struct {
	path string // empty: in memory
	mu   sync.Mutex
	list []Revocation
}

// Revoke revokes a certificate of the authority, or lets it be revoked for another reason.
func (ca *CA) Revoke(r Revocation) error {
	return ca.revoked.change(func(list []Revocation) []Revocation { return append(without(list, r.Serial), r) })
}

// Restore takes a revocation back, as if it had never been.
func (ca *CA) Restore(serial *big.Int) error {
	return ca.revoked.change(func(list []Revocation) []Revocation { return without(list, serial) })
}

// Revoked is what the authority has revoked, in the order in which it did.
func (ca *CA) Revoked() ([]Revocation, error) {
	ca.revoked.mu.Lock()
	defer ca.revoked.mu.Unlock()
	return ca.revoked.read()
}

func without(list []Revocation, serial *big.Int) []Revocation {
	return slices.DeleteFunc(slices.Clone(list), func(r Revocation) bool { return r.Serial.Cmp(serial) == 0 })
}

func (r *revocations) read() ([]Revocation, error) {
	if r.path == "" {
		return slices.Clone(r.list), nil
	}
	text, err := os.ReadFile(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what is revoked: %w", err)
	}
	var list []Revocation
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("reading what is revoked: %w", err)
	}
	for _, one := range list {
		if one.Serial == nil {
			return nil, errors.New("reading what is revoked: a serial number is missing")
		}
	}
	return list, nil
}

func (r *revocations) change(to func([]Revocation) []Revocation) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	list, err := r.read()
	if err != nil {
		return err
	}
	list = to(list)
	if r.path == "" {
		r.list = list
		return nil
	}
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	lines.SetIndent("", "  ")
	if err := lines.Encode(list); err != nil {
		return fmt.Errorf("writing what is revoked: %w", err)
	}
	if err := replace(r.path, text.Bytes()); err != nil {
		return fmt.Errorf("writing what is revoked: %w", err)
	}
	return nil
}

// replace puts a file in the place of another, whole or not at all.
func replace(path string, content []byte) error {
	draft, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = draft.Write(content)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(draft.Name()))
	}
	return nil
}
