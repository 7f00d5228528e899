package readstore

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// A cursor is the place of the last document of a page. Before it stand a mark of the query that made it and a checksum.
const cursorHeader = 8 + 4

// SealCursor makes the text of a cursor: a place in an index, for the query of this mark alone.
func SealCursor(mark uint64, place []byte) string {
	raw := make([]byte, cursorHeader, cursorHeader+len(place))
	binary.BigEndian.PutUint64(raw, mark)
	raw = append(raw, place...)
	binary.BigEndian.PutUint32(raw[8:], cursorChecksum(raw))
	return base64.RawURLEncoding.EncodeToString(raw)
}

// OpenCursor returns the place that a cursor stands for. Errors: ErrCursor.
func OpenCursor(mark uint64, cursor string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || strings.ContainsAny(cursor, "\r\n") || len(raw) < cursorHeader || // the decoder overlooks line ends
		binary.BigEndian.Uint32(raw[8:]) != cursorChecksum(raw) || binary.BigEndian.Uint64(raw) != mark {
		return nil, ErrCursor
	}
	return raw[cursorHeader:], nil
}

// cursorChecksum covers a raw cursor but for the checksum itself.
func cursorChecksum(raw []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(raw[:8]), crc32.IEEETable, raw[cursorHeader:])
}
