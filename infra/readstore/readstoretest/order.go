package readstoretest

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

// IndexedValue is a value of any kind that an index holds; often one that is nearly another.
var IndexedValue = rapid.OneOf(
	rapid.Just[any](nil),
	rapid.SampledFrom([]any{
		bson.MinKey{},
		bson.MaxKey{},
		false, true, int32(0), int64(0), 0.0, math.Copysign(0, -1), int64(1<<53 + 1), float64(1 << 53),
		int64(math.MaxInt64), float64(math.MaxInt64), int64(math.MinInt64), math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, math.NaN(),
		"", "\x00", "\x00\x01", "\x00\xc2\x80", "a", "a\x00", "a\x00b", "a\x01", "a\x02", "a\x03", "aa", "\U0010ffff",
		bson.Binary{},
		bson.Binary{Data: []byte("a")},
		bson.Binary{Subtype: 4, Data: []byte("a")},
		bson.Timestamp{T: 1, I: 2},
		bson.Timestamp{T: 1, I: 3},
		bson.Timestamp{T: 2, I: 1},
		bson.NilObjectID,
		bson.ObjectID{1},
	}),
	rapid.String().AsAny(),
	rapid.Int64().AsAny(),
	rapid.Int32().AsAny(),
	rapid.Float64().AsAny(),
	rapid.Map(rapid.Int64(), func(n int64) any { return float64(n) }),
	rapid.Map(rapid.Int64Range(-1<<50, 1<<50), func(n int64) any { return time.UnixMilli(n).UTC() }),
	rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 9), func(b []byte) any { return bson.Binary{Data: b} }),
)

// CheckOrder checks that an adapter encodes values so that bytes compare as the values do, upwards and downwards, also
// when more follows them: no encoding is the beginning of another.
func CheckOrder(t *testing.T, encode func(value any, descending bool) ([]byte, error)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		a, b := IndexedValue.Draw(t, "a"), IndexedValue.Draw(t, "b")
		for _, descending := range []bool{false, true} {
			x, err := encode(a, descending)
			noError(t, err)
			y, err := encode(b, descending)
			noError(t, err)
			want := compareValues(a, b)
			if descending {
				want = -want
			}
			if got := bytes.Compare(x, y); got != want {
				t.Fatalf("%#v and %#v compare as %d, want %d (descending %t)", a, b, got, want, descending)
			}
			if want != 0 && (bytes.HasPrefix(x, y) || bytes.HasPrefix(y, x)) {
				t.Fatalf("the encoding of one of %#v and %#v begins with that of the other", a, b)
			}
		}
	})
}

// compareValues compares as MongoDB does, written as plainly as it can be.
func compareValues(a, b any) int {
	if order := cmp.Compare(kindOf(a), kindOf(b)); order != 0 {
		return order
	}
	switch a := a.(type) {
	case int, int32, int64, float64:
		return compareNumbers(a, b)
	case string:
		return strings.Compare(a, b.(string))
	case bson.Binary:
		other := b.(bson.Binary)
		return cmp.Or(cmp.Compare(len(a.Data), len(other.Data)), cmp.Compare(a.Subtype, other.Subtype), bytes.Compare(a.Data, other.Data))
	case bson.ObjectID:
		other := b.(bson.ObjectID)
		return bytes.Compare(a[:], other[:])
	case bool:
		return cmp.Compare(truth(a), truth(b.(bool)))
	case time.Time:
		return a.Compare(b.(time.Time))
	case bson.Timestamp:
		other := b.(bson.Timestamp)
		return cmp.Or(cmp.Compare(a.T, other.T), cmp.Compare(a.I, other.I))
	default:
		return 0
	}
}

func kindOf(value any) int {
	switch value.(type) {
	case bson.MinKey:
		return 0
	case nil:
		return 1
	case int, int32, int64, float64:
		return 2
	case string:
		return 3
	case bson.Binary:
		return 4
	case bson.ObjectID:
		return 5
	case bool:
		return 6
	case time.Time:
		return 7
	case bson.Timestamp:
		return 8
	default:
		return 9
	}
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compareNumbers puts not-a-number before all others.
func compareNumbers(a, b any) int {
	x, y := number(a), number(b)
	if x == nil || y == nil {
		return cmp.Compare(truth(x != nil), truth(y != nil))
	}
	return x.Cmp(y)
}

// number is exact; nil for not-a-number.
func number(value any) *big.Float {
	exact := new(big.Float).SetPrec(200)
	switch n := value.(type) {
	case int:
		return exact.SetInt64(int64(n))
	case int32:
		return exact.SetInt64(int64(n))
	case int64:
		return exact.SetInt64(n)
	case float64:
		if math.IsNaN(n) {
			return nil
		}
		return exact.SetFloat64(n)
	default:
		return nil
	}
}
