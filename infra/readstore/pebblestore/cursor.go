package pebblestore

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"

	"services.example/portal/infra/readstore"
)

// The place in a cursor is the key of the index, without numbers that change when a
// collection is built anew. Reading goes on after that key, whether or not it still exists.

// mark identifies the query (collection, index, prefix, direction) that a cursor belongs to.
func (p *plan) mark() uint64 {
	hash := fnv.New64a()
	write := func(part []byte) {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(part)))
		_, _ = hash.Write(length[:])
		_, _ = hash.Write(part)
	}
	write([]byte(p.collection.name))
	write([]byte(p.index.Name))
	for _, field := range p.index.Fields {
		write([]byte(field.Path))
		write([]byte{flag(field.Desc)})
	}
	write(p.prefix[numberedPrefix:])
	write([]byte{flag(p.reverse)})
	return hash.Sum64()
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// cursor makes the text of a cursor after a key of the index.
func (p *plan) cursor(key []byte) string {
	return readstore.SealCursor(p.mark(), key[numberedPrefix:])
}

// resume returns the key that a cursor stands for. Errors: ErrCursor.
func (p *plan) resume(cursor string) ([]byte, error) {
	place, err := readstore.OpenCursor(p.mark(), cursor)
	if err != nil {
		return nil, err
	}
	key := append(appendNumbered(nil, tableIndex, p.index.number), place...)
	if !bytes.HasPrefix(key, p.prefix) {
		return nil, readstore.ErrCursor
	}
	return key, nil
}
