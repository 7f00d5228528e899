package pebblestore

import (
	"encoding/binary"
	"fmt"
	"time"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// A record is what is stored of a document or an entry: two numbers and the BSON body. The numbers are the position
// seen by a document, or the version and the expiry (Unix milliseconds) of an entry.
const recordHeader = 16

type record []byte

func appendRecordHeader(dst []byte, first, second uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, first), second)
}

func appendPosition(dst []byte, p eventstore.Position) []byte {
	return appendRecordHeader(dst, p.Commit, p.Prepare)
}

func documentRecord(w *readstore.Write) record {
	return appendDocument(make([]byte, 0, recordHeader+len(w.Body)), w)
}

func appendDocument(dst []byte, w *readstore.Write) record {
	return append(appendPosition(dst, w.Seen), w.Body...)
}

func entryRecord(version, expires int64, body []byte) record {
	dst := make([]byte, 0, recordHeader+len(body))
	return append(appendRecordHeader(dst, uint64(version), uint64(expires)), body...)
}

func parseRecord(stored []byte) (record, error) {
	if len(stored) < recordHeader {
		return nil, fmt.Errorf("record of %d bytes is damaged", len(stored))
	}
	return stored, nil
}

func (r record) body() []byte { return r[recordHeader:] }

func (r record) seen() eventstore.Position {
	return eventstore.Position{Commit: binary.BigEndian.Uint64(r), Prepare: binary.BigEndian.Uint64(r[8:])}
}

func (r record) version() int64 { return int64(binary.BigEndian.Uint64(r)) }
func (r record) expires() int64 { return int64(binary.BigEndian.Uint64(r[8:])) }

// alive tells whether an entry's time has not come yet.
func (r record) alive(now time.Time) bool { return now.UnixMilli() < r.expires() }
