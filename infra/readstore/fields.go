package readstore

import (
	"bytes"
	"errors"
	"strconv"
	"time"
	"unsafe"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

var errFields = errors.New("not a BSON document")

// Fields calls visit for every field of a document, in order: what a RawDecoder is made of. It is total: anything but a
// document is an error.
func Fields(body bson.Raw, visit func(key []byte, value bsoncore.Value)) error {
	length, rest, ok := bsoncore.ReadLength(body)
	if !ok || int(length) > len(body) || length < emptyDocument {
		return errFields
	}
	for len(rest) > 1 {
		kind := bsoncore.Type(rest[0])
		end := bytes.IndexByte(rest[1:], 0)
		if end < 0 {
			return errFields
		}
		key := rest[1 : 1+end]
		value, after, ok := bsoncore.ReadValue(rest[2+end:], kind)
		if !ok {
			return errFields
		}
		visit(key, value)
		rest = after
	}
	return nil
}

// Text reads a field that is a string; empty if it is not. The string shares the memory of the document, whose bytes
// never change.
func Text(v bsoncore.Value) string {
	const length, end = 4, 1 // bytes around the text
	if v.Type != bsoncore.TypeString || len(v.Data) <= length+end {
		return ""
	}
	text := v.Data[length : len(v.Data)-end]
	return unsafe.String(&text[0], len(text)) //nolint:gosec // bytes that nobody changes
}

// emptyDocument is the size of a document without fields, in bytes.
const emptyDocument = 5

// Strings reads a field that is a list of strings; nil if it is not.
func Strings(v bsoncore.Value) []string {
	array, ok := v.ArrayOK()
	switch {
	case !ok:
		return nil
	case len(array) == emptyDocument:
		return []string{}
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

// Items calls visit for every item of a list, in order. It tells whether the field is a list.
func Items(v bsoncore.Value, visit func(item bsoncore.Value) error) (list bool, err error) {
	array, ok := v.ArrayOK()
	if !ok {
		return false, nil
	}
	var failed error
	err = Fields(bson.Raw(array), func(_ []byte, item bsoncore.Value) {
		if failed == nil {
			failed = visit(item)
		}
	})
	return true, errors.Join(err, failed)
}

// AppendDocument writes a document of the fields that the function appends: what a RawEncoder is made of.
func AppendDocument(dst []byte, fields func(dst []byte) []byte) []byte {
	start, dst := bsoncore.ReserveLength(dst)
	dst = append(fields(dst), 0)
	return bsoncore.UpdateLength(dst, start, int32(len(dst)-int(start)))
}

// AppendInt writes a field of type int as the driver does: in 32 bits where they are enough.
func AppendInt(dst []byte, key string, n int) []byte {
	if n == int(int32(n)) {
		return bsoncore.AppendInt32Element(dst, key, int32(n))
	}
	return bsoncore.AppendInt64Element(dst, key, int64(n))
}

// AppendTime writes a time in milliseconds.
func AppendTime(dst []byte, key string, at time.Time) []byte {
	return bsoncore.AppendDateTimeElement(dst, key, int64(bson.NewDateTimeFromTime(at)))
}

// AppendOptionalTime writes a time, or null.
func AppendOptionalTime(dst []byte, key string, at *time.Time) []byte {
	if at == nil {
		return bsoncore.AppendNullElement(dst, key)
	}
	return AppendTime(dst, key, *at)
}

// AppendList writes a list of items, each appended under the key that it is given; null for a nil list.
func AppendList[T any](dst []byte, key string, list []T, item func(dst []byte, key string, item *T) []byte) []byte {
	if list == nil {
		return bsoncore.AppendNullElement(dst, key)
	}
	dst = bsoncore.AppendHeader(dst, bsoncore.TypeArray, key)
	return AppendDocument(dst, func(dst []byte) []byte {
		for i := range list {
			dst = item(dst, strconv.Itoa(i), &list[i])
		}
		return dst
	})
}

// AppendStrings writes a list of strings; null for a nil list.
func AppendStrings(dst []byte, key string, list []string) []byte {
	return AppendList(dst, key, list, func(dst []byte, key string, text *string) []byte {
		return bsoncore.AppendStringElement(dst, key, *text)
	})
}

// TimeOf reads a time, the zero time if the value is none.
func TimeOf(v bsoncore.Value) time.Time {
	if ms, ok := v.DateTimeOK(); ok {
		return time.UnixMilli(ms).UTC()
	}
	return time.Time{}
}

// OptionalTime reads a time, nil if the value is none.
func OptionalTime(v bsoncore.Value) *time.Time {
	ms, ok := v.DateTimeOK()
	if !ok {
		return nil
	}
	at := time.UnixMilli(ms).UTC()
	return &at
}
