package transparency

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// HashSize is the size of a hash, in bytes.
const HashSize = sha256.Size

// Hash is a SHA-256 hash of a leaf or of a node of the tree. As text it is in base64.
type Hash [HashSize]byte

var errHash = errors.New("a hash is 32 bytes in base64")

// ParseHash reads what String wrote.
func ParseHash(text string) (Hash, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != HashSize || base64.StdEncoding.EncodeToString(raw) != text {
		return Hash{}, errHash
	}
	return Hash(raw), nil
}

// String gives the hash in base64.
func (h Hash) String() string { return base64.StdEncoding.EncodeToString(h[:]) }

// MarshalText gives the hash in base64.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads a hash in base64.
func (h *Hash) UnmarshalText(text []byte) (err error) {
	*h, err = ParseHash(string(text))
	return err
}

// The first byte of what is hashed tells leaves from nodes (RFC 6962, 2.1).
const (
	leafPrefix = 0
	nodePrefix = 1
)

// EmptyRoot is the root of a tree without leaves.
func EmptyRoot() Hash { return sha256.Sum256(nil) }

// Node is the hash of a node with these children.
func Node(left, right Hash) Hash {
	var buf [1 + 2*HashSize]byte
	buf[0] = nodePrefix
	copy(buf[1:], left[:])
	copy(buf[1+HashSize:], right[:])
	return sha256.Sum256(buf[:])
}
