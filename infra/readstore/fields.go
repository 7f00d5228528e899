package readstore

import (
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

var errFields = errors.New("not a BSON document")

// Fields calls visit for every field of a document, in order: what a RawDecoder is made of. It is total: anything but a
// document is an error.
func Fields(body bson.Raw, visit func(key []byte, value bsoncore.Value)) error {
	length, rest, ok := bsoncore.ReadLength(body)
	if !ok || int(length) > len(body) || length < 5 {
		return errFields
	}
	for len(rest) > 1 {
		element, after, ok := bsoncore.ReadElement(rest)
		if !ok {
			return errFields
		}
		key, err := element.KeyBytesErr()
		if err != nil {
			return errFields
		}
		value, err := element.ValueErr()
		if err != nil {
			return errFields
		}
		visit(key, value)
		rest = after
	}
	return nil
}

// Strings reads a field that is a list of strings; nil if it is not.
func Strings(v bsoncore.Value) []string {
	array, ok := v.ArrayOK()
	if !ok {
		return nil
	}
	values, err := array.Values()
	if err != nil {
		return nil
	}
	list := make([]string, 0, len(values))
	for _, value := range values {
		text, _ := value.StringValueOK()
		list = append(list, text)
	}
	return list
}
