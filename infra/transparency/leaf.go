package transparency

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/archive"
)

// leafMagic begins the bytes of every leaf. The number is that of the format: another one would be another log.
const leafMagic = "portal record 1\n"

// IsLeaf tells whether a record is a leaf of the tree: all are but those of the store's own streams.
func IsLeaf(record eventstore.Recorded) bool { return !strings.HasPrefix(record.Stream, "$") }

// AppendLeaf appends the bytes that stand for a record in the tree:
//
//	"portal record 1\n"   16 bytes
//	event id              16 bytes
//	revision               8 bytes, the highest first
//	1 if data is JSON      1 byte, else 0
//	stream, type, metadata, data: the length of each in 4 bytes, the highest first, then the bytes
//
// The time at which the log accepted the record is in the metadata, as the member recordedAt that moving a log adds
// (docs/adr/0013): a record that was never moved is taken as if it were about to be. Positions change with a move and are
// not in the leaf: a leaf's place in the tree is its index.
func AppendLeaf(dst []byte, record eventstore.Recorded) []byte {
	carried := archive.Carried(record)
	dst = append(dst, leafMagic...)
	dst = append(dst, carried.ID[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(record.Revision))
	if carried.JSON {
		dst = append(dst, 1)
	} else {
		dst = append(dst, 0)
	}
	dst = appendSized(dst, record.Stream)
	dst = appendSized(dst, carried.Type)
	dst = appendSized(dst, carried.Metadata)
	return appendSized(dst, carried.Data)
}

func appendSized[T string | []byte](dst []byte, part T) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(part)))
	return append(dst, part...)
}

// Leaf is the hash of a record's leaf.
func Leaf(record eventstore.Recorded) Hash {
	var l Leaves
	return l.Hash(record)
}

// Leaves hashes many records one after another in the same memory. It is used by one goroutine at a time.
type Leaves struct{ buf []byte }

// Hash is the hash of a record's leaf.
func (l *Leaves) Hash(record eventstore.Recorded) Hash {
	l.buf = AppendLeaf(append(l.buf[:0], leafPrefix), record)
	return sha256.Sum256(l.buf)
}
