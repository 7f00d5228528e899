package application

import (
	"encoding/json"
	"time"

	"services.example/portal/domain/service"
)

// Event is something that happened to an application.
type Event interface{ isApplicationEvent() }

// EventTypes is the storage format: the name under which each event is stored, with its version. A name once written
// is never renamed and its struct never changes meaning; a change is a new version and an upcast.
var EventTypes = map[string]Event{
	"application.draft-started.v1": DraftStarted{},
	"application.step-saved.v1":    StepSaved{},
	"application.file-attached.v1": FileAttached{},
	"application.file-removed.v1":  FileRemoved{},
	"application.submitted.v2":     Submitted{},
	"application.withdrawn.v1":     Withdrawn{},
	"application.draft-deleted.v1": DraftDeleted{},

	"application.executor-assigned.v1":      ExecutorAssigned{},
	"application.executor-removed.v1":       ExecutorRemoved{},
	"application.taken-into-work.v1":        TakenIntoWork{},
	"application.returned.v1":               ReturnedForCompletion{},
	"application.resubmitted.v1":            Resubmitted{},
	"application.file-uploaded.v1":          FileUploaded{},
	"application.answered.v1":               ResponseIssued{},
	"application.approved.v1":               DecidedPositive{},
	"application.refused.v1":                RefusalIssued{},
	"application.document-issued.v1":        DocumentIssued{},
	"application.document-signed.v1":        DocumentSigned{},
	"application.questionnaire-answered.v1": QuestionnaireAnswered{},
	"application.completed.v1":              ApplicationCompleted{},
	"application.due-date-moved.v1":         DueDateMoved{},
	"application.due-soon.v1":               DueSoon{},
	"application.overdue.v1":                Overdue{},
	"application.reminded.v1":               ApplicantReminded{},
}

// DraftStarted opens an application: it has a number from its first moment.
type DraftStarted struct {
	Applicant      string                     `json:"applicant"` // account id
	ServiceID      string                     `json:"serviceId"`
	ServiceVersion int                        `json:"serviceVersion"` // the application keeps this version of passport and form
	RunningNumber  int64                      `json:"runningNumber"`  // orders applications: newest is highest
	Number         string                     `json:"number"`         // running number and date, 2065-15-11-18
	Steps          []StepState                `json:"steps"`          // the form's steps in their order
	Prefilled      map[string]json.RawMessage `json:"prefilled,omitempty" personal:"true"`
	At             time.Time                  `json:"at"`
}

// StepState is a step and whether what is in it suffices for sending.
type StepState struct {
	ID       string           `json:"id"`
	Kind     service.StepKind `json:"kind"`
	Complete bool             `json:"complete"`
}

// StepSaved replaces the data of one step, complete or not.
type StepSaved struct {
	StepID   string          `json:"stepId"`
	Data     json.RawMessage `json:"data" personal:"true"`
	Complete bool            `json:"complete"`
	At       time.Time       `json:"at"`
}

