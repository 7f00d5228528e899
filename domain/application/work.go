package application

import (
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/service"
)

// Staff is somebody of a provider who gives a command.
type Staff struct {
	Account  string
	Roles    []account.Role
	Provider string // whose staff they are
}

// Colleague is somebody who is to be responsible.
type Colleague struct {
	Account  string
	Roles    []account.Role
	Provider string
	Active   bool // may sign in
}

// AssignExecutor makes a colleague responsible, beside those who are already.
type AssignExecutor struct {
	By       Staff
	Provider string // of the service: whose staff may act
	Executor Colleague
	At       time.Time
}

// RemoveExecutor ends a colleague's responsibility.
type RemoveExecutor struct {
	By       Staff
	Provider string
	Executor string // account id
	At       time.Time
}

// TakeIntoWork begins the work, with oneself as executor.
type TakeIntoWork struct {
	By       Staff
	Provider string
	At       time.Time
}

// ReturnForCompletion gives the application back to its applicant.
type ReturnForCompletion struct {
	By       Staff
	Provider string
	Reason   string // one of ReturnReasons
	Text     string
	At       time.Time
}

// UploadFile keeps a file, whose bytes are already stored, that belongs to no step: of the applicant, or of staff.
type UploadFile struct {
	Applicant string // of the caller; empty: By uploads
	By        Staff
	Provider  string
	Rules     service.FileRules // each side has the whole of MaxTotalBytes: neither can fill the other's room
	File      File
	At        time.Time
}

// IssueResponse answers a consultation.
type IssueResponse struct {
	By       Staff
	Provider string
	Kind     service.Kind
	Workflow service.Workflow
	Text     string
	FileIDs  []string // uploaded by staff
	At       time.Time
}

// DecideSupport approves or refuses a support measure. A refusal completes the application.
type DecideSupport struct {
	By       Staff
	Provider string
	Kind     service.Kind
	Workflow service.Workflow
	Outcome  Outcome // approved or refused
	Reason   string  // of a refusal: one of RefusalReasons
	Text     string
	FileIDs  []string // uploaded by staff
	At       time.Time
}

// IssueDocument adds a document to read or to sign.
type IssueDocument struct {
	By         Staff
	Provider   string
	Workflow   service.Workflow
	DocumentID string
	Kind       string   // act, agreement or result
	FileID     string   // uploaded by staff
	Signers    []string // nil: those of the workflow
	Method     string   // eds or acceptance; empty: that of the workflow
	At         time.Time
}

// RecordSigned says that everybody has signed a document. The system gives it when the document's signatures are complete.
type RecordSigned struct {
	Workflow   service.Workflow
	DocumentID string
	At         time.Time
}

// AnswerQuestionnaire says what the applicant thinks of the service, once.
type AnswerQuestionnaire struct {
	Applicant string
	Workflow  service.Workflow
	Answers   map[string]any // by question id: a whole number as JSON gives it, or words
	At        time.Time
}

// Complete ends an application in which nothing is left to do but what may be left out.
type Complete struct {
	By       Staff
	Provider string
	Workflow service.Workflow
	At       time.Time
}

// MoveDueDate gives the application another due date.
type MoveDueDate struct {
	By       Staff
	Provider string
	DueAt    time.Time
	Reason   string
	At       time.Time
}

// WarnOfDueDate says that the due date is near, or has passed. The system gives it.
type WarnOfDueDate struct {
	DueAt    time.Time // as whoever gives the command knows it: another one now gives nothing
	DaysLeft int       // working days until then, by the provider's calendar
	At       time.Time
}

// RemindApplicant says that the applicant was reminded of what only they can do. The system gives it.
type RemindApplicant struct {
	Of       WaitingFor
	Workflow service.Workflow
	Turn     time.Time // since when it is the applicant's turn to sign, as the signatures say; zero: it is not
	At       time.Time
}

// CloseWaiting ends an application whose applicant left it: nothing signed, or no questionnaire, for long enough. The
// system gives it.
type CloseWaiting struct {
	For      WaitingFor // signature or questionnaire: what is not waited for any more
	Workflow service.Workflow
	Turn     time.Time // as in RemindApplicant
	At       time.Time
}

func (AssignExecutor) isApplicationCommand()      {}
func (RemoveExecutor) isApplicationCommand()      {}
func (TakeIntoWork) isApplicationCommand()        {}
func (ReturnForCompletion) isApplicationCommand() {}
func (UploadFile) isApplicationCommand()          {}
func (IssueResponse) isApplicationCommand()       {}
func (DecideSupport) isApplicationCommand()       {}
func (IssueDocument) isApplicationCommand()       {}
func (RecordSigned) isApplicationCommand()        {}
func (AnswerQuestionnaire) isApplicationCommand() {}
func (Complete) isApplicationCommand()            {}
func (MoveDueDate) isApplicationCommand()         {}
func (WarnOfDueDate) isApplicationCommand()       {}
func (RemindApplicant) isApplicationCommand()     {}
func (CloseWaiting) isApplicationCommand()        {}
