package application

import (
	"encoding/json"
	"slices"
	"time"

	"services.example/portal/domain/service"
)

// Status is where an application stands, as people see it.
type Status string

// The statuses. A deleted draft exists for nobody.
const (
	Draft             Status = "draft"
	StatusSubmitted   Status = "submitted"
	InWork            Status = "in_work"
	Returned          Status = "returned"
	Answered          Status = "answered"
	Approved          Status = "approved"
	AwaitingSignature Status = "awaiting_signature"
	Refused           Status = "refused"
	Completed         Status = "completed"
	StatusWithdrawn   Status = "withdrawn"
	Deleted           Status = "deleted"
)

// State is what the rules need to know of an application. The zero State is one that was never started.
type State struct {
	Status         Status
	Applicant      string // account id
	ServiceID      string
	ServiceVersion int
	Number         string
	Steps          []Step
	SubmittedAt    time.Time
	DueAt          time.Time
}

// Step is one step with what is in it.
type Step struct {
	ID       string
	Kind     service.StepKind
	Data     json.RawMessage // nil: never saved
	Files    []File
	Complete bool
}

// File is a file of a document step.
type File struct {
	ID     string
	Name   string
	MIME   string
	Size   int64 // bytes
	SHA256 string
}

// Evolve gives the state after one more event. It is total: events in an order that Decide never gives, or with their
// personal fields erased, change what they can. The state that it was given stays as it was.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case DraftStarted:
		s = State{
			Status: Draft, Applicant: e.Applicant, ServiceID: e.ServiceID, ServiceVersion: e.ServiceVersion,
			Number: e.Number, Steps: make([]Step, len(e.Steps)),
		}
		for i, step := range e.Steps {
			s.Steps[i] = Step{ID: step.ID, Kind: step.Kind, Complete: step.Complete, Data: e.Prefilled[step.ID]}
		}
	case StepSaved:
		s = s.withStep(e.StepID, func(step *Step) {
			step.Data, step.Complete = e.Data, e.Complete
		})
	case FileAttached:
		s = s.withStep(e.StepID, func(step *Step) {
			file := File{ID: e.FileID, Name: e.Name, MIME: e.MIME, Size: e.Size, SHA256: e.SHA256}
			step.Files, step.Complete = append(slices.Clip(step.Files), file), e.Complete
		})
	case FileRemoved:
		s = s.withStep(e.StepID, func(step *Step) {
			removed := func(f File) bool { return f.ID == e.FileID }
			step.Files, step.Complete = slices.DeleteFunc(slices.Clone(step.Files), removed), e.Complete
		})
	case Submitted:
		s.Status, s.SubmittedAt, s.DueAt = StatusSubmitted, e.At, e.DueAt
	case Withdrawn:
		s.Status = StatusWithdrawn
	case DraftDeleted:
		s.Status = Deleted
	}
	return s
}

// withStep returns the state with one step changed. States share nothing that either can change.
func (s State) withStep(id string, change func(*Step)) State {
	i := slices.IndexFunc(s.Steps, func(step Step) bool { return step.ID == id })
	if i < 0 {
		return s
	}
	s.Steps = slices.Clone(s.Steps)
	change(&s.Steps[i])
	return s
}

// Step finds a step.
func (s State) Step(id string) (Step, bool) {
	for _, step := range s.Steps {
		if step.ID == id {
			return step, true
		}
	}
	return Step{}, false
}

// File finds a file and the step that it belongs to.
func (s State) File(id string) (file File, stepID string, found bool) {
	for _, step := range s.Steps {
		for _, f := range step.Files {
			if f.ID == id {
				return f, step.ID, true
			}
		}
	}
	return File{}, "", false
}

// Editable tells whether the applicant may change what the application holds.
func (s State) Editable() bool { return s.Status == Draft || s.Status == Returned }
