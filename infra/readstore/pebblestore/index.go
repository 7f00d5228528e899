package pebblestore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/infra/readstore"
)

// index is a declared index with its number in the store.
type index struct {
	readstore.Index
	number uint32
	paths  [][]string
}

func newIndex(declared readstore.Index, number uint32) *index {
	ix := &index{Index: declared, number: number}
	for _, field := range declared.Fields {
		ix.paths = append(ix.paths, splitPath(field.Path))
	}
	return ix
}

// keySet holds the index keys of one document in one piece of memory, which it keeps for the next document.
type keySet struct {
	bytes  []byte
	ends   []int
	values []bsoncore.Value // scratch: of the field at hand
	single []bsoncore.Value // scratch: one for each field of the index
}

func (k *keySet) reset() { k.bytes, k.ends = k.bytes[:0], k.ends[:0] }

func (k *keySet) count() int { return len(k.ends) }

func (k *keySet) key(i int) []byte {
	start := 0
	if i > 0 {
		start = k.ends[i-1]
	}
	return k.bytes[start:k.ends[i]:k.ends[i]]
}

func (k *keySet) contains(key []byte) bool {
	for i := range k.ends {
		if bytes.Equal(k.key(i), key) {
			return true
		}
	}
	return false
}

// nullValue stands for a field that a document lacks.
var nullValue = bsoncore.Value{Type: bsoncore.TypeNull}

// keys computes the index keys of a document: none if it lacks the first field, several if a field holds an array.
func (ix *index) keys(into *keySet, id string, body []byte) error {
	into.reset()
	begin := appendNumbered(into.bytes, tableIndex, ix.number)
	list := -1 // the field that holds an array
	var items []bsoncore.Value
	into.single = append(into.single[:0], make([]bsoncore.Value, len(ix.paths))...)
	single := into.single
	for i, path := range ix.paths {
		at, err := lookup(body, path, into.values)
		if err != nil {
			return err
		}
		into.values = at.values
		switch {
		case len(at.values) == 0 && i == 0:
			return nil
		case len(at.values) == 0:
			single[i] = nullValue
		case len(at.values) == 1:
			single[i] = at.values[0]
		case list >= 0:
			return &readstore.InvalidError{Reason: fmt.Sprintf("index %s has two fields with arrays", ix.Name)}
		default:
			list, items = i, slices.Clone(at.values)
		}
	}
	if list < 0 {
		return ix.addKey(into, begin, single, id)
	}
	start := slices.Clone(begin)
	into.bytes = into.bytes[:0]
	for _, item := range items {
		single[list] = item
		if err := ix.addKey(into, append(into.bytes, start...), single, id); err != nil {
			return err
		}
	}
	return nil
}

// addKey completes the key that begun ends with, unless the set has it already.
func (ix *index) addKey(into *keySet, begun []byte, values []bsoncore.Value, id string) error {
	var err error
	for i, value := range values {
		if begun, err = appendField(begun, value, ix.Fields[i].Desc); err != nil {
			return fmt.Errorf("field %s of index %s: %w", ix.Fields[i].Path, ix.Name, err)
		}
	}
	begun = append(begun, id...)
	start := 0
	if n := into.count(); n > 0 {
		start = into.ends[n-1]
	}
	if into.contains(begun[start:]) {
		into.bytes = begun[:start]
		return nil
	}
	into.bytes = begun
	into.ends = append(into.ends, len(begun))
	return nil
}

// An index entry's value is a reference: a flag, the length of the id at the end of the key, and the record if the
// index covers.
const flagSeveral = 1 // the document has more entries in this index

var errReference = errors.New("index entry is damaged")

type reference struct {
	several bool
	id      []byte
	fields  []byte // encoded values: the key between index number and id
	record  []byte // empty unless covering
}

func referenceSize(id string, covered record) int {
	var scratch [binary.MaxVarintLen64]byte
	return 1 + binary.PutUvarint(scratch[:], uint64(len(id))) + len(covered)
}

func appendReference(dst []byte, several bool, id string, covered record) []byte {
	var flags byte
	if several {
		flags |= flagSeveral
	}
	dst = binary.AppendUvarint(append(dst, flags), uint64(len(id)))
	return append(dst, covered...)
}

func parseReference(key, value []byte) (reference, error) {
	if len(value) < 2 || len(key) < numberedPrefix {
		return reference{}, errReference
	}
	length, n := binary.Uvarint(value[1:])
	rest := key[numberedPrefix:]
	if n <= 0 || length > uint64(len(rest)) {
		return reference{}, errReference
	}
	split := len(rest) - int(length)
	return reference{
		several: value[0]&flagSeveral != 0,
		id:      rest[split:],
		fields:  rest[:split],
		record:  value[1+n:],
	}, nil
}
