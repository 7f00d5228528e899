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
	"application.submitted.v1":     Submitted{},
	"application.withdrawn.v1":     Withdrawn{},
	"application.draft-deleted.v1": DraftDeleted{},
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

// Submitted sends the application to its provider; the term starts.
type Submitted struct {
	ServiceID string       `json:"serviceId"`
	Term      service.Term `json:"term"`
	DueAt     time.Time    `json:"dueAt"`
	At        time.Time    `json:"at"`
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

func (DraftStarted) isApplicationEvent() {}
func (StepSaved) isApplicationEvent()    {}
func (FileAttached) isApplicationEvent() {}
func (FileRemoved) isApplicationEvent()  {}
func (Submitted) isApplicationEvent()    {}
func (Withdrawn) isApplicationEvent()    {}
func (DraftDeleted) isApplicationEvent() {}
