package pkcs12

import (
	"hash"
	"unicode/utf16"
)

// What a key is derived for: RFC 7292, appendix B.3.
const (
	forKey = 1
	forIV  = 2
	forMAC = 3
)

// budget is how many rounds of hashing a file may still ask for, so that nobody waits for minutes.
type budget int

// maxRounds is some tenths of a second. The centre's files take 1,024 rounds for each of three things, others 600,000.
const maxRounds = 2_000_000

func (b *budget) spend(rounds int) error {
	if rounds < 1 || rounds > int(*b) {
		return unsupported("so many rounds of hashing")
	}
	*b -= budget(rounds)
	return nil
}

// derive makes so many bytes of key from a password as RFC 7292, appendix B.2, says. The password is a BMPString that
// ends with a zero.
func derive(newHash func() hash.Hash, password, salt []byte, rounds int, purpose byte, size int) []byte {
	h := newHash()
	block := h.BlockSize()
	diversifier := make([]byte, block)
	for i := range diversifier {
		diversifier[i] = purpose
	}
	input := append(filled(salt, block), filled(password, block)...)
	var key []byte
	for {
		h.Reset()
		h.Write(diversifier)
		h.Write(input)
		digest := h.Sum(nil)
		for range rounds - 1 {
			h.Reset()
			h.Write(digest)
			digest = h.Sum(digest[:0])
		}
		key = append(key, digest...)
		if len(key) >= size {
			return key[:size]
		}
		addend := filled(digest, block)[:block]
		for i := 0; i < len(input); i += block {
			increment(input[i:i+block], addend)
		}
	}
}

// filled repeats b until it fills whole blocks; nothing stays nothing.
func filled(b []byte, block int) []byte {
	size := (len(b) + block - 1) / block * block
	out := make([]byte, 0, size)
	for len(out) < size {
		out = append(out, b[:min(len(b), size-len(out))]...)
	}
	return out
}

// increment adds addend and one, big-endian, modulo the length.
func increment(b, addend []byte) {
	carry := 1
	for i := len(b) - 1; i >= 0; i-- {
		carry += int(b[i]) + int(addend[i])
		b[i] = byte(carry)
		carry >>= 8
	}
}

// bmpString is a password as PKCS #12 hashes it: UTF-16, big-endian, with a zero at the end.
func bmpString(password string) []byte {
	units := utf16.Encode([]rune(password))
	b := make([]byte, 0, 2*len(units)+2)
	for _, unit := range append(units, 0) {
		b = append(b, byte(unit>>8), byte(unit))
	}
	return b
}
