package envelope

import (
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/infra/readstore"
	"services.example/portal/projections/stored"
)

// AppendFields writes the fields of an envelope into a document that is being written, as the driver would.
func (e *Envelope) AppendFields(dst []byte) []byte {
	dst = stored.AppendText(dst, "items", e.Items)
	dst = appendIntegers(dst, "statuses", e.Statuses)
	return stored.AppendSome(dst, "marks", e.Marks, (*Mark).appendFields)
}

func (m *Mark) appendFields(dst []byte) []byte {
	dst = bsoncore.AppendStringElement(dst, "reader", m.Reader)
	dst = bsoncore.AppendInt64Element(dst, "messages", m.Messages)
	return bsoncore.AppendInt64Element(dst, "application", m.Application)
}

// DecodeBSON reads a stored envelope as the driver does, without its reflection. Items shares the memory of the document.
func (e *Envelope) DecodeBSON(body bson.Raw) error { return stored.Fields(body, e.set) }

func (e *Envelope) set(key []byte, v bsoncore.Value) (err error) {
	switch string(key) {
	case "items":
		e.Items = readstore.Text(v)
	case "statuses":
		e.Statuses, err = integers(v)
	case "marks":
		e.Marks, err = stored.List(v, (*Mark).set)
	}
	return err
}

func (m *Mark) set(key []byte, v bsoncore.Value) error {
	switch string(key) {
	case "reader":
		m.Reader = stored.Text(v)
	case "messages":
		m.Messages, _ = v.AsInt64OK()
	case "application":
		m.Application, _ = v.AsInt64OK()
	}
	return nil
}

func integers(v bsoncore.Value) ([]int64, error) {
	list := make([]int64, 0, len(v.Data)/smallestInteger)
	is, err := readstore.Items(v, func(item bsoncore.Value) error {
		n, _ := item.AsInt64OK()
		list = append(list, n)
		return nil
	})
	if !is {
		return nil, err
	}
	return list, err
}

// smallestInteger is the size of a number in a list, in bytes: kind, key, end of the key and value.
const smallestInteger = 1 + 1 + 1 + 8
