package pebblestore

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"hash/fnv"
	"strings"

	"services.example/portal/infra/readstore"
)

// A cursor is the place of the last document of a page: its key in the index, without numbers that change when a
// collection is built anew. Before it stand a mark of the query (collection, index, prefix, direction) that made it and
// a checksum. Reading goes on after that key, whether or not it still exists.
const cursorHeader = 8 + 4

// mark identifies the query that a cursor belongs to.
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
	place := key[numberedPrefix:]
	raw := make([]byte, cursorHeader, cursorHeader+len(place))
	binary.BigEndian.PutUint64(raw, p.mark())
	raw = append(raw, place...)
	binary.BigEndian.PutUint32(raw[8:], checksum(raw))
	return base64.RawURLEncoding.EncodeToString(raw)
}

// checksum covers a raw cursor but for the checksum itself.
func checksum(raw []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(raw[:8]), crc32.IEEETable, raw[cursorHeader:])
}

// resume returns the key that a cursor stands for. Errors: ErrCursor.
func (p *plan) resume(cursor string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || strings.ContainsAny(cursor, "\r\n") || len(raw) < cursorHeader || // the decoder overlooks line ends
		binary.BigEndian.Uint32(raw[8:]) != checksum(raw) || binary.BigEndian.Uint64(raw) != p.mark() {
		return nil, readstore.ErrCursor
	}
	key := append(appendNumbered(nil, tableIndex, p.index.number), raw[cursorHeader:]...)
	if !bytes.HasPrefix(key, p.prefix) {
		return nil, readstore.ErrCursor
	}
	return key, nil
}
