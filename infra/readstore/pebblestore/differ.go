package pebblestore

import (
	"bytes"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// differences names the fields of the outermost level in which two bodies differ. Most changes of a document leave most of
// what it is found by alone, and entries of an index whose fields are the same need not be computed.
type differences struct {
	fields [][]byte // names, in the memory of the bodies
	known  bool     // false: anything may differ
}

// between compares the bodies field by field, in the order in which they are written. From where a field was added or left
// out, the rest counts as different.
func (d *differences) between(stored, wanted []byte) {
	d.fields, d.known = d.fields[:0], false
	before, err := elements(stored)
	if err != nil {
		return
	}
	after, err := elements(wanted)
	if err != nil {
		return
	}
	for len(before) > 0 && len(after) > 0 {
		was, beforeRest, ok := bsoncore.ReadElement(before)
		if !ok {
			return
		}
		is, afterRest, ok := bsoncore.ReadElement(after)
		if !ok {
			return
		}
		if !bytes.Equal(was, is) {
			name, err := is.KeyBytesErr()
			if err != nil {
				return
			}
			if earlier, err := was.KeyBytesErr(); err != nil || !bytes.Equal(earlier, name) {
				break
			}
			d.fields = append(d.fields, name)
		}
		before, after = beforeRest, afterRest
	}
	d.known = d.all(before) && d.all(after)
}

// all adds all fields that are left of a body.
func (d *differences) all(rest []byte) bool {
	for len(rest) > 0 {
		element, after, ok := bsoncore.ReadElement(rest)
		if !ok {
			return false
		}
		name, err := element.KeyBytesErr()
		if err != nil {
			return false
		}
		d.fields, rest = append(d.fields, name), after
	}
	return true
}

// concern tells whether the entries of an index may differ.
func (d *differences) concern(ix *index) bool {
	if !d.known {
		return true
	}
	for _, path := range ix.paths {
		for _, field := range d.fields {
			if string(field) == path[0] {
				return true
			}
		}
	}
	return false
}
