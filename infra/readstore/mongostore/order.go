package mongostore

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/infra/readstore"
)

// Values are encoded as valid UTF-8 texts whose bytewise order is the order of the values: first a letter for the kind,
// then strings as they are and all else in hexadecimal digits. No encoding is the beginning of another one, so fields
// can follow each other. In a descending field the letters run backwards and the digits are those of inverted bytes.
const (
	kindMinKey    = 'a'
	kindNull      = 'b'
	kindNumber    = 'c'
	kindString    = 'd'
	kindBinary    = 'e'
	kindObjectID  = 'f'
	kindBoolean   = 'g'
	kindTime      = 'h'
	kindTimestamp = 'i'
	kindMaxKey    = 'j'

	beforeAll = "a" // every place is in [beforeAll, afterAll)
	afterAll  = "~"
)

// A string ends with a byte that is less than all others, and those that are not greater are escaped. A descending one is
// in digits, and ends with what is greater than they.
const (
	stringEnd           = 0x01
	stringEscape        = 0x02
	descendingStringEnd = '~'
)

// appendField appends the encoding of a value in the direction of a field. Errors: InvalidError.
func appendField(dst []byte, value bsoncore.Value, descending bool) ([]byte, error) {
	if err := value.Validate(); err != nil {
		return nil, &readstore.InvalidError{Reason: fmt.Sprintf("a damaged %s cannot be indexed", value.Type)}
	}
	var scratch [16]byte
	payload := scratch[:0]
	switch value.Type {
	case bsoncore.TypeMinKey:
		return appendKind(dst, kindMinKey, descending), nil
	case bsoncore.TypeNull, bsoncore.TypeUndefined:
		return appendKind(dst, kindNull, descending), nil
	case bsoncore.TypeInt32:
		return appendDigits(dst, kindNumber, readstore.AppendSortableInt(payload, int64(value.Int32())), descending), nil
	case bsoncore.TypeInt64:
		return appendDigits(dst, kindNumber, readstore.AppendSortableInt(payload, value.Int64()), descending), nil
	case bsoncore.TypeDouble:
		return appendDigits(dst, kindNumber, readstore.AppendSortableFloat(payload, value.Double()), descending), nil
	case bsoncore.TypeString:
		text, ok := value.StringValueOK()
		if !ok {
			return nil, &readstore.InvalidError{Reason: "a string that does not end cannot be indexed"}
		}
		return appendString(dst, text, descending)
	case bsoncore.TypeBinary:
		subtype, data, ok := value.BinaryOK()
		if !ok {
			return nil, &readstore.InvalidError{Reason: "damaged binary data cannot be indexed"}
		}
		payload = append(binary.BigEndian.AppendUint32(payload, uint32(len(data))), subtype)
		return appendDigits(dst, kindBinary, append(payload, data...), descending), nil
	case bsoncore.TypeObjectID:
		return appendDigits(dst, kindObjectID, append(payload, value.Data...), descending), nil
	case bsoncore.TypeBoolean:
		return appendDigits(dst, kindBoolean, append(payload, value.Data[0]), descending), nil
	case bsoncore.TypeDateTime:
		payload = binary.BigEndian.AppendUint64(payload, uint64(value.DateTime())^1<<63)
		return appendDigits(dst, kindTime, payload, descending), nil
	case bsoncore.TypeTimestamp:
		seconds, ordinal := value.Timestamp()
		payload = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(payload, seconds), ordinal)
		return appendDigits(dst, kindTimestamp, payload, descending), nil
	case bsoncore.TypeMaxKey:
		return appendKind(dst, kindMaxKey, descending), nil
	default:
		return nil, &readstore.InvalidError{Reason: fmt.Sprintf("a value of type %s cannot be indexed", value.Type)}
	}
}

func appendKind(dst []byte, kind byte, descending bool) []byte {
	if descending {
		kind = 'a' + 'z' - kind
	}
	return append(dst, kind)
}

// appendDigits appends a payload, which it may overwrite.
func appendDigits(dst []byte, kind byte, payload []byte, descending bool) []byte {
	if descending {
		for i := range payload {
			payload[i] = ^payload[i]
		}
	}
	return hex.AppendEncode(appendKind(dst, kind, descending), payload)
}

func appendString(dst []byte, text string, descending bool) ([]byte, error) {
	if !utf8.ValidString(text) {
		return nil, &readstore.InvalidError{Reason: "a string that is not valid UTF-8 cannot be indexed"}
	}
	if descending {
		return append(appendDigits(dst, kindString, []byte(text), true), descendingStringEnd), nil
	}
	dst = append(dst, kindString)
	for i := range len(text) {
		if text[i] <= stringEscape {
			dst = append(dst, stringEscape, text[i]+1)
			continue
		}
		dst = append(dst, text[i])
	}
	return append(dst, stringEnd), nil
}

// appendArgument encodes a value of a query as the same value in a document would be. Errors: InvalidError.
func appendArgument(dst []byte, argument any, descending bool) ([]byte, error) {
	if argument == nil {
		return appendKind(dst, kindNull, descending), nil
	}
	kind, data, err := bson.MarshalValue(argument)
	if err != nil {
		return nil, &readstore.InvalidError{Reason: fmt.Sprintf("a %T cannot be a value of a query", argument)}
	}
	return appendField(dst, bsoncore.Value{Type: bsoncore.Type(kind), Data: data}, descending)
}

// successor is the least text after all that begin with a non-empty prefix, which ends in ASCII.
func successor(prefix string) string {
	end := []byte(prefix)
	end[len(end)-1]++
	return string(end)
}
