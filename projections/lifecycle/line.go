package lifecycle

import (
	"time"

	"services.example/portal/domain/application"
)

// What happened, as a line says it.
const (
	DraftStarted          = "draft-started"
	StepSaved             = "step-saved"
	FileAttached          = "file-attached"
	FileRemoved           = "file-removed"
	Submitted             = "submitted"
	Withdrawn             = "withdrawn"
	ExecutorAssigned      = "executor-assigned"
	ExecutorRemoved       = "executor-removed"
	TakenIntoWork         = "taken-into-work"
	Returned              = "returned"
	Resubmitted           = "resubmitted"
	FileUploaded          = "file-uploaded"
	Answered              = "answered"
	Approved              = "approved"
	Refused               = "refused"
	DocumentIssued        = "document-issued"
	DocumentSigned        = "document-signed"
	QuestionnaireAnswered = "questionnaire-answered"
	Completed             = "completed"
	DueDateMoved          = "due-date-moved"
	DueSoon               = "due-soon"
	Overdue               = "overdue"
	Reminded              = "reminded"
)

// Line is what a timeline or a thread says of an event. It holds codes and ids, no words: those are the reader's.
type Line struct {
	What     string     `bson:"what"`
	Step     string     `bson:"step,omitempty"`     // id of the step that it concerns
	Person   string     `bson:"person,omitempty"`   // account id of the executor that it concerns
	Detail   string     `bson:"detail,omitempty"`   // reason, kind of document, outcome, or of what somebody was reminded
	Document string     `bson:"document,omitempty"` // its id
	DueAt    *time.Time `bson:"dueAt,omitempty"`    // the due date from then on
}

// Tell gives the line about an event and when it happened; nil if there is none to say. The kind of a document that was
// signed is not in the event: it is that of the line which said that it was issued.
func Tell(event any) (line *Line, at time.Time) {
	switch e := event.(type) {
	case application.DraftStarted:
		return &Line{What: DraftStarted}, e.At
	case application.StepSaved:
		return &Line{What: StepSaved, Step: e.StepID}, e.At
	case application.FileAttached:
		return &Line{What: FileAttached, Step: e.StepID}, e.At
	case application.FileRemoved:
		return &Line{What: FileRemoved, Step: e.StepID}, e.At
	case application.Submitted:
		return &Line{What: Submitted}, e.At
	case application.Withdrawn:
		return &Line{What: Withdrawn}, e.At
	default:
		return tellWork(event)
	}
}

func tellWork(event any) (line *Line, at time.Time) {
	switch e := event.(type) {
	case application.ExecutorAssigned:
		return &Line{What: ExecutorAssigned, Person: e.Executor}, e.At
	case application.ExecutorRemoved:
		return &Line{What: ExecutorRemoved, Person: e.Executor}, e.At
	case application.TakenIntoWork:
		return &Line{What: TakenIntoWork, Person: e.Executor}, e.At
	case application.ReturnedForCompletion:
		return &Line{What: Returned, Detail: e.Reason}, e.At
	case application.Resubmitted:
		return &Line{What: Resubmitted, DueAt: &e.DueAt}, e.At
	case application.FileUploaded:
		return &Line{What: FileUploaded}, e.At
	case application.DueDateMoved:
		return &Line{What: DueDateMoved, DueAt: &e.DueAt}, e.At
	case application.DueSoon:
		return &Line{What: DueSoon, DueAt: &e.DueAt}, e.At
	case application.Overdue:
		return &Line{What: Overdue, DueAt: &e.DueAt}, e.At
	default:
		return tellEnd(event)
	}
}

func tellEnd(event any) (line *Line, at time.Time) {
	switch e := event.(type) {
	case application.ResponseIssued:
		return &Line{What: Answered}, e.At
	case application.DecidedPositive:
		return &Line{What: Approved}, e.At
	case application.RefusalIssued:
		return &Line{What: Refused, Detail: e.Reason}, e.At
	case application.DocumentIssued:
		return &Line{What: DocumentIssued, Detail: e.Kind, Document: e.DocumentID}, e.At
	case application.DocumentSigned:
		return &Line{What: DocumentSigned, Document: e.DocumentID}, e.At
	case application.QuestionnaireAnswered:
		return &Line{What: QuestionnaireAnswered}, e.At
	case application.ApplicationCompleted:
		return &Line{What: Completed, Detail: string(e.Outcome)}, e.At
	case application.ApplicantReminded:
		return &Line{What: Reminded, Detail: e.Of}, e.At
	default:
		return nil, time.Time{}
	}
}
