// Package analytics makes figures and exports of applications that tell nothing of one person: counts are protected, rows
// are pseudonymised.
//
// How counts are protected. Nothing is told of a cell that fewer than Smallest applications or fewer than Smallest people
// share, nor what fewer than Smallest in it share. Everything else is rounded to a multiple of Smallest, up or down by
// chance, so that sums of many figures come out right on the average; the chance follows from the applications that are
// counted and from a secret of the installation: the same applications always give the same figure, and asking again tells
// nothing. Every figure is rounded for itself, totals too: the difference of a total and its parts, or of two periods, is
// not the count of what is between them.
//
// Means, shares and percentiles say no more than that: they are made of rounded counts, or moved by chance by about as
// much as Smallest applications can move them, or not told.
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
	if t.N > 0 && !t.Told() {
		return nil
	}
	figure := t.rounded()
	return &figure
}

// rounded is the count up or down to a multiple of Smallest: nearer to it more often, and right on the average.
func (t *Tally) rounded() int64 {
	over := t.N % Smallest
	if scrambled(t.Keys)%Smallest < uint64(over) {
		return t.N - over + Smallest
	}
	return t.N - over
}

// chance is between -1 and 1, and always the same for what is counted.
func (t *Tally) chance() float64 {
	return float64(int64(scrambled(t.Keys^anotherChance))) / (1 << 63)
}

// anotherChance makes it another one than that by which the count is rounded.
const anotherChance = 0x9e3779b97f4a7c15

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
