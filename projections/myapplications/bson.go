package myapplications

import (
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/domain/service"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/stored"
)

// AppendBSON writes the row: the same bytes as by the driver's reflection, in a fraction of the time.
func (r *Row) AppendBSON(dst []byte) []byte {
	return readstore.AppendDocument(dst, func(dst []byte) []byte {
		dst = bsoncore.AppendStringElement(dst, "applicant", r.Applicant)
		dst = bsoncore.AppendInt64Element(dst, "runningNumber", r.RunningNumber)
		dst = bsoncore.AppendStringElement(dst, "number", r.Number)
		dst = bsoncore.AppendStringElement(dst, "serviceId", r.ServiceID)
		dst = readstore.AppendInt(dst, "serviceVersion", r.ServiceVersion)
		dst = r.AppendFields(dst)
		dst = readstore.AppendTime(dst, "startedAt", r.StartedAt)
		dst = bsoncore.AppendStringElement(dst, "termKind", string(r.TermKind))
		dst = readstore.AppendInt(dst, "unread", r.Unread)
		dst = stored.AppendText(dst, "unreadOf", r.UnreadOf)
		dst = stored.AppendText(dst, "refusedOf", r.RefusedOf)
		return stored.AppendNested(dst, "news", r.News.AppendFields)
	})
}

// DecodeBSON reads a stored row. It reads what bson.Unmarshal reads, without its reflection: "My applications" is the
// page that is opened most.
func (r *Row) DecodeBSON(body bson.Raw) error {
	return stored.Fields(body, func(key []byte, v bsoncore.Value) error {
		if string(key) == "news" {
			return stored.Into(v, r.News.DecodeBSON)
		}
		r.set(key, v)
		return nil
	})
}

// Line is a row without its news, for lists.
type Line struct{ Row }

// DecodeBSON reads a stored row but for its news.
func (l *Line) DecodeBSON(body bson.Raw) error { return readstore.Fields(body, l.set) }

func (r *Row) set(key []byte, v bsoncore.Value) {
	switch string(key) {
	case "applicant":
		r.Applicant = readstore.Text(v)
	case "runningNumber":
		r.RunningNumber, _ = v.AsInt64OK()
	case "number":
		r.Number = readstore.Text(v)
	case "serviceId":
		r.ServiceID = readstore.Text(v)
	case "serviceVersion":
		r.ServiceVersion = stored.Int(v)
	case "startedAt":
		r.StartedAt = readstore.TimeOf(v)
	case "termKind":
		r.TermKind = service.TermKind(readstore.Text(v))
	case "unread":
		r.Unread = stored.Int(v)
	case "unreadOf":
		r.UnreadOf = readstore.Text(v)
	case "refusedOf":
		r.RefusedOf = readstore.Text(v)
	default:
		r.Set(key, v)
	}
}
