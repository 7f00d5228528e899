package mongostore

import (
	"encoding/binary"
	"hash/fnv"
	"strings"

	"services.example/portal/infra/readstore"
)

// The place in a cursor is that of the last document of a page. Reading goes on after that place, whether or not a document still
// stands there.

// mark identifies the query (collection, index, prefix, direction) that a cursor belongs to.
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
	return readstore.SealCursor(p.mark(), []byte(place))
}

// resume returns the place that a cursor stands for. Errors: ErrCursor.
func (p *plan) resume(cursor string) (string, error) {
	place, err := readstore.OpenCursor(p.mark(), cursor)
	if err != nil {
		return "", err
	}
	if len(place) == 0 || !strings.HasPrefix(string(place), p.prefix) {
		return "", readstore.ErrCursor
	}
	return string(place), nil
}
