package mongostore

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/infra/readstore"
)

// index is a declared index and the field of _index that holds the documents' places in it.
type index struct {
	readstore.Index
	field string // unique to the definition: a changed index has another one
	paths [][]string
	ready bool // all documents have their places
}

func newIndex(declared readstore.Index, ready bool) *index {
	ix := &index{Index: declared, field: fieldName(declared), ready: ready}
	for _, field := range declared.Fields {
		ix.paths = append(ix.paths, strings.Split(field.Path, "."))
	}
	return ix
}

// fieldName is the index's name without what a field name cannot have, and a mark of its definition. Whether it covers
// makes no difference here.
func fieldName(declared readstore.Index) string {
	mark := fnv.New32a()
	_, _ = fmt.Fprintf(mark, "%q", declared.Name)
	for _, field := range declared.Fields {
		_, _ = fmt.Fprintf(mark, " %q %t", field.Path, field.Desc)
	}
	return strings.ReplaceAll(declared.Name, ".", "_") + "~" + hex.EncodeToString(mark.Sum(nil))
}

// path leads to the index's field in a stored document.
func (ix *index) path() string { return fieldIndex + "." + ix.field }

// severalMark begins the places of the index among those of fieldSeveral. No field name has a zero byte.
func (ix *index) severalMark() string { return ix.field + "\x01" }

var nullValue = bsoncore.Value{Type: bsoncore.TypeNull}

// places computes where a document stands in the index: nowhere if it lacks the first field, at several places if a
// field holds an array. Errors: InvalidError.
func (ix *index) places(id string, body bson.Raw) ([]string, error) {
	single := make([]bsoncore.Value, len(ix.paths))
	list := -1 // the field that holds an array
	var items []bsoncore.Value
	for i, path := range ix.paths {
		values, err := lookup(nil, bsoncore.Document(body), path)
		if err != nil {
			return nil, err
		}
		switch {
		case len(values) == 0 && i == 0:
			return nil, nil
		case len(values) == 0:
			single[i] = nullValue
		case len(values) == 1:
			single[i] = values[0]
		case list >= 0:
			return nil, &readstore.InvalidError{Reason: fmt.Sprintf("index %s has two fields with arrays", ix.Name)}
		default:
			list, items = i, values
		}
	}
	if list < 0 {
		place, err := ix.place(id, single)
		return []string{place}, err
	}
	var places []string
	for _, item := range items {
		single[list] = item
		place, err := ix.place(id, single)
		if err != nil {
			return nil, err
		}
		places = append(places, place)
	}
	slices.Sort(places)
	return slices.Compact(places), nil
}

func (ix *index) place(id string, values []bsoncore.Value) (string, error) {
	place := make([]byte, 0, 64)
	var err error
	for i, value := range values {
		if place, err = appendField(place, value, ix.Fields[i].Desc); err != nil {
			return "", fmt.Errorf("field %s of index %s: %w", ix.Fields[i].Path, ix.Name, err)
		}
	}
	return string(append(place, id...)), nil
}

var errBody = &readstore.InvalidError{Reason: "a document is not valid BSON"}

// lookup collects the values that a path leads to, going through arrays of documents.
func lookup(found []bsoncore.Value, document bsoncore.Document, path []string) ([]bsoncore.Value, error) {
	value, err := document.LookupErr(path[0])
	if err != nil {
		return found, nil //nolint:nilerr // the document was validated: it lacks the field
	}
	if len(path) == 1 && value.Type != bsoncore.TypeArray {
		return append(found, value), nil
	}
	if value.Type == bsoncore.TypeEmbeddedDocument {
		return lookup(found, value.Document(), path[1:])
	}
	if value.Type != bsoncore.TypeArray {
		return found, nil // the path ends here
	}
	items, err := value.Array().Values()
	if err != nil {
		return nil, errBody
	}
	if len(path) == 1 {
		return append(found, items...), nil
	}
	for _, item := range items {
		if item.Type != bsoncore.TypeEmbeddedDocument {
			continue
		}
		if found, err = lookup(found, item.Document(), path[1:]); err != nil {
			return nil, err
		}
	}
	return found, nil
}
