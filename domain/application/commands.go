package application

import (
	"encoding/json"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

// Command is something that somebody asks of an application.
type Command interface{ isApplicationCommand() }

// Form checks what is in a step against the service version that the application was started with.
type Form interface {
	// Check names what is missing or wrong in a step that holds this data and so many files. An error means that the
	// form has no such step.
	Check(stepID string, data json.RawMessage, files int) ([]problem.Field, error)
}

// Start opens a draft, with the data of the client card already in the steps.
type Start struct {
	Applicant      string
	ServiceID      string
	ServiceVersion int
	RunningNumber  int64
	Number         string
	Steps          []StepState
	Prefilled      map[string]json.RawMessage
	At             time.Time
}

// SaveStep puts data into a step, complete or not. Data is compact JSON.
type SaveStep struct {
	Applicant string
	Form      Form
	StepID    string
	Data      json.RawMessage
	At        time.Time
}

// AttachFile adds a file, whose bytes are already stored, to a document step.
type AttachFile struct {
	Applicant string
	Form      Form
	Rules     service.FileRules
	StepID    string
	File      File
	At        time.Time
}

// RemoveFile takes a file out of its step.
type RemoveFile struct {
	Applicant string
	Form      Form
	FileID    string
	At        time.Time
}

// Submit sends the application, first or after it was returned. DueAt follows from the term and the provider's calendar;
// after a return, from the due date before and the days for which the term stood still.
type Submit struct {
	Applicant string
	Form      Form
	Provider  string // of the service
	Term      service.Term
	DueAt     time.Time
	At        time.Time
}

// Withdraw takes back what was sent.
type Withdraw struct {
	Applicant string
	At        time.Time
}

// DeleteDraft removes a draft.
type DeleteDraft struct {
	Applicant string
	At        time.Time
}

func (Start) isApplicationCommand()       {}
func (SaveStep) isApplicationCommand()    {}
func (AttachFile) isApplicationCommand()  {}
func (RemoveFile) isApplicationCommand()  {}
func (Submit) isApplicationCommand()      {}
func (Withdraw) isApplicationCommand()    {}
func (DeleteDraft) isApplicationCommand() {}
