package pebblestore

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"pgregory.net/rapid"
)

var anyValue = rapid.OneOf(
	rapid.Just[any](nil),
	rapid.SampledFrom([]any{int32(0), 0.0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), int64(math.MaxInt64), float64(math.MaxInt64), "", "\x00", "\x00\x01", "\x00\xff"}),
	rapid.String().AsAny(),
	rapid.Int64().AsAny(),
	rapid.Int32().AsAny(),
	rapid.Float64().AsAny(),
	rapid.Map(rapid.Int64(), func(n int64) any { return float64(n) }),
	rapid.Bool().AsAny(),
	rapid.Map(rapid.Int64Range(-1<<50, 1<<50), func(n int64) any { return time.UnixMilli(n).UTC() }),
	rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) any { return bson.Binary{Data: b} }),
)

// TestEncodedOrder shows that bytes compare as values do, upwards and downwards, also when more follows them.
func TestEncodedOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyValue.Draw(t, "a"), anyValue.Draw(t, "b")
		for _, descending := range []bool{false, true} {
			x, y := encoded(t, a, descending), encoded(t, b, descending)
			want := plainOrder(a, b)
			if descending {
				want = -want
			}
			if got := bytes.Compare(x, y); got != want {
				t.Fatalf("%#v and %#v compare as %d, want %d (descending %t)", a, b, got, want, descending)
			}
			if want != 0 && (bytes.HasPrefix(x, y) || bytes.HasPrefix(y, x)) {
				t.Fatalf("the encoding of one of %#v and %#v begins with that of the other", a, b)
			}
			if argument, err := appendArgument(nil, a, descending); err != nil || !bytes.Equal(argument, x) {
				t.Fatalf("%#v is %x in a document and %x in a query (%v)", a, x, argument, err)
			}
		}
	})
}

func encoded(t *rapid.T, value any, descending bool) []byte {
	t.Helper()
	kind, data, err := bson.TypeNull, []byte(nil), error(nil)
	if value != nil {
		kind, data, err = bson.MarshalValue(value)
	}
	if err != nil {
		t.Fatalf("marshalling %#v: %v", value, err)
	}
	key, err := appendField(nil, bsoncore.Value{Type: bsoncore.Type(kind), Data: data}, descending)
	if err != nil {
		t.Fatalf("encoding %#v: %v", value, err)
	}
	return key
}

// plainOrder is the order of MongoDB, written down without encodings.
func plainOrder(a, b any) int {
	if order := cmp.Compare(plainKind(a), plainKind(b)); order != 0 {
		return order
	}
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case bool:
		return bytes.Compare([]byte{flag(a)}, []byte{flag(b.(bool))})
	case time.Time:
		return a.Compare(b.(time.Time))
	case bson.Binary:
		return cmp.Or(cmp.Compare(len(a.Data), len(b.(bson.Binary).Data)), bytes.Compare(a.Data, b.(bson.Binary).Data))
	case nil:
		return 0
	default:
		x, y := plainNumber(a), plainNumber(b)
		if x == nil || y == nil { // not-a-number comes first
			return cmp.Compare(bit(x != nil), bit(y != nil))
		}
		return x.Cmp(y)
	}
}

func bit(set bool) int { return int(flag(set)) }

func plainKind(value any) int {
	switch value.(type) {
	case nil:
		return 0
	case string:
		return 2
	case bson.Binary:
		return 3
	case bool:
		return 4
	case time.Time:
		return 5
	default:
		return 1
	}
}

func plainNumber(value any) *big.Float {
	exact := new(big.Float).SetPrec(200)
	switch n := value.(type) {
	case int32:
		return exact.SetInt64(int64(n))
	case int64:
		return exact.SetInt64(n)
	case float64:
		if math.IsNaN(n) {
			return nil
		}
		return exact.SetFloat64(n)
	}
	return nil
}

func TestWhatCannotBeIndexed(t *testing.T) {
	decimal, err := bson.ParseDecimal128("1.5")
	if err != nil {
		t.Fatal(err)
	}
	store := openMemory(t, Options{})
	declareIndexes(t, store, "c", indexBy("a, b", "a", "b"))
	for name, body := range map[string]bson.M{
		"a document":           {"a": bson.M{"x": 1}},
		"an array of arrays":   {"a": bson.A{bson.A{1}}},
		"a decimal":            {"a": decimal},
		"code":                 {"a": bson.JavaScript("x")},
		"two fields of arrays": {"a": bson.A{1, 2}, "b": bson.A{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			wantInvalid(t, store.Commit(t.Context(), oneWrite(t, "c", "x", body)))
		})
	}
}

// FuzzKeys feeds bodies that are no BSON to everything that reads them.
func FuzzKeys(f *testing.F) {
	for _, body := range []any{
		bson.M{"a": 1, "b": bson.M{"c": bson.A{"x", bson.M{"d": true}}}},
		bson.M{"a": bson.A{1.5, "x", nil, time.Unix(0, 0)}, "b": bson.A{bson.M{"c": 1}}},
		bson.M{"a": bson.Binary{Data: []byte{1}}, "b": bson.NewObjectID()},
	} {
		raw, err := bson.Marshal(body)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.Clone(raw))
	}
	ix := newIndex(indexBy("i", "a", "-b.c", "b.c.d"), 7)
	f.Fuzz(func(t *testing.T, body []byte) {
		var keys keySet
		if err := ix.keys(&keys, "id", body); err != nil {
			return
		}
		prefix := appendNumbered(nil, tableIndex, 7)
		for i := range keys.count() {
			if key := keys.key(i); !bytes.HasPrefix(key, prefix) || !bytes.HasSuffix(key, []byte("id")) {
				t.Fatalf("key %x", key)
			}
		}
	})
}

// FuzzReference feeds damaged index entries to their parser.
func FuzzReference(f *testing.F) {
	f.Add(append(appendNumbered(nil, tableIndex, 7), "value id"...), appendReference(nil, true, "id", record("0123456789abcdefbody")))
	f.Add([]byte("i"), []byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		entry, err := parseReference(key, value)
		if err == nil && len(entry.fields)+len(entry.id) != len(key)-numberedPrefix {
			t.Fatalf("%q and %q are not all of %q", entry.fields, entry.id, key)
		}
	})
}
