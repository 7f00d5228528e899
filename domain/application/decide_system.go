package application

import "slices"

// systemCommand is a command that only the portal itself gives. It says what the portal saw; what is not so any more, or
// not yet, gives no events.
type systemCommand interface {
	Command
	system()
}

func (RecordSigned) system()    {}
func (WarnOfDueDate) system()   {}
func (RemindApplicant) system() {}
func (CloseWaiting) system()    {}

func decideForSystem(s State, command systemCommand) ([]Event, error) {
	if s.Status == "" {
		return nil, notFound()
	}
	switch c := command.(type) {
	case RecordSigned:
		return decideRecordSigned(s, c)
	case WarnOfDueDate:
		return s.warnOfDueDate(c), nil
	case RemindApplicant:
		return s.remindApplicant(c), nil
	case CloseWaiting:
		return s.closeWaiting(c), nil
	default:
		return nil, unknownCommand()
	}
}

// DueSoonDays is how many working days before a due date people are told that it is near.
const DueSoonDays = 2

// warnOfDueDate says of each due date once that it is near, and once that it has passed.
func (s State) warnOfDueDate(c WarnOfDueDate) []Event {
	switch {
	case !s.termRuns() || !s.DueAt.Equal(c.DueAt) || s.OverdueFor.Equal(s.DueAt):
		return nil
	case c.At.After(s.DueAt):
		return []Event{Overdue{ServiceID: s.ServiceID, DueAt: s.DueAt, At: c.At}}
	case c.DaysLeft <= DueSoonDays && !s.DueSoonFor.Equal(s.DueAt):
		return []Event{DueSoon{DueAt: s.DueAt, At: c.At}}
	default:
		return nil
	}
}

func (s State) remindApplicant(c RemindApplicant) []Event {
	waiting, since := s.Waiting(c.Workflow, c.Turn)
	if waiting == ForNothing || waiting != c.Of || c.At.Before(since.Add(RemindAfter)) || slices.Contains(s.RemindedOf, string(c.Of)) {
		return nil
	}
	return []Event{ApplicantReminded{Of: string(c.Of), At: c.At}}
}

func (s State) closeWaiting(c CloseWaiting) []Event {
	waiting, since := s.Waiting(c.Workflow, c.Turn)
	switch {
	case waiting != c.For:
		return nil
	case waiting == ForSignature && !c.At.Before(since.Add(CloseUnsignedAfter)):
		return []Event{s.completed(OutcomeNotSigned, c.At)}
	case waiting == ForQuestionnaire && !c.At.Before(since.Add(CloseQuestionnaireAfter)):
		return []Event{s.completed(s.Decision.Outcome, c.At)}
	default:
		return nil
	}
}
