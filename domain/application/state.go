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

// Outcome is how an application ended.
type Outcome string

// The outcomes.
const (
	OutcomeAnswered  Outcome = "answered"
	OutcomeApproved  Outcome = "approved"
	OutcomeRefused   Outcome = "refused"
	OutcomeNotSigned Outcome = "not-signed" // the applicant never signed what was to be signed
)

// State is what the rules need to know of an application. The zero State is one that was never started.
type State struct {
	Status         Status
	Applicant      string // account id
	ServiceID      string
	ServiceVersion int
	ProviderID     string // empty until sending, and in applications that were sent when events did not name it
	Number         string
	Steps          []Step
	SubmittedAt    time.Time // when it was sent first
	DueAt          time.Time
	ReturnedAt     time.Time // since when the term stands still; zero: it runs
	Return         *Return   // the latest; nil: never returned
	Executors      []string  // account ids, in the order of their assignment
	Answered       bool      // the provider has given a first answer: returned, responded or decided
	Uploads        []Upload
	Decision       *Decision // nil: none yet
	Documents      []Document
	Questionnaire  *Answers // nil: not answered
	Outcome        Outcome  // of a completed one

	DueSoonFor  time.Time // the due date of which people were warned
	OverdueFor  time.Time // the due date that was said to have passed
	RemindedOf  []string  // signature, questionnaire, completion: of each once
	CompletedAt time.Time
}

// Return is why an application was given back to its applicant.
type Return struct {
	Executor string // account id
	Reason   string // one of ReturnReasons
	Text     string
}

// Answers is what the applicant said in the questionnaire, in its order.
type Answers struct {
	Scores []QuestionScore
	Words  []QuestionWords
}

// Upload is a file that belongs to no step.
type Upload struct {
	File
	Staff bool // uploaded by the provider's staff
}

// Decision is what an executor answered: the response to a consultation, or the decision on a support measure.
type Decision struct {
	Outcome  Outcome // answered, approved or refused
	Executor string  // account id
	Reason   string  // of a refusal
	Text     string
	FileIDs  []string
	At       time.Time
}

// Document is something to read or to sign.
type Document struct {
	ID         string
	Kind       string // act, agreement or result
	Version    int
	File       File
	Signers    []string // in the order in which they sign
	By         string   // eds or acceptance
	Signed     bool     // by everybody
	Superseded bool     // replaced by a later one of its kind
	IssuedAt   time.Time
	SignedAt   time.Time
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
		s.Status, s.SubmittedAt, s.DueAt, s.ProviderID = StatusSubmitted, e.At, e.DueAt, e.ProviderID
	case Withdrawn:
		s.Status = StatusWithdrawn
	case DraftDeleted:
		s.Status = Deleted
	default:
		return evolveWork(s, event)
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
