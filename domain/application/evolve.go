package application

import (
	"slices"
	"time"
)

// evolveWork applies what happens after sending.
func evolveWork(s State, event Event) State {
	switch e := event.(type) {
	case ExecutorAssigned:
		if !slices.Contains(s.Executors, e.Executor) {
			s.Executors = append(slices.Clip(s.Executors), e.Executor)
		}
	case ExecutorRemoved:
		s.Executors = without(s.Executors, e.Executor)
	case TakenIntoWork:
		s.Status = InWork
	case ReturnedForCompletion:
		s.Status, s.ReturnedAt, s.Answered = Returned, e.At, true
		s.Return = &Return{Executor: e.Executor, Reason: e.Reason, Text: e.Text}
		s.RemindedOf = without(s.RemindedOf, string(ForCompletion))
	case Resubmitted:
		s.Status, s.DueAt, s.ReturnedAt = StatusSubmitted, e.DueAt, time.Time{}
	case FileUploaded:
		file := File{ID: e.FileID, Name: e.Name, MIME: e.MIME, Size: e.Size, SHA256: e.SHA256}
		s.Uploads = append(slices.Clip(s.Uploads), Upload{File: file, Staff: e.Staff})
	default:
		return evolveEnd(s, event)
	}
	return s
}

// evolveEnd applies what happens from the decision on.
func evolveEnd(s State, event Event) State {
	switch e := event.(type) {
	case ResponseIssued:
		s.Status, s.Answered = Answered, true
		s.Decision = &Decision{Outcome: OutcomeAnswered, Executor: e.Executor, Text: e.Text, FileIDs: e.FileIDs, At: e.At}
	case DecidedPositive:
		s.Status, s.Answered = Approved, true
		s.Decision = &Decision{Outcome: OutcomeApproved, Executor: e.Executor, Text: e.Text, FileIDs: e.FileIDs, At: e.At}
	case RefusalIssued:
		s.Status, s.Answered = Refused, true
		s.Decision = &Decision{
			Outcome: OutcomeRefused, Executor: e.Executor, Reason: e.Reason, Text: e.Text, FileIDs: e.FileIDs, At: e.At,
		}
	case DocumentIssued:
		s = s.withDocument(e)
	case DocumentSigned:
		s.Documents = slices.Clone(s.Documents)
		for i := range s.Documents {
			if s.Documents[i].ID == e.DocumentID {
				s.Documents[i].Signed, s.Documents[i].SignedAt = true, e.At
			}
		}
		s = s.settled()
	case QuestionnaireAnswered:
		s.Questionnaire = &Answers{Scores: e.Scores, Words: e.Words}
	case ApplicationCompleted:
		s.Status, s.Outcome, s.CompletedAt = Completed, e.Outcome, e.At
	case DueDateMoved:
		s.DueAt = e.DueAt
	case DueSoon:
		s.DueSoonFor = e.DueAt
	case Overdue:
		s.OverdueFor = e.DueAt
	case ApplicantReminded:
		if !slices.Contains(s.RemindedOf, e.Of) {
			s.RemindedOf = append(slices.Clip(s.RemindedOf), e.Of)
		}
	}
	return s
}

func (s State) withDocument(e DocumentIssued) State {
	s.Documents = slices.Clone(s.Documents)
	for i := range s.Documents {
		if s.Documents[i].ID == e.Supersedes {
			s.Documents[i].Superseded = true
		}
	}
	s.Documents = append(s.Documents, Document{
		ID: e.DocumentID, Kind: e.Kind, Version: e.Version,
		File:    File{ID: e.FileID, Name: e.Name, MIME: e.MIME, Size: e.Size, SHA256: e.SHA256},
		Signers: e.Signers, By: e.By, IssuedAt: e.At,
	})
	return s.settled()
}

// settled gives the status that follows from the documents: awaiting_signature while a signature is missing, then what the
// decision made it.
func (s State) settled() State {
	switch {
	case !s.afterDecision():
	case s.Unsigned():
		s.Status = AwaitingSignature
	case s.Decision != nil && s.Decision.Outcome == OutcomeApproved:
		s.Status = Approved
	default:
		s.Status = Answered
	}
	return s
}

// Unsigned tells whether a document waits for somebody's signature.
func (s State) Unsigned() bool {
	return slices.ContainsFunc(s.Documents, Document.Waits)
}

// Waits tells whether somebody has still to sign the document.
func (d Document) Waits() bool { return len(d.Signers) > 0 && !d.Signed && !d.Superseded }

// Document finds a document.
func (s State) Document(id string) (Document, bool) {
	for _, d := range s.Documents {
		if d.ID == id {
			return d, true
		}
	}
	return Document{}, false
}

// Upload finds a file that belongs to no step.
func (s State) Upload(id string) (Upload, bool) {
	for _, u := range s.Uploads {
		if u.ID == id {
			return u, true
		}
	}
	return Upload{}, false
}

func without(list []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == one })
}