// FileAttached adds a file to a document step. The bytes lie in the blob store.
type FileAttached struct {
	FileID string `json:"fileId"`
	StepID string `json:"stepId"`
	Name   string `json:"name" personal:"true"`
	MIME   string `json:"mime"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
	// Complete tells whether the step suffices for sending, now that it has the file.
	Complete bool      `json:"complete"`
	At       time.Time `json:"at"`
}

// FileRemoved takes a file out of its step before sending.
type FileRemoved struct {
	FileID   string    `json:"fileId"`
	StepID   string    `json:"stepId"`
	Complete bool      `json:"complete"` // whether the step suffices for sending without the file
	At       time.Time `json:"at"`
}

// Submitted sends the application to its provider; the term starts. Version 1 did not name the provider.
type Submitted struct {
	ServiceID  string       `json:"serviceId"`
	ProviderID string       `json:"providerId"` // empty in what was version 1: the service says it
	Term       service.Term `json:"term"`
	DueAt      time.Time    `json:"dueAt"`
	At         time.Time    `json:"at"`
}

// Withdrawn takes back what was sent, before a decision.
type Withdrawn struct {
	ServiceID string    `json:"serviceId"`
	At        time.Time `json:"at"`
}

// DraftDeleted ends a draft that was never sent.
type DraftDeleted struct {
	ServiceID string    `json:"serviceId"`
	At        time.Time `json:"at"`
}

// ExecutorAssigned makes somebody of the provider's staff responsible, beside those who are already.
type ExecutorAssigned struct {
	Executor string    `json:"executor"` // account id
	At       time.Time `json:"at"`
}

// ExecutorRemoved ends somebody's responsibility.
type ExecutorRemoved struct {
	Executor string    `json:"executor"` // account id
	At       time.Time `json:"at"`
}

// TakenIntoWork says that an executor has begun.
type TakenIntoWork struct {
	Executor string    `json:"executor"` // account id
	At       time.Time `json:"at"`
}

// ReturnedForCompletion gives the application back to its applicant; the term stands still until it is sent again.
type ReturnedForCompletion struct {
	ServiceID   string    `json:"serviceId"`
	Executor    string    `json:"executor"` // account id
	Reason      string    `json:"reason"`   // one of ReturnReasons
	Text        string    `json:"text" personal:"true"`
	SubmittedAt time.Time `json:"submittedAt"` // when it was sent first
	First       bool      `json:"first"`       // the provider's first answer
	At          time.Time `json:"at"`
}

// Resubmitted sends the application again; the term goes on.
type Resubmitted struct {
	DueAt time.Time `json:"dueAt"` // later than before by the days for which the term stood still
	At    time.Time `json:"at"`
}

// FileUploaded keeps a file that belongs to no step: for a message, a response, a decision or a document.
type FileUploaded struct {
	FileID string    `json:"fileId"`
	Staff  bool      `json:"staff"` // by the provider's staff; else by the applicant
	Name   string    `json:"name" personal:"true"`
	MIME   string    `json:"mime"`
	Size   int64     `json:"size"` // bytes
	SHA256 string    `json:"sha256"`
	At     time.Time `json:"at"`
}

// ResponseIssued is the executor's response, which ends a consultation but for its act and questionnaire.
type ResponseIssued struct {
	ServiceID   string    `json:"serviceId"`
	Executor    string    `json:"executor"` // account id
	Text        string    `json:"text" personal:"true"`
	FileIDs     []string  `json:"fileIds"`
	SubmittedAt time.Time `json:"submittedAt"`
	DueAt       time.Time `json:"dueAt"`
	First       bool      `json:"first"` // the provider's first answer
	At          time.Time `json:"at"`
}

// DecidedPositive approves a support measure.
type DecidedPositive struct {
	ServiceID   string    `json:"serviceId"`
	Executor    string    `json:"executor"` // account id
	Text        string    `json:"text" personal:"true"`
	FileIDs     []string  `json:"fileIds"`
	SubmittedAt time.Time `json:"submittedAt"`
	DueAt       time.Time `json:"dueAt"`
	First       bool      `json:"first"` // the provider's first answer
	At          time.Time `json:"at"`
}

// RefusalIssued refuses a support measure. The application is completed by it.
type RefusalIssued struct {
	ServiceID   string    `json:"serviceId"`
	Executor    string    `json:"executor"` // account id
	Reason      string    `json:"reason"`   // one of RefusalReasons
	Text        string    `json:"text" personal:"true"`
	FileIDs     []string  `json:"fileIds"`
	SubmittedAt time.Time `json:"submittedAt"`
	DueAt       time.Time `json:"dueAt"`
	First       bool      `json:"first"` // the provider's first answer
	At          time.Time `json:"at"`
}

// DocumentIssued adds a document, whose bytes never change. It replaces the earlier one of its kind, unless that was
// signed.
type DocumentIssued struct {
	DocumentID string    `json:"documentId"`
	Applicant  string    `json:"applicant"`  // account id
	ProviderID string    `json:"providerId"` // whose staff issued it
	Kind       string    `json:"kind"`       // act, agreement or result
	Version    int       `json:"version"`    // counts from 1 within the kind
	FileID     string    `json:"fileId"`
	Name       string    `json:"name" personal:"true"`
	MIME       string    `json:"mime"`
	Size       int64     `json:"size"` // bytes
	SHA256     string    `json:"sha256"`
	Signers    []string  `json:"signers"`    // applicant, provider: in the order in which they sign; none: nothing to sign
	By         string    `json:"by"`         // eds or acceptance
	Supersedes string    `json:"supersedes"` // id of the document that it replaces; empty: none
	At         time.Time `json:"at"`
}

// DocumentSigned says that everybody has signed a document.
type DocumentSigned struct {
	DocumentID string    `json:"documentId"`
	At         time.Time `json:"at"`
}

// QuestionnaireAnswered is what the applicant says of the quality of the service.
type QuestionnaireAnswered struct {
	ServiceID string          `json:"serviceId"`
	Scores    []QuestionScore `json:"scores"`
	Words     []QuestionWords `json:"words" personal:"true"`
	At        time.Time       `json:"at"`
}

// QuestionScore is the answer to a question that asks for a score.
type QuestionScore struct {
	Question string `json:"question"` // its id
	Score    int    `json:"score"`    // 1 to 5
}

// QuestionWords is the answer to a question that asks for words.
type QuestionWords struct {
	Question string `json:"question"` // its id
	Text     string `json:"text"`
}

// ApplicationCompleted ends the application.
type ApplicationCompleted struct { //nolint:revive // Completed is the status that it leads to
	ServiceID   string    `json:"serviceId"`
	Outcome     Outcome   `json:"outcome"`
	SubmittedAt time.Time `json:"submittedAt"`
	At          time.Time `json:"at"`
}

// DueDateMoved gives the application another due date, for a reason that people read.
type DueDateMoved struct {
	DueAt  time.Time `json:"dueAt"`
	Reason string    `json:"reason" personal:"true"`
	At     time.Time `json:"at"`
}

// DueSoon says that the due date is near and nothing was decided yet.
type DueSoon struct {
	DueAt time.Time `json:"dueAt"`
	At    time.Time `json:"at"`
}

// Overdue says that the due date has passed and nothing was decided yet.
type Overdue struct {
	ServiceID string    `json:"serviceId"`
	DueAt     time.Time `json:"dueAt"`
	At        time.Time `json:"at"`
}

// ApplicantReminded says that the applicant was reminded of what only they can do.
type ApplicantReminded struct {
	Of string    `json:"of"` // signature, questionnaire or completion
	At time.Time `json:"at"`
}

func (DraftStarted) isApplicationEvent() {}
func (StepSaved) isApplicationEvent()    {}
func (FileAttached) isApplicationEvent() {}
func (FileRemoved) isApplicationEvent()  {}
func (Submitted) isApplicationEvent()    {}
func (Withdrawn) isApplicationEvent()    {}
func (DraftDeleted) isApplicationEvent() {}

func (ExecutorAssigned) isApplicationEvent()      {}
func (ExecutorRemoved) isApplicationEvent()       {}
func (TakenIntoWork) isApplicationEvent()         {}
func (ReturnedForCompletion) isApplicationEvent() {}
func (Resubmitted) isApplicationEvent()           {}
func (FileUploaded) isApplicationEvent()          {}
func (ResponseIssued) isApplicationEvent()        {}
func (DecidedPositive) isApplicationEvent()       {}
func (RefusalIssued) isApplicationEvent()         {}
func (DocumentIssued) isApplicationEvent()        {}
func (DocumentSigned) isApplicationEvent()        {}
func (QuestionnaireAnswered) isApplicationEvent() {}
func (ApplicationCompleted) isApplicationEvent()  {}
func (DueDateMoved) isApplicationEvent()          {}
func (DueSoon) isApplicationEvent()               {}
func (Overdue) isApplicationEvent()               {}
func (ApplicantReminded) isApplicationEvent()     {}
