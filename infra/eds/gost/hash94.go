package gost

import (
	"encoding/binary"
	"hash"
	"math/bits"
)

// Lengths in bytes of GOST 34.311-95: of a digest, and of what it takes at once.
const (
	Size94      = 32
	BlockSize94 = 32
)

// hash94 is the state of GOST 34.311-95 between blocks; a copy goes its own way.
type hash94 struct {
	h, sum   [BlockSize94]byte
	length   uint64 // in bytes, of whole blocks
	rest     [BlockSize94]byte
	buffered int
}

// New94 is the hash of GOST 34.311-95, which is GOST R 34.11-94 of RFC 5831, with the S-boxes of
// id-GostR3411-94-TestParamSet, the ones that Kazakhstan uses. It is broken in theory, and here only to verify what was
// signed years ago.
func New94() hash.Hash { return &hash94{} }

// Size is the digest's length in bytes.
func (*hash94) Size() int { return Size94 }

// BlockSize is the length in bytes of which writes are best a multiple.
func (*hash94) BlockSize() int { return BlockSize94 }

// Reset forgets what was written.
func (d *hash94) Reset() { *d = hash94{} }

// Write never fails.
func (d *hash94) Write(p []byte) (int, error) {
	length := len(p)
	if d.buffered > 0 {
		n := copy(d.rest[d.buffered:], p)
		d.buffered += n
		p = p[n:]
		if d.buffered < BlockSize94 {
			return length, nil
		}
		d.take(&d.rest, BlockSize94)
		d.buffered = 0
	}
	for ; len(p) >= BlockSize94; p = p[BlockSize94:] {
		d.take((*[BlockSize94]byte)(p), BlockSize94)
	}
	d.buffered = copy(d.rest[:], p)
	return length, nil
}

// Sum appends the digest of what was written so far; more may be written afterwards.
func (d *hash94) Sum(to []byte) []byte {
	end := *d
	if end.buffered > 0 {
		clear(end.rest[end.buffered:])
		end.take(&end.rest, uint64(end.buffered))
	}
	var length [BlockSize94]byte
	binary.LittleEndian.PutUint64(length[:], end.length<<3)
	binary.LittleEndian.PutUint64(length[8:], end.length>>61)
	step94(&end.h, &length)
	step94(&end.h, &end.sum)
	return append(to, end.h[:]...)
}

// take hashes a block of which so many bytes are of the message.
func (d *hash94) take(m *[BlockSize94]byte, length uint64) {
	step94(&d.h, m)
	d.length += length
	var carry uint64
	for i := 0; i < BlockSize94; i += 8 {
		var sum uint64
		sum, carry = bits.Add64(binary.LittleEndian.Uint64(d.sum[i:]), binary.LittleEndian.Uint64(m[i:]), carry)
		binary.LittleEndian.PutUint64(d.sum[i:], sum)
	}
}

// constant94 is the only key constant that is not zero, C3 of the standard; least significant word first.
var constant94 = [4]uint64{0xff00ff00ff00ff00, 0x00ff00ff00ff00ff, 0xff0000ff00ffff00, 0xff00ffff000000ff}

// step94 is the standard's step hashing function: it makes h the next chained value.
func step94(h, m *[BlockSize94]byte) {
	var u, v [4]uint64
	for i := range u {
		u[i] = binary.LittleEndian.Uint64(h[8*i:])
		v[i] = binary.LittleEndian.Uint64(m[8*i:])
	}
	var encrypted [BlockSize94]byte
	for i := range 4 {
		if i > 0 {
			u = shift94(u)
			if i == 2 {
				for j := range u {
					u[j] ^= constant94[j]
				}
			}
			v = shift94(shift94(v))
		}
		key := key94(&u, &v)
		part := binary.LittleEndian.Uint64(h[8*i:])
		binary.LittleEndian.PutUint64(encrypted[8*i:], encrypt94(&key, part))
	}
	var words register94
	words.load(&encrypted)
	words.shift(12)
	words.mix(m)
	words.shift(1)
	words.mix(h)
	words.shift(61)
	words.store(h)
}

