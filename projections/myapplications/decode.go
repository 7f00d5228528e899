package myapplications

import (
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/domain/service"
	"services.example/portal/infra/readstore"
)

// DecodeBSON reads a stored row. It reads what bson.Unmarshal reads, without its reflection: "My applications" is the
// page that is opened most.
func (r *Row) DecodeBSON(body bson.Raw) error {
	return readstore.Fields(body, r.set)
}

func (r *Row) set(key []byte, v bsoncore.Value) {
	switch string(key) {
	case "applicant":
		r.Applicant, _ = v.StringValueOK()
	case "runningNumber":
		r.RunningNumber, _ = v.AsInt64OK()
	case "number":
		r.Number, _ = v.StringValueOK()
	case "serviceId":
		r.ServiceID, _ = v.StringValueOK()
	case "serviceVersion":
		n, _ := v.AsInt64OK()
		r.ServiceVersion = int(n)
	case "status":
		r.Status, _ = v.StringValueOK()
	case "startedAt":
		if at, ok := v.TimeOK(); ok {
			r.StartedAt = at.UTC()
		}
	case "submittedAt":
		if at, ok := v.TimeOK(); ok {
			at = at.UTC()
			r.SubmittedAt = &at
		}
	case "dueAt":
		if at, ok := v.TimeOK(); ok {
			at = at.UTC()
			r.DueAt = &at
		}
	case "termKind":
		kind, _ := v.StringValueOK()
		r.TermKind = service.TermKind(kind)
	case "executors":
		r.Executors = readstore.Strings(v)
	}
}
