package analytics

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
)

// The length of an export key, in bytes.
const (
	MinKey = 16
	MaxKey = 64
)

// errKey does not repeat the key.
var errKey = errors.New("an export key has 16 to 64 bytes")

// Pseudonyms give the names under which exports know applications and applicants: the same in two exports of one analyst
// with the same key, and others in any other export. They are made with a secret of the installation too, so that nobody
// can try out ids with the key alone. It is for one goroutine.
type Pseudonyms struct {
	applications, applicants hash.Hash
	sum                      [sha256.Size]byte
	text                     [2 * pseudonymSize]byte
}

// pseudonymSize is the length of a pseudonym in bytes, before it is written in hex.
const pseudonymSize = 16

// NewPseudonyms makes those of an analyst's key; without a key those of one export that joins with no other. Error: a key
// that is too short or too long.
func NewPseudonyms(secret []byte, analyst string, key []byte) (*Pseudonyms, error) {
	switch {
	case len(key) == 0:
		key = make([]byte, MinKey)
		_, _ = rand.Read(key) // never fails
	case len(key) < MinKey || len(key) > MaxKey:
		return nil, errKey
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("pseudonyms\x00" + analyst + "\x00"))
	mac.Write(key)
	root := mac.Sum(nil)
	keyed := func(what string) hash.Hash {
		mac := hmac.New(sha256.New, root)
		mac.Write([]byte(what))
		return hmac.New(sha256.New, mac.Sum(nil))
	}
	return &Pseudonyms{applications: keyed("application"), applicants: keyed("applicant")}, nil
}

// Application is the pseudonym of an application.
func (p *Pseudonyms) Application(id string) string { return p.of(p.applications, id) }

// Applicant is the pseudonym of an applicant; empty for none: they were erased.
func (p *Pseudonyms) Applicant(id string) string {
	if id == "" {
		return ""
	}
	return p.of(p.applicants, id)
}

func (p *Pseudonyms) of(mac hash.Hash, id string) string {
	mac.Reset()
	mac.Write([]byte(id))
	hex.Encode(p.text[:], mac.Sum(p.sum[:0])[:pseudonymSize])
	return string(p.text[:])
}
