package mongostore

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"hash/fnv"
	"strings"

	"services.example/portal/infra/readstore"
)

// A cursor is the place of the last document of a page. Before it stand a mark of the query (collection, index, prefix,
// direction) that made it and a checksum. Reading goes on after that place, whether or not a document still stands there.
const cursorHeader = 8 + 4

// mark identifies the query that a cursor belongs to.
func (p *plan) mark() uint64 {
	hash := fnv.New64a()
	direction := "forward"
	if p.reverse {
		direction = "reverse"
	}
	for _, part := range []string{p.collection.name, p.index.field, p.prefix, direction} {
		_, _ = hash.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		_, _ = hash.Write([]byte(part))
	}
	return hash.Sum64()
}

// cursor makes the text of a cursor after a place.
func (p *plan) cursor(place string) string {
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

// resume returns the place that a cursor stands for. Errors: ErrCursor.
func (p *plan) resume(cursor string) (string, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || strings.ContainsAny(cursor, "\r\n") || len(raw) <= cursorHeader || // the decoder overlooks line ends
		binary.BigEndian.Uint32(raw[8:]) != checksum(raw) || binary.BigEndian.Uint64(raw) != p.mark() ||
		!strings.HasPrefix(string(raw[cursorHeader:]), p.prefix) {
		return "", readstore.ErrCursor
	}
	return string(raw[cursorHeader:]), nil
}
