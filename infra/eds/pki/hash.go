package pki

import (
	"crypto"
	"crypto/sha1" //nolint:gosec // old evidence and ESS bindings of time stamps name it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"hash"

	"services.example/portal/infra/eds/gost"
)

// Hash is a digest algorithm. The zero Hash is none.
type Hash uint8

// The digest algorithms that are known. That one is known does not mean that it may be signed with.
const (
	SHA1 Hash = iota + 1
	SHA256
	SHA384
	SHA512
	GOST94      // GOST 34.311-95
	Streebog256 // GOST R 34.11-2012 with 256 bits
	Streebog512 // GOST R 34.11-2012 with 512 bits
)

// hashes says of each Hash what it is called.
var hashes = [...]struct {
	name string
	oid  asn1.ObjectIdentifier
	make func() hash.Hash
	size int
	std  crypto.Hash
}{
	SHA1:        {"SHA1", asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, sha1.New, sha1.Size, crypto.SHA1},
	SHA256:      {"SHA256", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, sha256.New, sha256.Size, crypto.SHA256},
	SHA384:      {"SHA384", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, sha512.New384, sha512.Size384, crypto.SHA384},
	SHA512:      {"SHA512", asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, sha512.New, sha512.Size, crypto.SHA512},
	GOST94:      {"GOST94", asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 3, 1}, gost.New94, gost.Size94, 0},
	Streebog256: {"Streebog256", asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 3, 2}, gost.New256, gost.Size256, 0},
	Streebog512: {"Streebog512", asn1.ObjectIdentifier{1, 2, 398, 3, 10, 1, 3, 3}, gost.New512, gost.Size512, 0},
}

// HashByOID finds a digest algorithm by its identifier.
func HashByOID(oid asn1.ObjectIdentifier) (Hash, bool) {
	for h := SHA1; h <= Streebog512; h++ {
		if hashes[h].oid.Equal(oid) {
			return h, true
		}
	}
	return 0, false
}

func (h Hash) known() bool { return h > 0 && int(h) < len(hashes) }

// New begins a digest. The Hash must be a known one.
func (h Hash) New() hash.Hash { return hashes[h].make() }

// Sum is the digest of a message.
func (h Hash) Sum(message []byte) []byte {
	sum := h.New()
	sum.Write(message)
	return sum.Sum(nil)
}

// Size is the length of a digest in bytes; of no Hash it is 0.
func (h Hash) Size() int {
	if !h.known() {
		return 0
	}
	return hashes[h].size
}

// OID is the identifier.
func (h Hash) OID() asn1.ObjectIdentifier {
	if !h.known() {
		return nil
	}
	return hashes[h].oid
}

// Legacy says whether the digest proves something only of years ago.
func (h Hash) Legacy() bool { return h == SHA1 || h == GOST94 }

// String is the name for reports.
func (h Hash) String() string {
	if !h.known() {
		return "unknown"
	}
	return hashes[h].name
}

// Crypto is the digest's number in the standard library; 0 for those of the GOST family.
func (h Hash) Crypto() crypto.Hash {
	if !h.known() {
		return 0
	}
	return hashes[h].std
}
