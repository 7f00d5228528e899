package keyring

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// The file is a row of slots of one size, a divisor of every disk's sector size, so that rewriting one in place cannot
// tear it. The first is the header.
//
//	offset  size
//	     0     1  kind: H header, K key, S named secret, D destroyed
//	     1     3  zero
//	     4    16  owner: the subject's UUID, a hash of the secret's name, or in the header the keyring's id
//	    20    12  nonce
//	    32    48  wrapped key: AES-256-GCM under the master key, bound to keyring, kind and owner
//	    80    44  zero
//	   124     4  CRC-32C of all before
//
// A destroyed slot has zeros for nonce and wrapped key.
const (
	slotSize     = 128
	ownerAt      = 4
	nonceAt      = 20
	wrappedAt    = 32
	wrappedEnd   = 80
	sumAt        = slotSize - 4
	headerFormat = 1 // in place of the header's first zero
)

type kind byte

const (
	kindHeader    kind = 'H'
	kindKey       kind = 'K'
	kindSecret    kind = 'S'
	kindDestroyed kind = 'D'
)

type (
	id   [16]byte
	slot [slotSize]byte
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func newSlot(k kind, owner id) slot {
	var s slot
	s[0] = byte(k)
	copy(s[ownerAt:], owner[:])
	s.sum()
	return s
}

// newWrapped returns a slot with a key in it.
func newWrapped(k kind, owner, ring id, key []byte, master cipher.AEAD) slot {
	s := newSlot(k, owner)
	if k == kindHeader {
		s[1] = headerFormat
	}
	nonce := s[nonceAt:wrappedAt]
	_, _ = rand.Read(nonce)
	master.Seal(s[wrappedAt:wrappedAt], nonce, key, associated(k, owner, ring))
	s.sum()
	return s
}

func (s *slot) sum()       { binary.BigEndian.PutUint32(s[sumAt:], crc32.Checksum(s[:sumAt], castagnoli)) }
func (s *slot) kind() kind { return kind(s[0]) }
func (s *slot) owner() id  { return id(s[ownerAt:nonceAt]) }
func (s *slot) whole() bool {
	return binary.BigEndian.Uint32(s[sumAt:]) == crc32.Checksum(s[:sumAt], castagnoli)
}

// unwrap returns the key in the slot.
func (s *slot) unwrap(ring id, master cipher.AEAD) ([]byte, error) {
	key, err := master.Open(nil, s[nonceAt:wrappedAt], s[wrappedAt:wrappedEnd], associated(s.kind(), s.owner(), ring))
	if err != nil {
		return nil, errors.New("the wrapped key does not authenticate")
	}
	return key, nil
}

// valid tells whether the slot is one that this package writes after the header.
func (s *slot) valid() bool {
	switch s.kind() {
	case kindKey, kindSecret, kindDestroyed:
		return s.whole()
	case kindHeader:
		return false
	}
	return false
}

func associated(k kind, owner, ring id) []byte {
	return fmt.Appendf(nil, "%c%s%s", k, ring[:], owner[:])
}
