package workqueue

import (
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/domain/application"
	"services.example/portal/domain/service"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/envelope"
	"services.example/portal/projections/stored"
)

// DecodeBSON reads a stored row. It reads what bson.Unmarshal reads, without its reflection: a search reads many rows.
func (r *Row) DecodeBSON(body bson.Raw) error { return stored.Fields(body, r.set) }

func (r *Row) set(key []byte, v bsoncore.Value) (err error) {
	switch string(key) {
	case "envelope":
		err = stored.Into(v, r.Envelope.DecodeBSON)
	case "places":
		err = stored.Into(v, r.Places.DecodeBSON)
	case "runningNumber":
		r.RunningNumber, _ = v.AsInt64OK()
	case "number":
		r.Number = readstore.Text(v)
	case "applicant":
		r.Applicant = readstore.Text(v)
	case "serviceId":
		r.ServiceID = readstore.Text(v)
	case "serviceVersion":
		r.ServiceVersion = stored.Int(v)
	case "providerId":
		r.ProviderID = readstore.Text(v)
	case "termKind":
		r.TermKind = service.TermKind(readstore.Text(v))
	case "dueSoonFor":
		r.DueSoonFor = readstore.OptionalTime(v)
	case "overdueFor":
		r.OverdueFor = readstore.OptionalTime(v)
	case "waitingFor":
		r.For = application.WaitingFor(readstore.Text(v))
	case "waitingSince":
		r.Since = readstore.OptionalTime(v)
	case "remindedOf":
		r.RemindedOf = readstore.Strings(v)
	case "rated":
		r.Rated, _ = v.BooleanOK()
	default:
		r.Set(key, v)
	}
	return err
}

// Enveloped is the envelope of a row, for who shows the thread alone.
type Enveloped struct{ Envelope envelope.Envelope }

// DecodeBSON reads the envelope of a stored row.
func (e *Enveloped) DecodeBSON(body bson.Raw) error {
	return stored.Fields(body, func(key []byte, v bsoncore.Value) (err error) {
		if string(key) == "envelope" {
			err = stored.Into(v, e.Envelope.DecodeBSON)
		}
		return err
	})
}

// DecodeBSON reads the stored places as the driver does.
func (p *Places) DecodeBSON(body bson.Raw) error {
	return readstore.Fields(body, func(key []byte, v bsoncore.Value) {
		switch string(key) {
		case "new":
			p.New = readstore.Text(v)
		case "term":
			p.Term = readstore.Text(v)
		case "mine":
			p.Mine = readstore.Strings(v)
		case "turn":
			p.Turn = readstore.OptionalTime(v)
		case "unread":
			p.Unread = readstore.Strings(v)
		case "due":
			p.Due = readstore.OptionalTime(v)
		}
	})
}
