// Package lifecycle is what several read models make of an application's events in the same way: where it stands, and
// what a line about an event says.
package lifecycle

import (
	"slices"
	"time"

	"services.example/portal/domain/application"
)

// Standing is where an application stands. It is part of a document, inline.
type Standing struct {
	Status      string     `bson:"status"`
	Outcome     string     `bson:"outcome,omitempty"`  // of a completed application
	Decided     string     `bson:"decided,omitempty"`  // the status that the decision gave it
	Unsigned    []string   `bson:"unsigned,omitempty"` // ids of the documents that wait for a signature
	Executors   []string   `bson:"executors"`          // account ids, in the order of their assignment
	SubmittedAt *time.Time `bson:"submittedAt"`        // nil: not sent
	DueAt       *time.Time `bson:"dueAt"`              // nil: not sent
}

// Draft is where an application stands at its start.
func Draft() Standing { return Standing{Status: string(application.Draft), Executors: []string{}} }

// Apply takes one more event in. It is total, as application.Evolve is, and agrees with it.
func (s *Standing) Apply(event any) {
	switch e := event.(type) {
	case application.Submitted:
		s.Status, s.SubmittedAt, s.DueAt = string(application.StatusSubmitted), &e.At, &e.DueAt
	case application.Withdrawn:
		s.Status = string(application.StatusWithdrawn)
	case application.ExecutorAssigned:
		if !slices.Contains(s.Executors, e.Executor) {
			s.Executors = append(s.Executors, e.Executor)
		}
	case application.ExecutorRemoved:
		s.Executors = slices.DeleteFunc(s.Executors, func(id string) bool { return id == e.Executor })
	case application.TakenIntoWork:
		s.Status = string(application.InWork)
	case application.ReturnedForCompletion:
		s.Status = string(application.Returned)
	case application.Resubmitted:
		s.Status, s.DueAt = string(application.StatusSubmitted), &e.DueAt
	case application.DueDateMoved:
		s.DueAt = &e.DueAt
	default:
		s.applyEnd(event)
	}
}

// applyEnd takes in what happens from the decision on.
func (s *Standing) applyEnd(event any) {
	switch e := event.(type) {
	case application.ResponseIssued:
		s.decide(application.Answered)
	case application.DecidedPositive:
		s.decide(application.Approved)
	case application.RefusalIssued:
		s.decide(application.Refused)
	case application.DocumentIssued:
		s.signed(e.Supersedes)
		if len(e.Signers) > 0 && !slices.Contains(s.Unsigned, e.DocumentID) {
			s.Unsigned = append(s.Unsigned, e.DocumentID)
		}
		s.settle()
	case application.DocumentSigned:
		s.signed(e.DocumentID)
		s.settle()
	case application.ApplicationCompleted:
		s.Status, s.Outcome = string(application.Completed), string(e.Outcome)
	}
}

func (s *Standing) decide(status application.Status) {
	s.Status, s.Decided = string(status), string(status)
}

// signed takes a document from those that wait for a signature.
func (s *Standing) signed(document string) {
	s.Unsigned = slices.DeleteFunc(s.Unsigned, func(id string) bool { return id == document })
}

// settle gives the status that follows from the documents.
func (s *Standing) settle() {
	switch application.Status(s.Status) {
	case application.Answered, application.Approved, application.AwaitingSignature:
	default:
		return
	}
	switch {
	case len(s.Unsigned) > 0:
		s.Status = string(application.AwaitingSignature)
	case s.Decided == string(application.Approved):
		s.Status = string(application.Approved)
	default:
		s.Status = string(application.Answered)
	}
}

// Refused tells whether the application was refused, also when that has completed it.
func (s *Standing) Refused() bool {
	return s.Status == string(application.Refused) || s.Outcome == string(application.OutcomeRefused)
}

// TermRuns tells whether the provider's time is running: only then are there days left, or too many passed.
func (s *Standing) TermRuns() bool {
	return s.Status == string(application.StatusSubmitted) || s.Status == string(application.InWork)
}
