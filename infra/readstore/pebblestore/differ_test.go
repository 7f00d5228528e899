package pebblestore

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

// drawnBody is a document of some of a few fields, in the same order or another.
var drawnBody = rapid.Custom(func(t *rapid.T) []byte {
	fields := rapid.Permutation([]string{"a", "b", "c", "d"}).Draw(t, "order")
	if rapid.Bool().Draw(t, "in order") {
		fields = []string{"a", "b", "c", "d"}
	}
	body := bson.D{}
	for _, field := range fields[:rapid.IntRange(0, len(fields)).Draw(t, "count")] {
		if rapid.IntRange(0, 4).Draw(t, "left out") == 0 {
			continue
		}
		value := rapid.SampledFrom([]any{
			int64(1), int64(2), "x", bson.A{}, bson.A{"x", "y"}, bson.D{{Key: "c", Value: 1}}, bson.D{{Key: "c", Value: bson.A{1, 2}}},
		}).Draw(t, field)
		body = append(body, bson.E{Key: field, Value: value})
	}
	raw, err := bson.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
})

// Whatever changes in a document: an index that is said not to be concerned has the same entries as before.
func TestWhatIsNotConcernedHasTheSameEntries(t *testing.T) {
	t.Parallel()
	indexes := []*index{
		newIndex(indexBy("one", "a"), 1), newIndex(indexBy("several", "-b.c", "d"), 2), newIndex(indexBy("other", "c", "-a"), 3),
	}
	rapid.Check(t, func(t *rapid.T) {
		stored, wanted := drawnBody.Draw(t, "stored"), drawnBody.Draw(t, "wanted")
		var differ differences
		differ.between(stored, wanted)
		if !differ.known {
			t.Fatal("it is not known how two documents differ")
		}
		for _, ix := range indexes {
			var before, after keySet
			errBefore, errAfter := ix.keys(&before, "id", stored), ix.keys(&after, "id", wanted)
			same := bytes.Equal(before.bytes, after.bytes) && cmp.Equal(before.ends, after.ends) && (errBefore == nil) == (errAfter == nil)
			if !same && !differ.concern(ix) {
				t.Errorf("index %s is not concerned by %q:\n%v\n%v", ix.Name, differ.fields, bson.Raw(stored), bson.Raw(wanted))
			}
		}
	})
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stored, wanted bson.D
		want           string
	}{
		"none":              {bson.D{{Key: "a", Value: 1}}, bson.D{{Key: "a", Value: 1}}, ""},
		"a value":           {bson.D{{Key: "a", Value: 1}, {Key: "b", Value: 1}}, bson.D{{Key: "a", Value: 2}, {Key: "b", Value: 1}}, "a"},
		"a kind":            {bson.D{{Key: "a", Value: 1}, {Key: "b", Value: 1}}, bson.D{{Key: "a", Value: 1}, {Key: "b", Value: "1"}}, "b"},
		"a field at last":   {bson.D{{Key: "a", Value: 1}}, bson.D{{Key: "a", Value: 1}, {Key: "b", Value: 1}}, "b"},
		"a field less":      {bson.D{{Key: "a", Value: 1}, {Key: "b", Value: 1}}, bson.D{{Key: "a", Value: 1}}, "b"},
		"a field between":   {bson.D{{Key: "b", Value: 1}}, bson.D{{Key: "a", Value: 1}, {Key: "b", Value: 1}}, "b a b"},
		"nothing in common": {bson.D{}, bson.D{{Key: "a", Value: 1}}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stored, err := bson.Marshal(test.stored)
			noError(t, err)
			wanted, err := bson.Marshal(test.wanted)
			noError(t, err)
			var differ differences
			differ.between(stored, wanted)
			if got := string(bytes.Join(differ.fields, []byte(" "))); !differ.known || got != test.want {
				t.Errorf("%q, known %t, want %q", got, differ.known, test.want)
			}
		})
	}
}

func FuzzDifferences(f *testing.F) {
	body, err := bson.Marshal(bson.D{{Key: "a", Value: 1}, {Key: "b", Value: strings.Repeat("x", 9)}})
	noError(f, err)
	f.Add(body, body)
	f.Add([]byte{5, 0, 0, 0, 0}, body)
	f.Add([]byte{6, 0, 0, 0, 1, 0}, body)
	ix := newIndex(indexBy("i", "a", "-b.c"), 7)
	f.Fuzz(func(t *testing.T, stored, wanted []byte) {
		var differ differences
		differ.between(stored, wanted) // whatever they are, it is no panic
		if !bytes.Equal(stored, wanted) && !differ.known && !differ.concern(ix) {
			t.Fatal("what is not known concerns every index")
		}
	})
}
