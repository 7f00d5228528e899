package mongostore

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"pgregory.net/rapid"
)

// someValue is a value of any kind that an index holds; often one that is nearly another.
var someValue = rapid.OneOf(
	rapid.Just[any](nil),
	rapid.SampledFrom([]any{
		bson.MinKey{},
		bson.MaxKey{},
		false, true, int32(0), int64(0), 0.0, math.Copysign(0, -1), int64(1<<53 + 1), float64(1 << 53),
		int64(math.MaxInt64), float64(math.MaxInt64), int64(math.MinInt64), math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64,
		"", "a", "a\x00", "a\x00b", "a\x01", "a\x02", "a\x03", "aa", "\U0010ffff",
		bson.Binary{},
		bson.Binary{Data: []byte("a")},
		bson.Timestamp{T: 1, I: 2},
		bson.NilObjectID,
	}),
	rapid.String().AsAny(),
	rapid.Int64().AsAny(),
	rapid.Int32().AsAny(),
	rapid.Float64().Filter(func(f float64) bool { return !math.IsNaN(f) }).AsAny(),
	rapid.Map(rapid.Int64Range(-1e13, 1e13), func(n int64) any { return time.UnixMilli(n).UTC() }),
	rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), func(b []byte) any { return bson.Binary{Data: b} }),
)

func TestPlacesAreInTheOrderOfTheValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := someValue.Draw(t, "a"), someValue.Draw(t, "b")
		for _, descending := range []bool{false, true} {
			left, right := encodedValue(t, a, descending), encodedValue(t, b, descending)
			want := compareValues(a, b)
			if descending {
				want = -want
			}
			if got := strings.Compare(left, right); got != want {
				t.Fatalf("descending %t: %q and %q compare as %d, want %d", descending, left, right, got, want)
			}
			if want != 0 && strings.HasPrefix(left, right) {
				t.Fatalf("%q begins with %q", left, right)
			}
			if !utf8.ValidString(left) || left < beforeAll || left >= afterAll {
				t.Fatalf("%q is no valid text between %q and %q", left, beforeAll, afterAll)
			}
		}
	})
}

func TestTheSuccessorFollowsAllThatBeginWithAValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value, other := someValue.Draw(t, "value"), someValue.Draw(t, "other")
		descending := rapid.Bool().Draw(t, "descending")
		prefix, place := encodedValue(t, value, descending), encodedValue(t, other, descending)+"id"
		end := successor(prefix)
		if prefix+"\U0010ffff" >= end || prefix >= end {
			t.Fatalf("%q does not follow %q", end, prefix)
		}
		if place > prefix && place < end && !strings.HasPrefix(place, prefix) {
			t.Fatalf("%q is between %q and %q", place, prefix, end)
		}
	})
}

func encodedValue(t *rapid.T, value any, descending bool) string {
	encoded, err := appendArgument(nil, value, descending)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// compareValues compares as MongoDB does, written as plainly as it can be.
func compareValues(a, b any) int {
	if order := cmp.Compare(kindOf(a), kindOf(b)); order != 0 {
		return order
	}
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case bool:
		return cmp.Compare(map[bool]int{true: 1}[a], map[bool]int{true: 1}[b.(bool)])
	case time.Time:
		return a.Compare(b.(time.Time))
	case bson.Binary:
		data := b.(bson.Binary).Data
		return cmp.Or(cmp.Compare(len(a.Data), len(data)), bytes.Compare(a.Data, data))
	case int32, int64, float64:
		return number(a).Cmp(number(b))
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
	case int32, int64, float64:
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

func number(value any) *big.Float {
	exact := new(big.Float).SetPrec(200)
	switch n := value.(type) {
	case int32:
		return exact.SetInt64(int64(n))
	case int64:
		return exact.SetInt64(n)
	default:
		return exact.SetFloat64(n.(float64))
	}
}

func TestValuesThatNoIndexHolds(t *testing.T) {
	for name, value := range map[string]bsoncore.Value{
		"a document":        {Type: bsoncore.TypeEmbeddedDocument, Data: []byte{5, 0, 0, 0, 0}},
		"a list":            {Type: bsoncore.TypeArray, Data: []byte{5, 0, 0, 0, 0}},
		"a cut number":      {Type: bsoncore.TypeInt64, Data: []byte{1}},
		"a cut string":      {Type: bsoncore.TypeString, Data: []byte{9, 0, 0, 0, 'a'}},
		"a string no UTF-8": {Type: bsoncore.TypeString, Data: []byte{2, 0, 0, 0, 0xff, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			if encoded, err := appendField(nil, value, false); err == nil {
				t.Fatalf("got %q, want an error", encoded)
			}
		})
	}
}
