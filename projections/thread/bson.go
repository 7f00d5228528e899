package thread

import (
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/stored"
)

// One is written with every message, and some are read with every page, so they read and write themselves: the same bytes as by the driver's
// reflection, in a fraction of the time. A field added to a struct must be added here, twice; the tests fail until it is.

// AppendBSON writes the document.
func (d *Document) AppendBSON(dst []byte) []byte {
	return readstore.AppendDocument(dst, func(dst []byte) []byte {
		dst = stored.AppendText(dst, "applicant", d.Applicant)
		if d.Head != nil {
			dst = stored.AppendNested(dst, "head", d.Head.appendFields)
		}
		if d.Message != nil {
			dst = stored.AppendNested(dst, "message", d.Message.appendFields)
		}
		return dst
	})
}

func (h *Head) appendFields(dst []byte) []byte {
	dst = stored.AppendText(dst, "providerId", h.ProviderID)
	dst = bsoncore.AppendStringElement(dst, "serviceId", h.ServiceID)
	dst = stored.AppendList(dst, "statuses", h.Statuses, (*Status).appendFields)
	return stored.AppendTexts(dst, "files", h.Files)
}

func (s *Status) appendFields(dst []byte) []byte {
	dst = readstore.AppendTime(dst, "at", s.At)
	dst = stored.AppendText(dst, "actor", s.Actor)
	return s.AppendFields(dst)
}

func (m *Message) appendFields(dst []byte) []byte {
	dst = bsoncore.AppendStringElement(dst, "applicant", m.Applicant)
	dst = bsoncore.AppendStringElement(dst, "id", m.ID)
	dst = readstore.AppendTime(dst, "at", m.At)
	dst = bsoncore.AppendStringElement(dst, "author", m.Author)
	dst = bsoncore.AppendStringElement(dst, "side", string(m.Side))
	dst = stored.AppendTrue(dst, "notice", m.Notice)
	dst = bsoncore.AppendStringElement(dst, "text", m.Text)
	return stored.AppendSome(dst, "files", m.Files, (*File).appendFields)
}

func (f *File) appendFields(dst []byte) []byte {
	dst = bsoncore.AppendStringElement(dst, "id", f.ID)
	dst = bsoncore.AppendStringElement(dst, "name", f.Name)
	dst = bsoncore.AppendStringElement(dst, "mime", f.MIME)
	dst = bsoncore.AppendInt64Element(dst, "size", f.Size)
	return bsoncore.AppendStringElement(dst, "sha256", f.SHA256)
}

// DecodeBSON reads a stored document.
func (d *Document) DecodeBSON(body bson.Raw) error { return stored.Fields(body, d.set) }

func (d *Document) set(key []byte, v bsoncore.Value) (err error) {
	switch string(key) {
	case "applicant":
		d.Applicant = stored.Text(v)
	case "head":
		d.Head, err = stored.Nested(v, (*Head).set)
	case "message":
		d.Message, err = stored.Nested(v, (*Message).set)
	}
	return err
}

// Written is what somebody wrote, of a document that is a message: for pages, which know already whose it is.
type Written struct{ Message *Message }

// DecodeBSON reads the message of a stored document.
func (w *Written) DecodeBSON(body bson.Raw) error {
	return stored.Fields(body, func(key []byte, v bsoncore.Value) (err error) {
		if string(key) == "message" {
			w.Message, err = stored.Nested(v, (*Message).set)
		}
		return err
	})
}

func (h *Head) set(key []byte, v bsoncore.Value) (err error) {
	switch string(key) {
	case "providerId":
		h.ProviderID = stored.Text(v)
	case "serviceId":
		h.ServiceID = stored.Text(v)
	case "statuses":
		h.Statuses, err = stored.List(v, (*Status).set)
	case "files":
		h.Files = readstore.Strings(v)
	}
	return err
}

func (s *Status) set(key []byte, v bsoncore.Value) error {
	switch string(key) {
	case "at":
		s.At = readstore.TimeOf(v)
	case "actor":
		s.Actor = stored.Text(v)
	default:
		s.Set(key, v)
	}
	return nil
}

// set reads a field. The texts share the memory of the document, of which they are the most part.
func (m *Message) set(key []byte, v bsoncore.Value) (err error) {
	switch string(key) {
	case "applicant":
		m.Applicant = readstore.Text(v)
	case "id":
		m.ID = readstore.Text(v)
	case "at":
		m.At = readstore.TimeOf(v)
	case "author":
		m.Author = readstore.Text(v)
	case "side":
		m.Side = correspondence.Side(readstore.Text(v))
	case "notice":
		m.Notice, _ = v.BooleanOK()
	case "text":
		m.Text = readstore.Text(v)
	case "files":
		m.Files, err = stored.List(v, (*File).set)
	}
	return err
}

func (f *File) set(key []byte, v bsoncore.Value) error {
	switch string(key) {
	case "id":
		f.ID = stored.Text(v)
	case "name":
		f.Name = stored.Text(v)
	case "mime":
		f.MIME = stored.Text(v)
	case "size":
		f.Size, _ = v.AsInt64OK()
	case "sha256":
		f.SHA256 = stored.Text(v)
	}
	return nil
}
