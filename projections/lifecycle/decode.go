package lifecycle

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"services.example/portal/domain/application"
	"services.example/portal/infra/readstore"
	"services.example/portal/projections/stored"
)

// Set reads a field of a document that a Standing is part of, as the driver would; it leaves others alone.
func (s *Standing) Set(key []byte, v bsoncore.Value) {
	switch string(key) {
	case "status":
		s.Status = word(v)
	case "outcome":
		s.Outcome = word(v)
	case "decided":
		s.Decided = word(v)
	case "unsigned":
		s.Unsigned = readstore.Strings(v)
	case "executors":
		s.Executors = readstore.Strings(v)
	case "submittedAt":
		s.SubmittedAt = readstore.OptionalTime(v)
	case "dueAt":
		s.DueAt = readstore.OptionalTime(v)
	}
}

// AppendFields writes the fields into a document that is being written, as the driver would.
func (s *Standing) AppendFields(dst []byte) []byte {
	dst = bsoncore.AppendStringElement(dst, "status", s.Status)
	dst = stored.AppendText(dst, "outcome", s.Outcome)
	dst = stored.AppendText(dst, "decided", s.Decided)
	dst = stored.AppendTexts(dst, "unsigned", s.Unsigned)
	dst = readstore.AppendStrings(dst, "executors", s.Executors)
	dst = readstore.AppendOptionalTime(dst, "submittedAt", s.SubmittedAt)
	return readstore.AppendOptionalTime(dst, "dueAt", s.DueAt)
}

// words are those that documents are full of: read, they take no memory of their own.
var words = func() map[string]string {
	known := map[string]string{}
	for _, word := range []string{
		string(application.Draft), string(application.StatusSubmitted), string(application.InWork), string(application.Returned),
		string(application.Answered), string(application.Approved), string(application.AwaitingSignature),
		string(application.Refused), string(application.Completed), string(application.StatusWithdrawn),
		DraftStarted, StepSaved, FileAttached, FileRemoved, Submitted, Withdrawn, ExecutorAssigned, ExecutorRemoved,
		TakenIntoWork, Returned, Resubmitted, FileUploaded, DocumentIssued, DocumentSigned, QuestionnaireAnswered,
		DueDateMoved, DueSoon, Overdue, Reminded,
	} {
		known[word] = word
	}
	return known
}()

func word(v bsoncore.Value) string {
	read := readstore.Text(v)
	if known, found := words[read]; found {
		return known
	}
	return strings.Clone(read)
}

// Set reads a field of a document that a Line is part of, as the driver would; it leaves others alone.
func (l *Line) Set(key []byte, v bsoncore.Value) {
	switch string(key) {
	case "what":
		l.What = word(v)
	case "step":
		l.Step = stored.Text(v)
	case "person":
		l.Person = stored.Text(v)
	case "detail":
		l.Detail = word(v)
	case "document":
		l.Document = stored.Text(v)
	case "dueAt":
		l.DueAt = readstore.OptionalTime(v)
	}
}

// AppendFields writes the fields into a document that is being written, as the driver would.
func (l *Line) AppendFields(dst []byte) []byte {
	dst = bsoncore.AppendStringElement(dst, "what", l.What)
	dst = stored.AppendText(dst, "step", l.Step)
	dst = stored.AppendText(dst, "person", l.Person)
	dst = stored.AppendText(dst, "detail", l.Detail)
	dst = stored.AppendText(dst, "document", l.Document)
	return stored.AppendTime(dst, "dueAt", l.DueAt)
}