// shift94 is the standard's A: it shifts four words of 64 bits by one, with feedback.
func shift94(y [4]uint64) [4]uint64 { return [4]uint64{y[1], y[2], y[3], y[0] ^ y[1]} }

// key94 transposes the bytes of u xor v, the standard's P, into a key of eight words.
func key94(u, v *[4]uint64) (key [8]uint32) {
	for i := range key {
		for j := range 4 {
			key[i] |= uint32(byte((u[j]^v[j])>>(8*i))) << (8 * j)
		}
	}
	return key
}

// encrypt94 encrypts a block of 64 bits with GOST 28147-89.
func encrypt94(key *[8]uint32, data uint64) uint64 {
	a, b := uint32(data), uint32(data>>32)
	for range 3 {
		for i := 0; i < 8; i += 2 {
			b ^= round94(a + key[i])
			a ^= round94(b + key[i+1])
		}
	}
	for i := 7; i > 0; i -= 2 {
		b ^= round94(a + key[i])
		a ^= round94(b + key[i-1])
	}
	return uint64(a)<<32 | uint64(b)
}

// round94 is a round's function: S-boxes, then a rotation by 11.
func round94(x uint32) uint32 {
	return table94[0][byte(x)] ^ table94[1][byte(x>>8)] ^ table94[2][byte(x>>16)] ^ table94[3][byte(x>>24)]
}

// register94 is the shift register of the mixing transformation: sixteen words of 16 bits, the least significant first.
type register94 [16]uint16

func (r *register94) load(from *[BlockSize94]byte) {
	for i := range r {
		r[i] = binary.LittleEndian.Uint16(from[2*i:])
	}
}

func (r *register94) store(to *[BlockSize94]byte) {
	for i, word := range r {
		binary.LittleEndian.PutUint16(to[2*i:], word)
	}
}

func (r *register94) mix(with *[BlockSize94]byte) {
	for i := range r {
		r[i] ^= binary.LittleEndian.Uint16(with[2*i:])
	}
}

// shift is the standard's ψ, so many times.
func (r *register94) shift(times int) {
	for range times {
		feedback := r[0] ^ r[1] ^ r[2] ^ r[3] ^ r[12] ^ r[15]
		copy(r[:], r[1:])
		r[15] = feedback
	}
}

// boxes94 is id-GostR3411-94-TestParamSet of RFC 4357; the first row is for the least significant half-byte.
var boxes94 = [8][16]byte{
	{4, 10, 9, 2, 13, 8, 0, 14, 6, 11, 1, 12, 7, 15, 5, 3},
	{14, 11, 4, 12, 6, 13, 15, 10, 2, 3, 8, 1, 0, 7, 5, 9},
	{5, 8, 1, 13, 10, 3, 4, 2, 14, 15, 12, 7, 6, 0, 9, 11},
	{7, 13, 10, 1, 0, 8, 9, 15, 14, 4, 6, 12, 11, 2, 5, 3},
	{6, 12, 7, 1, 5, 15, 13, 8, 4, 10, 9, 14, 0, 3, 11, 2},
	{4, 11, 10, 0, 7, 2, 1, 13, 3, 6, 8, 5, 9, 12, 15, 14},
	{13, 11, 4, 1, 3, 15, 5, 9, 0, 10, 14, 7, 6, 8, 2, 12},
	{1, 15, 13, 0, 5, 7, 10, 4, 9, 2, 3, 14, 6, 11, 8, 12},
}

// table94 holds what each byte of a word gives after its two S-boxes and the rotation.
var table94 = func() (table [4][256]uint32) {
	for place := range table {
		for value := range table[place] {
			substituted := uint32(boxes94[2*place][value&15]) | uint32(boxes94[2*place+1][value>>4])<<4
			table[place][value] = bits.RotateLeft32(substituted<<(8*place), 11)
		}
	}
	return table
}()
