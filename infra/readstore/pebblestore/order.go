package pebblestore

import (
	"encoding/binary"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/infra/readstore"
)

// Values are encoded so that comparing the bytes compares the values as MongoDB does: first by kind (null, numbers,
// strings, binary, object ids, booleans, times, timestamps), then within the kind. No encoding is the beginning of
// another one, so fields can follow each other and stay comparable. A descending field has all its bits inverted.
const (
	kindMinKey    = 0x08
	kindNull      = 0x10
	kindNumber    = 0x18
	kindString    = 0x20
	kindBinary    = 0x38
	kindObjectID  = 0x40
	kindBoolean   = 0x48
	kindTime      = 0x50
	kindTimestamp = 0x58
	kindMaxKey    = 0xf0
)

// A zero byte within a string is escaped, and a zero byte with another follower ends it: a string sorts before its
// continuations.
const (
	stringEnd    = 0x01
	stringEscape = 0xff
)

// appendField appends the encoding of a value in the direction of a field.
func appendField(dst []byte, value bsoncore.Value, descending bool) ([]byte, error) {
	start := len(dst)
	dst, err := appendValue(dst, value)
	if err != nil {
		return nil, err
	}
	if descending {
		invert(dst[start:])
	}
	return dst, nil
}

func invert(encoded []byte) {
	for i := range encoded {
		encoded[i] = ^encoded[i]
	}
}

func appendValue(dst []byte, value bsoncore.Value) ([]byte, error) {
	if err := value.Validate(); err != nil {
		return nil, &readstore.InvalidError{Reason: fmt.Sprintf("a damaged %s cannot be indexed", value.Type)}
	}
	switch value.Type {
	case bsoncore.TypeMinKey:
		return append(dst, kindMinKey), nil
	case bsoncore.TypeNull, bsoncore.TypeUndefined:
		return append(dst, kindNull), nil
	case bsoncore.TypeInt32:
		return appendInt(dst, int64(value.Int32())), nil
	case bsoncore.TypeInt64:
		return appendInt(dst, value.Int64()), nil
	case bsoncore.TypeDouble:
		return readstore.AppendSortableFloat(append(dst, kindNumber), value.Double()), nil
	case bsoncore.TypeString:
		const length, end = 4, 1 // bytes around the text
		if len(value.Data) < length+end {
			return nil, &readstore.InvalidError{Reason: "a string that does not end cannot be indexed"}
		}
		return appendString(dst, value.Data[length:len(value.Data)-end]), nil
	case bsoncore.TypeBinary:
		subtype, data, ok := value.BinaryOK() // its oldest form holds a length of its own, which Validate does not read
		if !ok {
			return nil, &readstore.InvalidError{Reason: "damaged binary data cannot be indexed"}
		}
		dst = binary.BigEndian.AppendUint32(append(dst, kindBinary), uint32(len(data)))
		return append(append(dst, subtype), data...), nil
	case bsoncore.TypeObjectID:
		return append(append(dst, kindObjectID), value.Data...), nil
	case bsoncore.TypeBoolean:
		return append(dst, kindBoolean, value.Data[0]), nil
	case bsoncore.TypeDateTime:
		return appendTime(dst, value.DateTime()), nil
	case bsoncore.TypeTimestamp:
		seconds, ordinal := value.Timestamp()
		dst = binary.BigEndian.AppendUint32(append(dst, kindTimestamp), seconds)
		return binary.BigEndian.AppendUint32(dst, ordinal), nil
	case bsoncore.TypeMaxKey:
		return append(dst, kindMaxKey), nil
	default:
		return nil, &readstore.InvalidError{Reason: fmt.Sprintf("a value of type %s cannot be indexed", value.Type)}
	}
}

func appendInt(dst []byte, n int64) []byte {
	return readstore.AppendSortableInt(append(dst, kindNumber), n)
}

func appendString[S string | []byte](dst []byte, text S) []byte {
	dst = append(dst, kindString)
	for i := range len(text) {
		dst = append(dst, text[i])
		if text[i] == 0 {
			dst = append(dst, stringEscape)
		}
	}
	return append(dst, 0, stringEnd)
}

func appendTime(dst []byte, milliseconds int64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, kindTime), sortableInt(milliseconds))
}

// appendArgument encodes a value of a query as the same value in a document would be.
func appendArgument(dst []byte, argument any, descending bool) ([]byte, error) {
	start := len(dst)
	switch v := argument.(type) { // the usual types without a detour through BSON
	case nil:
		dst = append(dst, kindNull)
	case string:
		dst = appendString(dst, v)
	case int:
		dst = appendInt(dst, int64(v))
	case int32:
		dst = appendInt(dst, int64(v))
	case int64:
		dst = appendInt(dst, v)
	case time.Time:
		dst = appendTime(dst, v.UnixMilli())
	default:
		kind, data, err := bson.MarshalValue(argument)
		if err != nil {
			return nil, &readstore.InvalidError{Reason: fmt.Sprintf("a %T cannot be a value of a query: %v", argument, err)}
		}
		return appendField(dst, bsoncore.Value{Type: bsoncore.Type(kind), Data: data}, descending)
	}
	if descending {
		invert(dst[start:])
	}
	return dst, nil
}
