// Package stored helps documents to read and write themselves as the driver does, without its reflection: the parts that
// infra/readstore has no need of.
package stored

import (
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/infra/readstore"
)

// AppendText writes a text unless it is empty.
func AppendText(dst []byte, key, text string) []byte {
	if text == "" {
		return dst
	}
	return bsoncore.AppendStringElement(dst, key, text)
}

// AppendTexts writes a list of texts unless it is empty.
func AppendTexts(dst []byte, key string, list []string) []byte {
	if len(list) == 0 {
		return dst
	}
	return readstore.AppendStrings(dst, key, list)
}

// AppendTime writes a time unless there is none.
func AppendTime(dst []byte, key string, at *time.Time) []byte {
	if at == nil || at.IsZero() {
		return dst
	}
	return readstore.AppendTime(dst, key, *at)
}

// AppendTrue writes a bool unless it is false.
func AppendTrue(dst []byte, key string, yes bool) []byte {
	if !yes {
		return dst
	}
	return bsoncore.AppendBooleanElement(dst, key, true)
}

// AppendInt writes a number unless it is zero.
func AppendInt(dst []byte, key string, n int) []byte {
	if n == 0 {
		return dst
	}
	return readstore.AppendInt(dst, key, n)
}

// AppendNested writes a document of the fields that the function appends.
func AppendNested(dst []byte, key string, fields func(dst []byte) []byte) []byte {
	return readstore.AppendDocument(bsoncore.AppendHeader(dst, bsoncore.TypeEmbeddedDocument, key), fields)
}

// AppendList writes a list of documents, null for a nil list. Each item appends its fields.
func AppendList[T any](dst []byte, key string, list []T, fields func(item *T, dst []byte) []byte) []byte {
	if list == nil {
		return bsoncore.AppendNullElement(dst, key)
	}
	dst = bsoncore.AppendHeader(dst, bsoncore.TypeArray, key)
	return readstore.AppendDocument(dst, func(dst []byte) []byte {
		for i := range list {
			dst = AppendNested(dst, strconv.Itoa(i), func(dst []byte) []byte { return fields(&list[i], dst) })
		}
		return dst
	})
}

// AppendSome writes a list of documents unless it is empty.
func AppendSome[T any](dst []byte, key string, list []T, fields func(item *T, dst []byte) []byte) []byte {
	if len(list) == 0 {
		return dst
	}
	return AppendList(dst, key, list, fields)
}

// Text reads a string that does not share the memory of the document: those that are kept decoded are kept for long.
func Text(v bsoncore.Value) string {
	text, _ := v.StringValueOK()
	return text
}

// Int reads a number; zero if the value is none.
func Int(v bsoncore.Value) int {
	n, _ := v.AsInt64OK()
	return int(n)
}

// Into reads a document by its own decoder; nothing if the value is none.
func Into(v bsoncore.Value, decode func(body bson.Raw) error) error {
	fields, ok := v.DocumentOK()
	if !ok {
		return nil
	}
	return decode(bson.Raw(fields))
}

// Nested reads a document, field by field; nil if the value is none.
func Nested[T any](v bsoncore.Value, set func(item *T, key []byte, v bsoncore.Value) error) (*T, error) {
	fields, ok := v.DocumentOK()
	if !ok {
		return nil, nil //nolint:nilnil // no document is no error
	}
	item := new(T)
	return item, Fields(bson.Raw(fields), func(key []byte, v bsoncore.Value) error { return set(item, key, v) })
}

// List reads a list of documents, each field by field; nil if the value is none.
func List[T any](v bsoncore.Value, set func(item *T, key []byte, v bsoncore.Value) error) ([]T, error) {
	n := 0
	if is, err := readstore.Items(v, func(bsoncore.Value) error { n++; return nil }); !is || err != nil {
		return nil, err
	}
	items := make([]T, 0, n)
	_, err := readstore.Items(v, func(value bsoncore.Value) error {
		var none T
		items = append(items, none)
		fields, _ := value.DocumentOK()
		return Fields(bson.Raw(fields), func(key []byte, v bsoncore.Value) error { return set(&items[len(items)-1], key, v) })
	})
	return items, err
}

// Fields calls set for every field of a document until it fails. A key is valid during the call only; switch string(key)
// takes no memory.
func Fields(body bson.Raw, set func(key []byte, v bsoncore.Value) error) error {
	var failed error
	err := readstore.Fields(body, func(key []byte, v bsoncore.Value) {
		if failed == nil {
			failed = set(key, v)
		}
	})
	if err != nil {
		return err
	}
	return failed
}
