package application

import (
	"slices"
	"time"

	"services.example/portal/domain/account"
	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// staffCommand is a command of the provider's staff: who gives it, whose staff may, and what they must be allowed to do.
type staffCommand interface {
	Command
	staff() (by Staff, provider string, act Act)
}

func (c AssignExecutor) staff() (Staff, string, Act)      { return c.By, c.Provider, Assign }
func (c RemoveExecutor) staff() (Staff, string, Act)      { return c.By, c.Provider, Assign }
func (c TakeIntoWork) staff() (Staff, string, Act)        { return c.By, c.Provider, Take }
func (c ReturnForCompletion) staff() (Staff, string, Act) { return c.By, c.Provider, Work }
func (c IssueResponse) staff() (Staff, string, Act)       { return c.By, c.Provider, Work }
func (c DecideSupport) staff() (Staff, string, Act)       { return c.By, c.Provider, Work }
func (c IssueDocument) staff() (Staff, string, Act)       { return c.By, c.Provider, Work }
func (c Complete) staff() (Staff, string, Act)            { return c.By, c.Provider, Work }
func (c MoveDueDate) staff() (Staff, string, Act)         { return c.By, c.Provider, SetDueDate }

func decideForStaff(s State, command staffCommand) ([]Event, error) {
	by, provider, act := command.staff()
	if err := May(s, by, provider, act); err != nil {
		return nil, err
	}
	switch c := command.(type) {
	case AssignExecutor:
		return decideAssignExecutor(s, c)
	case RemoveExecutor:
		return decideRemoveExecutor(s, c)
	case TakeIntoWork:
		return decideTakeIntoWork(s, c)
	case ReturnForCompletion:
		return decideReturn(s, c)
	case IssueResponse:
		return decideResponse(s, c)
	case DecideSupport:
		return decideSupport(s, c)
	case IssueDocument:
		return decideIssueDocument(s, c)
	case Complete:
		return decideComplete(s, c)
	case MoveDueDate:
		return decideMoveDueDate(s, c)
	default:
		return nil, unknownCommand()
	}
}

func decideAssignExecutor(s State, c AssignExecutor) ([]Event, error) {
	colleague := c.Executor
	switch {
	case s.HasExecutor(colleague.Account):
		return nil, nil
	case s.Ended():
		return nil, ended()
	case !colleague.Active, colleague.Provider != c.Provider, !slices.Contains(colleague.Roles, account.Executor):
		return nil, problem.Input(problem.Field{Location: "executor", Code: "not-an-executor-account"})
	}
	return []Event{ExecutorAssigned{Executor: colleague.Account, At: c.At}}, nil
}

func decideRemoveExecutor(s State, c RemoveExecutor) ([]Event, error) {
	switch {
	case !s.HasExecutor(c.Executor):
		return nil, nil
	case s.Ended():
		return nil, ended()
	}
	return []Event{ExecutorRemoved{Executor: c.Executor, At: c.At}}, nil
}

// decideTakeIntoWork makes the caller an executor, at any time before the end: so somebody takes over from a colleague who
// is away. What was only sent is in work then.
func decideTakeIntoWork(s State, c TakeIntoWork) ([]Event, error) {
	if s.Ended() {
		return nil, ended()
	}
	var events []Event
	if !s.HasExecutor(c.By.Account) {
		events = append(events, ExecutorAssigned{Executor: c.By.Account, At: c.At})
	}
	if s.Status == StatusSubmitted {
		events = append(events, TakenIntoWork{Executor: c.By.Account, At: c.At})
	}
	return events, nil
}

// ReturnReasons are the reasons for which an application may be given back to its applicant.
var ReturnReasons = []string{"documents-incomplete", "data-incorrect", "clarification-needed", "other"}

func decideReturn(s State, c ReturnForCompletion) ([]Event, error) {
	words, faults := text.Written("text", c.Text, text.MaxWritten)
	reason, words, more := reasonIn(c.Reason, words, ReturnReasons)
	given := Return{Executor: c.By.Account, Reason: reason, Text: words}
	switch {
	case s.Status == Returned && s.Return != nil && *s.Return == given:
		return nil, nil
	case !s.termRuns():
		return nil, s.notNow()
	}
	if err := problem.Input(append(more, faults...)...); err != nil {
		return nil, err
	}
	return []Event{ReturnedForCompletion{
		ServiceID: s.ServiceID, Executor: given.Executor, Reason: given.Reason, Text: given.Text,
		SubmittedAt: s.SubmittedAt, First: !s.Answered, At: c.At,
	}}, nil
}

// maxReason is the longest reason in words of one's own, in characters.
const maxReason = 200

// other is the reason of those who give one in words of their own.
const other = "other"

// reasonIn reads a reason: one that is known, or words of one's own, which then stand before the text. Words are no code: they
// may name people, and reasons are counted.
func reasonIn(reason, words string, known []string) (code, full string, faults []problem.Field) {
	switch {
	case reason == "":
		return "", words, []problem.Field{{Location: "reason", Code: "required"}}
	case slices.Contains(known, reason):
		return reason, words, nil
	}
	own, faults := text.Written("reason", reason, maxReason)
	return other, own + "\n\n" + words, faults
}

// MaxDueDateMove is how far ahead a due date may be moved.
const MaxDueDateMove = 3650 * 24 * time.Hour

func decideMoveDueDate(s State, c MoveDueDate) ([]Event, error) {
	switch {
	case !s.termRuns():
		return nil, s.notNow()
	case s.DueAt.Equal(c.DueAt):
		return nil, nil
	}
	reason, faults := text.Written("reason", c.Reason, text.MaxWritten)
	if !c.DueAt.After(c.At) {
		faults = append(faults, problem.Field{Location: "dueAt", Code: "date-in-past"})
	}
	if c.DueAt.After(c.At.Add(MaxDueDateMove)) {
		faults = append(faults, problem.Field{Location: "dueAt", Code: "date-too-far"})
	}
	if err := problem.Input(faults...); err != nil {
		return nil, err
	}
	return []Event{DueDateMoved{DueAt: c.DueAt, Reason: reason, At: c.At}}, nil
}
