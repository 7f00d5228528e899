package pebblestore

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/infra/readstore/readstoretest"
)

// TestEncodedOrder shows that bytes compare as values do, and that a query encodes them as a document does.
func TestEncodedOrder(t *testing.T) {
	readstoretest.CheckOrder(t, func(value any, descending bool) ([]byte, error) {
		inDocument := value
		if value == nil {
			inDocument = bson.Null{}
		}
		kind, data, err := bson.MarshalValue(inDocument)
		if err != nil {
			return nil, err
		}
		encoded, err := appendField(nil, bsoncore.Value{Type: bsoncore.Type(kind), Data: data}, descending)
		if err != nil {
			return nil, err
		}
		argument, err := appendArgument(nil, value, descending)
		if err == nil && !bytes.Equal(argument, encoded) {
			err = fmt.Errorf("%#v is %x in a document and %x in a query", value, encoded, argument)
		}
		return encoded, err
	})
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
	f.Add([]byte("\x0d\x00\x00\x00\x05a\x00\x00\x00\x00\x00\x02\x00")) // binary of the oldest form without its own length
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
