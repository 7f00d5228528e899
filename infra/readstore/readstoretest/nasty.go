package readstoretest

import (
	"math"
	"strings"
	"time"
)

// nastyIDs are different ids that a careless adapter confuses, cuts, or sorts wrongly, in bytewise order.
var nastyIDs = []string{
	"-", "--", "-a", "/", "/a", "0", "00", "10", "9", "A", "a", "a ", "a-", "a-b", "a-b-c", "a.b", "a/b", "a/b/c", "aa", "ab",
	"b", strings.Repeat("long", 60), "n\ti", "É", "é", "қазақ", "қазақша", "Ә", "ә", "\u0800", "\ufffd", "\uffff", "\U0001f600",
	"\U0010ffff",
}

// nastyStrings are values in bytewise order.
var nastyStrings = []string{
	"", "\x01", " ", "-", "0", "10", "9", "A", "Z", "a", "a\x01", "a ", "aa", "ab", "b", "z", "\u00ff\u00ff",
	"қ", "қазақ", "қазақша", "Ә", "ә", "\ufffd", "\uffff", "\U0001f600", "\U0010ffff",
}

// nastyNumbers are numbers of all types, grouped by equal value, in numerical order.
var nastyNumbers = [][]any{
	{math.Inf(-1)},
	{-math.MaxFloat64},
	{int64(math.MinInt64), float64(math.MinInt64)},
	{int64(math.MinInt64 + 1)},
	{int64(-1<<53 - 1)},
	{int64(-1 << 53), float64(-1 << 53)},
	{int32(math.MinInt32), int64(math.MinInt32), float64(math.MinInt32)},
	{-1.5},
	{int32(-1), int64(-1), -1.0},
	{-math.SmallestNonzeroFloat64},
	{int32(0), int64(0), 0.0, math.Copysign(0, -1)},
	{math.SmallestNonzeroFloat64},
	{0.5},
	{int32(1), int64(1), 1.0},
	{1.5},
	{int32(255)},
	{int32(256)},
	{int32(65536)},
	{int32(math.MaxInt32), int64(math.MaxInt32)},
	{int64(1 << 53), float64(1 << 53)},
	{int64(1<<53 + 1)},
	{int64(1<<53 + 2), float64(1<<53 + 2)},
	{int64(math.MaxInt64 - 1)},
	{int64(math.MaxInt64)},
	{float64(math.MaxInt64)}, // 2^63, one more
	{math.MaxFloat64},
	{math.Inf(1)},
}

// nastyTimes are times in order, with the milliseconds that BSON keeps.
var nastyTimes = []time.Time{
	time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
	time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC),
	time.Unix(0, 0).UTC(),
	time.Date(2026, 2, 28, 23, 59, 59, 998e6, time.UTC),
	time.Date(2026, 2, 28, 23, 59, 59, 999e6, time.UTC),
	time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
}

// nastyValues are values of all kinds in order, equal ones in one group.
func nastyValues() [][]any {
	values := [][]any{{nil}}
	values = append(values, nastyNumbers...)
	for _, text := range nastyStrings {
		values = append(values, []any{text})
	}
	values = append(values, []any{false}, []any{true})
	for _, moment := range nastyTimes {
		values = append(values, []any{moment})
	}
	return values
}
