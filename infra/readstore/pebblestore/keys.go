package pebblestore

import (
	"encoding/binary"
)

// The first byte of a key names the table that it belongs to. Collections and indexes are known by numbers that are
// never used again, so what is left of a dropped one can never be seen in its successor.
const (
	tableMeta       = 'm' // m name → store-wide values
	tableCatalog    = 'c' // c collection name → definition
	tableCheckpoint = 'p' // p projection name → position
	tableRecord     = 'd' // d collection number, id → record
	tableIndex      = 'i' // i index number, field values, id → reference, with the record if covering
	tableExpiry     = 'x' // x collection number, expiry, id → nothing
)

const numberedPrefix = 1 + 4 // table byte and number

// appendNumbered begins a key in a numbered part of a table.
func appendNumbered(dst []byte, table byte, number uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, table), number)
}

func recordKey(dst []byte, collection uint32, id string) []byte {
	return append(appendNumbered(dst, tableRecord, collection), id...)
}

func checkpointKey(projection string) []byte {
	return append([]byte{tableCheckpoint}, projection...)
}

func catalogKey(collection string) []byte {
	return append([]byte{tableCatalog}, collection...)
}

func metaKey(name string) []byte {
	return append([]byte{tableMeta}, name...)
}

// expiryKey orders the entries of a collection by the time at which they end, in Unix milliseconds.
func expiryKey(dst []byte, collection uint32, expires int64, id string) []byte {
	dst = appendNumbered(dst, tableExpiry, collection)
	dst = binary.BigEndian.AppendUint64(dst, sortableInt(expires))
	return append(dst, id...)
}

// numberedSpan bounds all keys of one number in a table: [start, end).
func numberedSpan(table byte, number uint32) (start, end []byte) {
	start = appendNumbered(nil, table, number)
	return start, successor(start)
}

// tableSpan bounds all keys of a table: [start, end).
func tableSpan(table byte) (start, end []byte) {
	return []byte{table}, []byte{table + 1}
}

// successor returns the first key after all keys that begin with the prefix, nil if there is none.
func successor(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			next := append([]byte(nil), prefix[:i+1]...)
			next[i]++
			return next
		}
	}
	return nil
}

// sortableInt maps signed numbers to unsigned ones of the same order.
func sortableInt(n int64) uint64 { return uint64(n) ^ 1<<63 }
