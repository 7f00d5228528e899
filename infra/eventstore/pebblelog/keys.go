package pebblelog

import (
	"encoding/binary"

	"github.com/google/uuid"
)

// The first byte of every key tells what it is.
const (
	eventPrefix  = 'E'
	streamPrefix = 'S'
	headPrefix   = 'H'
	formatKey    = "F"
)

const (
	eventKeySize    = 1 + 8
	streamKeySize   = 1 + 8 + 8
	streamEntrySize = 8 + 16
)

func putEventKey(key []byte, position uint64) {
	key[0] = eventPrefix
	binary.BigEndian.PutUint64(key[1:], position)
}

func eventKey(position uint64) []byte {
	key := make([]byte, eventKeySize)
	putEventKey(key, position)
	return key
}

func putStreamKey(key []byte, number uint64, revision int64) {
	key[0] = streamPrefix
	binary.BigEndian.PutUint64(key[1:], number)
	binary.BigEndian.PutUint64(key[9:], uint64(revision))
}

func streamKey(number uint64, revision int64) []byte {
	key := make([]byte, streamKeySize)
	putStreamKey(key, number, revision)
	return key
}

// streamEnd is after every key of the stream.
func streamEnd(number uint64) []byte { return streamKey(number+1, 0) }

func headKey(stream string) []byte {
	key := make([]byte, 0, 1+len(stream))
	key = append(key, headPrefix)
	return append(key, stream...)
}

// streamEntry is the value of a stream's index.
type streamEntry struct {
	position uint64
	id       uuid.UUID
}

func (e streamEntry) put(value []byte) {
	binary.BigEndian.PutUint64(value, e.position)
	copy(value[8:], e.id[:])
}

func parseStreamEntry(value []byte) (streamEntry, bool) {
	if len(value) != streamEntrySize {
		return streamEntry{}, false
	}
	return streamEntry{position: binary.BigEndian.Uint64(value), id: uuid.UUID(value[8:])}, true
}
