package application

import (
	"slices"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
)

// orEnd gives the events, and what ends the application if nothing is left to do after them.
func (s State) orEnd(w service.Workflow, at time.Time, events ...Event) []Event {
	after := s
	for _, event := range events {
		after = Evolve(after, event)
	}
	if !after.nothingLeft(w) {
		return events
	}
	return append(events, after.completed(after.Decision.Outcome, at))
}

func (s State) completed(outcome Outcome, at time.Time) ApplicationCompleted {
	return ApplicationCompleted{ServiceID: s.ServiceID, Outcome: outcome, SubmittedAt: s.SubmittedAt, At: at}
}

// nothingLeft tells whether the application is at its end. A consultation waits for its signatures and its questionnaire;
// a support measure for its signatures, or, where its workflow asks for none, for an executor to end it: what it gives may
// take any time.
func (s State) nothingLeft(w service.Workflow) bool {
	if !s.onlyQuestionnaireLeft(w) {
		return false
	}
	if s.Decision.Outcome == OutcomeApproved {
		return len(w.Signatures) > 0
	}
	return len(w.Questionnaire) == 0 || s.Questionnaire != nil
}

// onlyQuestionnaireLeft tells whether it was decided, every document that the workflow asks for was issued and signed, and
// no other waits for a signature: while one does, the status is another.
func (s State) onlyQuestionnaireLeft(w service.Workflow) bool {
	return s.Decision != nil && (s.Status == Answered || s.Status == Approved) &&
		!slices.ContainsFunc(w.Signatures, func(rule service.SignatureRule) bool { return !s.hasSigned(rule.Document) })
}

// hasSigned tells whether everybody has signed a document of that kind.
func (s State) hasSigned(kind string) bool {
	return slices.ContainsFunc(s.Documents, func(d Document) bool { return d.Kind == kind && d.Signed })
}

func decideComplete(s State, c Complete) ([]Event, error) {
	switch {
	case s.Status == Completed:
		return nil, nil
	case s.Ended():
		return nil, ended()
	case !s.afterDecision() || s.Decision == nil:
		return nil, problem.New(problem.WrongState, "not-decided")
	case s.Unsigned():
		return nil, problem.New(problem.WrongState, "signatures-missing")
	case !s.onlyQuestionnaireLeft(c.Workflow):
		return nil, problem.New(problem.WrongState, "documents-missing")
	}
	return []Event{s.completed(s.Decision.Outcome, c.At)}, nil
}
