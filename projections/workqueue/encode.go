package workqueue

import (
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/infra/readstore"
	"services.example/portal/projections/stored"
)

// AppendBSON writes the row: the same bytes as by the driver's reflection, in a fraction of the time. A row is written with
// every message of its thread.
func (r *Row) AppendBSON(dst []byte) []byte {
	return readstore.AppendDocument(dst, func(dst []byte) []byte {
		dst = bsoncore.AppendInt64Element(dst, "runningNumber", r.RunningNumber)
		dst = bsoncore.AppendStringElement(dst, "number", r.Number)
		dst = bsoncore.AppendStringElement(dst, "applicant", r.Applicant)
		dst = bsoncore.AppendStringElement(dst, "serviceId", r.ServiceID)
		dst = readstore.AppendInt(dst, "serviceVersion", r.ServiceVersion)
		dst = stored.AppendText(dst, "providerId", r.ProviderID)
		dst = r.AppendFields(dst)
		dst = bsoncore.AppendStringElement(dst, "termKind", string(r.TermKind))
		dst = stored.AppendTime(dst, "dueSoonFor", r.DueSoonFor)
		dst = stored.AppendTime(dst, "overdueFor", r.OverdueFor)
		dst = stored.AppendText(dst, "waitingFor", string(r.For))
		dst = stored.AppendTime(dst, "waitingSince", r.Since)
		dst = stored.AppendTexts(dst, "remindedOf", r.RemindedOf)
		dst = stored.AppendTrue(dst, "rated", r.Rated)
		dst = stored.AppendNested(dst, "envelope", r.Envelope.AppendFields)
		return stored.AppendNested(dst, "places", r.Places.appendFields)
	})
}

func (p *Places) appendFields(dst []byte) []byte {
	dst = stored.AppendText(dst, "new", p.New)
	dst = stored.AppendText(dst, "term", p.Term)
	dst = stored.AppendTexts(dst, "mine", p.Mine)
	dst = stored.AppendTime(dst, "turn", p.Turn)
	dst = stored.AppendTexts(dst, "unread", p.Unread)
	return stored.AppendTime(dst, "due", p.Due)
}
