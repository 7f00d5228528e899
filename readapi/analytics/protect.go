// Package analytics makes figures and exports of applications that tell nothing of one person: counts are protected, rows
// are pseudonymised.
//
// How counts are protected. What fewer than Smallest applications share is not told. Everything else is rounded to a
// multiple of Smallest, up or down by chance, so that sums of many figures come out right on the average; the chance
// follows from the applications that are counted and from a secret of the installation: the same applications always give
// the same figure, and asking again tells nothing. Every figure is rounded for itself, totals too: the difference of a
// total and its parts, or of two periods, is not the count of what is between them.
package analytics

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// Smallest is how many applications must share something for it to be told, and what figures are multiples of.
const Smallest = 5

// Tally counts applications, or what else is somebody's.
type Tally struct {
	N    int64
	Keys uint64 // sum of the keys of what is counted
}

// add counts one more by its key.
func (t *Tally) add(key uint64) {
	t.N++
	t.Keys += key
}

// merge counts what another counts: of others than those that are counted here.
func (t *Tally) merge(more Tally) {
	t.N += more.N
	t.Keys += more.Keys
}

// Told tells whether there are enough for anything to be told of them.
func (t *Tally) Told() bool { return t.N >= Smallest }

// Published is the figure that is told; nil: there are some, but too few.
func (t *Tally) Published() *int64 {
	figure := t.N
	switch {
	case t.N == 0:
	case !t.Told():
		return nil
	default:
		over := t.N % Smallest
		figure -= over
		if scrambled(t.Keys)%Smallest < uint64(over) {
			figure += Smallest
		}
	}
	return &figure
}

// scrambled is as good as random, and always the same (the finalizer of SplitMix64).
func scrambled(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Keys gives the keys by which applications are counted. It is for one goroutine.
type Keys struct {
	mac hash.Hash
	sum [sha256.Size]byte
}

// NewKeys makes keys of the installation's secret.
func NewKeys(secret []byte) *Keys {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("tally"))
	return &Keys{mac: hmac.New(sha256.New, mac.Sum(nil))}
}

// Of is the key of an id.
func (k *Keys) Of(id string) uint64 {
	k.mac.Reset()
	k.mac.Write([]byte(id))
	return binary.BigEndian.Uint64(k.mac.Sum(k.sum[:0]))
}
