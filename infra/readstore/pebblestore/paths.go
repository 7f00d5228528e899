package pebblestore

import (
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/infra/readstore"
)

var errBody = errors.New("document is not valid BSON")

// found is what a path leads to in a document.
type found struct {
	values []bsoncore.Value // one, or one for each element of the arrays on the way
}

// lookup collects the values that a path leads to, going through arrays of documents as MongoDB does. The values
// share the body's memory; into is reused.
func lookup(body []byte, path []string, into []bsoncore.Value) (found, error) {
	result := found{values: into[:0]}
	err := result.descend(body, path)
	return result, err
}

func (f *found) descend(document []byte, path []string) error {
	value, exists, err := element(document, path[0])
	if err != nil || !exists {
		return err
	}
	if len(path) == 1 {
		return f.take(value)
	}
	if value.Type == bsoncore.TypeEmbeddedDocument {
		return f.descend(value.Data, path[1:])
	}
	if value.Type != bsoncore.TypeArray {
		return nil // the path ends here
	}
	return eachElement(value.Data, func(item bsoncore.Value) error {
		if item.Type != bsoncore.TypeEmbeddedDocument {
			return nil
		}
		return f.descend(item.Data, path[1:])
	})
}

func (f *found) take(value bsoncore.Value) error {
	if value.Type != bsoncore.TypeArray {
		f.values = append(f.values, value)
		return nil
	}
	return eachElement(value.Data, func(item bsoncore.Value) error {
		f.values = append(f.values, item)
		return nil
	})
}

// element finds a field of a document by its name.
func element(document []byte, name string) (value bsoncore.Value, exists bool, err error) {
	rest, err := elements(document)
	if err != nil {
		return bsoncore.Value{}, false, err
	}
	for len(rest) > 0 {
		current, after, ok := bsoncore.ReadElement(rest)
		if !ok {
			return bsoncore.Value{}, false, errBody
		}
		rest = after
		key, err := current.KeyBytesErr()
		if err != nil {
			return bsoncore.Value{}, false, errBody
		}
		if string(key) != name {
			continue
		}
		value, err := current.ValueErr()
		if err != nil {
			return bsoncore.Value{}, false, errBody
		}
		return value, true, nil
	}
	return bsoncore.Value{}, false, nil
}

func eachElement(array []byte, visit func(bsoncore.Value) error) error {
	rest, err := elements(array)
	if err != nil {
		return err
	}
	for len(rest) > 0 {
		current, after, ok := bsoncore.ReadElement(rest)
		if !ok {
			return errBody
		}
		rest = after
		value, err := current.ValueErr()
		if err != nil {
			return errBody
		}
		if err := visit(value); err != nil {
			return err
		}
	}
	return nil
}

// elements strips the length before and the zero after the elements of a document.
func elements(document []byte) ([]byte, error) {
	length, _, ok := bsoncore.ReadLength(document)
	if !ok || length < 5 || int(length) != len(document) || document[length-1] != 0 {
		return nil, errBody
	}
	return document[4 : length-1], nil
}

// checkBody refuses what is evidently no BSON document, before it is stored.
func checkBody(body []byte) error {
	if _, err := elements(body); err != nil {
		return &readstore.InvalidError{Reason: err.Error()}
	}
	return nil
}

func splitPath(path string) []string { return strings.Split(path, ".") }
