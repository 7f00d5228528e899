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
		r.Applicant = readstore.Text(v)
	case "runningNumber":
		r.RunningNumber, _ = v.AsInt64OK()
	case "number":
		r.Number = readstore.Text(v)
	case "serviceId":
		r.ServiceID = readstore.Text(v)
	case "serviceVersion":
		n, _ := v.AsInt64OK()
		r.ServiceVersion = int(n)
	case "status":
		r.Status = readstore.Text(v)
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
		r.TermKind = service.TermKind(readstore.Text(v))
	case "executors":
		r.Executors = readstore.Strings(v)
	}
}
