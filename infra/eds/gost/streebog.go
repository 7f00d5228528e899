package gost

import (
	"encoding/binary"
	"hash"
	"math/bits"
)

// Lengths in bytes.
const (
	Size512   = 64 // of a Streebog-512 digest
	Size256   = 32 // of a Streebog-256 digest
	BlockSize = 64 // of what Streebog takes at once
)

// block is a vector of 512 bits; word 0 holds the least significant.
type block [8]uint64

// streebog is the state between blocks. It holds no pointers: a copy goes its own way.
type streebog struct {
	size     int
	h, n, s  block // the chained value, the count of bits so far, and the sum of all blocks
	rest     [BlockSize]byte
	buffered int
}

// New512 is Streebog with a digest of 512 bits: GOST R 34.11-2012, RFC 6986.
func New512() hash.Hash { return newStreebog(Size512) }

// New256 is Streebog with a digest of 256 bits.
func New256() hash.Hash { return newStreebog(Size256) }

func newStreebog(size int) *streebog {
	d := &streebog{size: size}
	d.Reset()
	return d
}

// Size is the digest's length in bytes.
func (d *streebog) Size() int { return d.size }

// BlockSize is the length in bytes of which writes are best a multiple.
func (*streebog) BlockSize() int { return BlockSize }

// Reset forgets what was written.
func (d *streebog) Reset() {
	*d = streebog{size: d.size}
	if d.size == Size256 {
		for i := range d.h {
			d.h[i] = 0x0101010101010101
		}
	}
}

// Write never fails.
func (d *streebog) Write(p []byte) (int, error) {
	length := len(p)
	if d.buffered > 0 {
		n := copy(d.rest[d.buffered:], p)
		d.buffered += n
		p = p[n:]
		if d.buffered < BlockSize {
			return length, nil
		}
		d.take(d.rest[:], 8*BlockSize)
		d.buffered = 0
	}
	for ; len(p) >= BlockSize; p = p[BlockSize:] {
		d.take(p, 8*BlockSize)
	}
	d.buffered = copy(d.rest[:], p)
	return length, nil
}

// Sum appends the digest of what was written so far; more may be written afterwards.
func (d *streebog) Sum(to []byte) []byte {
	end := *d
	end.rest[end.buffered] = 1
	clear(end.rest[end.buffered+1:])
	end.take(end.rest[:], uint64(8*end.buffered))
	compress(&end.h, &block{}, &end.n)
	compress(&end.h, &block{}, &end.s)
	var digest [Size512]byte
	for i, word := range end.h {
		binary.LittleEndian.PutUint64(digest[8*i:], word)
	}
	return append(to, digest[Size512-end.size:]...) // the short digest is the more significant half
}

// take hashes the block at the beginning of p, of which so many bits are of the message.
func (d *streebog) take(p []byte, length uint64) {
	_ = p[BlockSize-1]
	var m block
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(p[8*i:])
	}
	compress(&d.h, &d.n, &m)
	d.n.add(&block{length})
	d.s.add(&m)
}

// add adds modulo 2^512.
func (b *block) add(other *block) {
	var carry uint64
	for i := range b {
		b[i], carry = bits.Add64(b[i], other[i], carry)
	}
}

// compress is the standard's function g: it makes h the next chained value.
func compress(h, n, m *block) {
	var key, state, mixed block
	for i := range mixed {
		mixed[i] = h[i] ^ n[i]
	}
	substitute(&key, &mixed)
	state = *m
	for round := range streebogRounds {
		constants := &streebogRounds[round]
		for i := range mixed {
			mixed[i] = state[i] ^ key[i]
		}
		substitute(&state, &mixed)
		for i := range mixed {
			mixed[i] = key[i] ^ constants[i]
		}
		substitute(&key, &mixed)
	}
	for i := range h {
		h[i] ^= state[i] ^ key[i] ^ m[i]
	}
}

// substitute is the standard's LPS: bytes through the S-box, transposed, each word times the matrix.
func substitute(to, from *block) {
	for i := range to {
		shift := 8 * uint(i)
		to[i] = streebogTable[0][byte(from[0]>>shift)] ^ streebogTable[1][byte(from[1]>>shift)] ^
			streebogTable[2][byte(from[2]>>shift)] ^ streebogTable[3][byte(from[3]>>shift)] ^
			streebogTable[4][byte(from[4]>>shift)] ^ streebogTable[5][byte(from[5]>>shift)] ^
			streebogTable[6][byte(from[6]>>shift)] ^ streebogTable[7][byte(from[7]>>shift)]
	}
}

// streebogTable holds what a byte at a place of a word adds to the product with the matrix.
var streebogTable = func() (table [8][256]uint64) {
	for place := range table {
		for value := range table[place] {
			substituted := streebogBox[value]
			for bit := range 8 {
				if substituted>>bit&1 == 1 {
					table[place][value] ^= streebogMatrix[63-8*place-bit]
				}
			}
		}
	}
	return table
}()
