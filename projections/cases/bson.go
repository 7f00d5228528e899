package cases

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/domain/region"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/stored"
)

// AppendBSON writes the case: the same bytes as by the driver's reflection.
func (c *Case) AppendBSON(dst []byte) []byte {
	return readstore.AppendDocument(dst, func(dst []byte) []byte {
		dst = stored.AppendText(dst, "applicant", c.Applicant)
		dst = bsoncore.AppendStringElement(dst, "serviceId", c.ServiceID)
		dst = readstore.AppendInt(dst, "serviceVersion", c.ServiceVersion)
		dst = stored.AppendText(dst, "providerId", c.ProviderID)
		dst = stored.AppendText(dst, "region", string(c.Region))
		dst = bsoncore.AppendStringElement(dst, "status", c.Status)
		dst = bsoncore.AppendStringElement(dst, "startedMonth", c.StartedMonth)
		dst = stored.AppendText(dst, "sentMonth", c.SentMonth)
		dst = readstore.AppendTime(dst, "startedAt", c.StartedAt)
		dst = stored.AppendTime(dst, "sentAt", c.SentAt)
		dst = stored.AppendTime(dst, "dueAt", c.DueAt)
		dst = stored.AppendInt(dst, "termDays", c.TermDays)
		dst = stored.AppendText(dst, "termKind", c.TermKind)
		dst = stored.AppendTime(dst, "returnedAt", c.ReturnedAt)
		dst = stored.AppendInt(dst, "returns", c.Returns)
		dst = stored.AppendTime(dst, "firstAnswerAt", c.FirstAnswerAt)
		dst = stored.AppendTime(dst, "decidedAt", c.DecidedAt)
		dst = stored.AppendText(dst, "decision", c.Decision)
		dst = stored.AppendText(dst, "refusal", c.Refusal)
		dst = stored.AppendTexts(dst, "unsigned", c.Unsigned)
		dst = stored.AppendTrue(dst, "overdue", c.Overdue)
		dst = stored.AppendTime(dst, "endedAt", c.EndedAt)
		dst = stored.AppendText(dst, "outcome", c.Outcome)
		dst = stored.AppendSome(dst, "steps", c.Steps, (*Step).append)
		dst = stored.AppendSome(dst, "scores", c.Scores, (*Score).append)
		return readstore.AppendTime(dst, "changedAt", c.ChangedAt)
	})
}

func (s *Step) append(dst []byte) []byte {
	dst = bsoncore.AppendStringElement(dst, "id", s.ID)
	dst = stored.AppendTrue(dst, "touched", s.Touched)
	return stored.AppendTrue(dst, "complete", s.Complete)
}

func (s *Score) append(dst []byte) []byte {
	dst = bsoncore.AppendStringElement(dst, "question", s.Question)
	return readstore.AppendInt(dst, "score", s.Score)
}

// DecodeBSON reads a stored case. It reads what bson.Unmarshal reads, without its reflection: an export reads many.
func (c *Case) DecodeBSON(body bson.Raw) error {
	r := reading{Case: c}
	return stored.Fields(body, r.set)
}

// Outline is a Case that is read without its steps: rows of exports and sums of what was sent need none.
type Outline Case

// DecodeBSON reads a stored case, all but its steps.
func (c *Outline) DecodeBSON(body bson.Raw) error {
	r := reading{Case: (*Case)(c), outline: true}
	return stored.Fields(body, r.set)
}

// reading is a case that is read. Its optional times lie in one piece of memory.
type reading struct {
	*Case
	outline bool
	times   [optionalTimes]time.Time
	read    int
}

const optionalTimes = 6

// time reads a time, nil if the value is none.
func (c *reading) time(v bsoncore.Value) *time.Time {
	ms, ok := v.DateTimeOK()
	if !ok {
		return nil
	}
	if c.read == len(c.times) { // a field came twice
		return readstore.OptionalTime(v)
	}
	at := &c.times[c.read]
	*at = time.UnixMilli(ms).UTC()
	c.read++
	return at
}

func (c *reading) set(key []byte, v bsoncore.Value) (err error) {
	switch string(key) {
	case "applicant":
		c.Applicant = readstore.Text(v)
	case "serviceId":
		c.ServiceID = readstore.Text(v)
	case "serviceVersion":
		c.ServiceVersion = stored.Int(v)
	case "providerId":
		c.ProviderID = readstore.Text(v)
	case "region":
		c.Region = region.Code(readstore.Text(v))
	case "status":
		c.Status = readstore.Text(v)
	case "startedMonth":
		c.StartedMonth = readstore.Text(v)
	case "sentMonth":
		c.SentMonth = readstore.Text(v)
	case "termDays":
		c.TermDays = stored.Int(v)
	case "termKind":
		c.TermKind = readstore.Text(v)
	case "returns":
		c.Returns = stored.Int(v)
	case "decision":
		c.Decision = readstore.Text(v)
	case "refusal":
		c.Refusal = readstore.Text(v)
	case "unsigned":
		c.Unsigned = readstore.Strings(v)
	case "overdue":
		c.Overdue, _ = v.BooleanOK()
	case "outcome":
		c.Outcome = readstore.Text(v)
	case "steps":
		if !c.outline {
			c.Steps, err = stored.List(v, (*Step).set)
		}
	case "scores":
		c.Scores, err = stored.List(v, (*Score).set)
	default:
		c.setTime(key, v)
	}
	return err
}

func (c *reading) setTime(key []byte, v bsoncore.Value) {
	switch string(key) {
	case "startedAt":
		c.StartedAt = readstore.TimeOf(v)
	case "sentAt":
		c.SentAt = c.time(v)
	case "dueAt":
		c.DueAt = c.time(v)
	case "returnedAt":
		c.ReturnedAt = c.time(v)
	case "firstAnswerAt":
		c.FirstAnswerAt = c.time(v)
	case "decidedAt":
		c.DecidedAt = c.time(v)
	case "endedAt":
		c.EndedAt = c.time(v)
	case "changedAt":
		c.ChangedAt = readstore.TimeOf(v)
	}
}

func (s *Step) set(key []byte, v bsoncore.Value) error {
	switch string(key) {
	case "id":
		s.ID = readstore.Text(v)
	case "touched":
		s.Touched, _ = v.BooleanOK()
	case "complete":
		s.Complete, _ = v.BooleanOK()
	}
	return nil
}

func (s *Score) set(key []byte, v bsoncore.Value) error {
	switch string(key) {
	case "question":
		s.Question = readstore.Text(v)
	case "score":
		s.Score = stored.Int(v)
	}
	return nil
}
