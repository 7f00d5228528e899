package application

import (
	"slices"
	"strconv"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/service"
	"services.example/portal/domain/text"
)

// RefusalReasons are the reasons for which a support measure may be refused.
var RefusalReasons = []string{"documents-incomplete", "requirements-not-met", "budget-exhausted", "duplicate", "other"}

func decideResponse(s State, c IssueResponse) ([]Event, error) {
	if c.Kind != service.Consultation {
		return nil, problem.New(problem.WrongState, "not-a-consultation")
	}
	d, inEffect, err := s.newDecision(Decision{
		Outcome: OutcomeAnswered, Executor: c.By.Account, Text: c.Text, FileIDs: c.FileIDs, At: c.At,
	}, OutcomeAnswered)
	if err != nil || inEffect {
		return nil, err
	}
	return s.orEnd(c.Workflow, c.At, ResponseIssued{
		ServiceID: s.ServiceID, Executor: d.Executor, Text: d.Text, FileIDs: d.FileIDs,
		SubmittedAt: s.SubmittedAt, DueAt: s.DueAt, First: !s.Answered, At: c.At,
	}), nil
}

func decideSupport(s State, c DecideSupport) ([]Event, error) {
	if c.Kind != service.SupportMeasure {
		return nil, problem.New(problem.WrongState, "not-a-support-measure")
	}
	d, inEffect, err := s.newDecision(Decision{
		Outcome: c.Outcome, Executor: c.By.Account, Reason: c.Reason, Text: c.Text, FileIDs: c.FileIDs, At: c.At,
	}, OutcomeApproved, OutcomeRefused)
	if err != nil || inEffect {
		return nil, err
	}
	if d.Outcome == OutcomeRefused {
		return []Event{
			RefusalIssued{
				ServiceID: s.ServiceID, Executor: d.Executor, Reason: d.Reason, Text: d.Text, FileIDs: d.FileIDs,
				SubmittedAt: s.SubmittedAt, DueAt: s.DueAt, First: !s.Answered, At: c.At,
			},
			s.completed(OutcomeRefused, c.At),
		}, nil
	}
	return []Event{DecidedPositive{
		ServiceID: s.ServiceID, Executor: d.Executor, Text: d.Text, FileIDs: d.FileIDs,
		SubmittedAt: s.SubmittedAt, DueAt: s.DueAt, First: !s.Answered, At: c.At,
	}}, nil
}

// withReason reads the reason of what is decided: only a refusal has one, and it must have one.
func (d Decision) withReason(outcomes []Outcome) (Decision, []problem.Field) {
	switch {
	case !slices.Contains(outcomes, d.Outcome):
		return d, []problem.Field{{Location: "outcome", Code: "unknown-value"}}
	case d.Outcome == OutcomeRefused:
		var faults []problem.Field
		d.Reason, d.Text, faults = reasonIn(d.Reason, d.Text, RefusalReasons)
		return d, faults
	case d.Reason != "":
		return d, []problem.Field{{Location: "reason", Code: "not-expected"}}
	default:
		return d, nil
	}
}

// newDecision reads a decision as somebody gives it, and tells whether it is the one that there is already. Of two people
// who decide, the first wins. Outcomes are those that it may have.
func (s State) newDecision(d Decision, outcomes ...Outcome) (_ Decision, inEffect bool, _ error) {
	words, more := text.Written("text", d.Text, text.MaxWritten)
	d.Text = words
	d, faults := d.withReason(outcomes)
	faults = append(faults, more...)
	switch {
	case s.Decision != nil && s.Decision.same(d):
		return d, true, nil
	case !s.termRuns():
		return d, false, s.notNow()
	}
	faults = append(faults, s.fileFaults(d.FileIDs)...)
	d.FileIDs = append([]string{}, d.FileIDs...) // never null in what is stored
	return d, false, problem.Input(faults...)
}

// same tells whether the same executor decided the same. When does not matter.
func (d Decision) same(other Decision) bool {
	return d.Outcome == other.Outcome && d.Executor == other.Executor && d.Reason == other.Reason && d.Text == other.Text &&
		slices.Equal(d.FileIDs, other.FileIDs)
}

// fileFaults: the files of a decision are ones that staff uploaded, each once.
func (s State) fileFaults(ids []string) []problem.Field {
	var faults []problem.Field
	for i, id := range ids {
		location := "fileIds[" + strconv.Itoa(i) + "]"
		switch upload, found := s.Upload(id); {
		case !found || !upload.Staff:
			faults = append(faults, problem.Field{Location: location, Code: "file-not-found"})
		case slices.Index(ids, id) < i:
			faults = append(faults, problem.Field{Location: location, Code: "repeated"})
		}
	}
	return faults
}
