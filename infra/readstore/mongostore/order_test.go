package mongostore

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"pgregory.net/rapid"

	"services.example/portal/infra/readstore/readstoretest"
)

func TestPlacesAreTextsInTheOrderOfTheValues(t *testing.T) {
	readstoretest.CheckOrder(t, func(value any, descending bool) ([]byte, error) {
		place, err := appendArgument(nil, value, descending)
		if text := string(place); err == nil && (!utf8.Valid(place) || text < beforeAll || text >= afterAll) {
			err = fmt.Errorf("%q is no valid text between %q and %q", place, beforeAll, afterAll)
		}
		return place, err
	})
}

func TestTheSuccessorFollowsAllThatBeginWithAValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value, other := readstoretest.IndexedValue.Draw(t, "value"), readstoretest.IndexedValue.Draw(t, "other")
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
