package codec

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"github.com/google/uuid"
)

// What is sealed begins with the number of its form. In both forms nonce, ciphertext and tag of AES-256-GCM come last.
const (
	sealPlain     = 1 // nothing else
	sealCommitted = 2 // before them a commitment; what is encrypted begins with its salt
)

// Sizes in the committed form, in bytes.
const (
	saltSize       = 32
	commitmentSize = sha256.Size
)

// seal encrypts words behind a salt, and commits to them: whoever is shown salt and words later can see that they are the
// ones, without the key. Without the salt, which is gone with the key, the commitment tells nothing of the words.
func seal(aead cipher.AEAD, salted []byte, stream string, id uuid.UUID) []byte {
	head := 1 + commitmentSize + aead.NonceSize()
	out := make([]byte, head, head+len(salted)+aead.Overhead())
	out[0] = sealCommitted
	commitment := commit(salted, stream, id)
	copy(out[1:], commitment[:])
	nonce := out[1+commitmentSize:]
	_, _ = rand.Read(nonce)
	return aead.Seal(out, nonce, salted, associated(stream, id)) //nolint:gosec // The nonce is random.
}

func unseal(aead cipher.AEAD, sealed []byte, stream string, id uuid.UUID) ([]byte, error) {
	salted, committed, err := unsealSalted(aead, sealed, stream, id)
	if err != nil || !committed {
		return salted, err
	}
	return salted[saltSize:], nil
}

// unsealSalted decrypts; what it returns begins with a salt if it is committed to.
func unsealSalted(aead cipher.AEAD, sealed []byte, stream string, id uuid.UUID) (plain []byte, committed bool, err error) {
	head := 1
	if len(sealed) > 0 && sealed[0] == sealCommitted {
		head, committed = 1+commitmentSize, true
	}
	if len(sealed) < head+aead.NonceSize() || !committed && sealed[0] != sealPlain {
		return nil, false, ErrTampered
	}
	nonce, ciphertext := sealed[head:head+aead.NonceSize()], sealed[head+aead.NonceSize():]
	plain, err = aead.Open(ciphertext[:0], nonce, ciphertext, associated(stream, id))
	if err != nil || committed && len(plain) < saltSize {
		return nil, false, ErrTampered
	}
	return plain, committed, nil
}

// commitment is what a sealed member commits to; none in the plain form.
func commitment(sealed []byte) (c [commitmentSize]byte, found bool) {
	if len(sealed) < 1+commitmentSize || sealed[0] != sealCommitted {
		return c, false
	}
	return [commitmentSize]byte(sealed[1:]), true
}

// commitMagic begins what is hashed for a commitment.
const commitMagic = "portal sealed 2\n"

// commit hashes a salt and the words after it, for this event.
func commit(salted []byte, stream string, id uuid.UUID) [commitmentSize]byte {
	h := sha256.New()
	_, _ = h.Write([]byte(commitMagic)) // writing to a hash never fails
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(stream)))
	_, _ = h.Write(size[:])
	_, _ = h.Write([]byte(stream))
	_, _ = h.Write(id[:])
	_, _ = h.Write(salted)
	return [commitmentSize]byte(h.Sum(nil))
}

// associated binds what is sealed to its event: it cannot be moved to another one.
func associated(stream string, id uuid.UUID) []byte {
	out := make([]byte, 0, len(stream)+1+len(id))
	out = append(out, stream...)
	out = append(out, 0)
	return append(out, id[:]...)
}
