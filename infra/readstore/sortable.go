package readstore

import (
	"encoding/binary"
	"math"
)

// AppendSortableInt appends a whole number as AppendSortableFloat does, exactly: as the greatest double that is not above
// it, and what is missing.
func AppendSortableInt(dst []byte, n int64) []byte {
	const tooLarge = 1 << 63 // as a double: int64 ends just below
	floor := float64(n)
	if floor >= tooLarge || int64(floor) > n {
		floor = math.Nextafter(floor, math.Inf(-1))
	}
	return appendSortable(dst, floor, uint16(n-int64(floor))) // at most 1023: the distance of doubles below 2^63
}

// AppendSortableFloat appends ten bytes that compare as the numbers do. Not-a-number comes before all numbers, and the two
// zeros are the same.
func AppendSortableFloat(dst []byte, n float64) []byte { return appendSortable(dst, n, 0) }

// appendSortable encodes floor+missing.
func appendSortable(dst []byte, floor float64, missing uint16) []byte {
	var sortable uint64
	switch bits := math.Float64bits(floor); {
	case math.IsNaN(floor):
		sortable = 0
	case floor == 0:
		sortable = 1 << 63
	case bits>>63 == 1:
		sortable = ^bits
	default:
		sortable = bits | 1<<63
	}
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64(dst, sortable), missing)
}
