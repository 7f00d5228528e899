package application

import "services.example/portal/domain/problem"

// Editable tells whether the applicant may change what the application holds.
func (s State) Editable() bool { return s.Status == Draft || s.Status == Returned }

// Sent tells whether the provider has, or had, the application.
func (s State) Sent() bool {
	switch s.Status {
	case "", Draft, Deleted:
		return false
	default:
		return true
	}
}

// Ended tells whether nothing more is done with the application, but for the questionnaire.
func (s State) Ended() bool {
	return s.Status == Completed || s.Status == StatusWithdrawn || s.Status == Deleted
}

// termRuns tells whether people wait for the provider.
func (s State) termRuns() bool { return s.Status == StatusSubmitted || s.Status == InWork }

// afterDecision tells whether documents may be issued and signed.
func (s State) afterDecision() bool {
	return s.Status == Answered || s.Status == Approved || s.Status == AwaitingSignature
}

// notNow says why somebody of the staff cannot do what the status does not allow.
func (s State) notNow() error {
	switch {
	case s.Decision != nil:
		return s.alreadyDecided()
	case s.Ended():
		return ended()
	case s.termRuns() || s.Status == Returned:
		return problem.New(problem.WrongState, "not-in-work")
	default:
		return problem.New(problem.WrongState, "already-decided")
	}
}

func ended() error { return problem.New(problem.WrongState, "application-ended") }

// alreadyDecided says which decision there is already, for whoever came too late with theirs.
func (s State) alreadyDecided() error {
	decision := problem.Field{Location: "decision"}
	switch s.Decision.Outcome {
	case OutcomeApproved:
		decision.Code = "already-approved"
	case OutcomeRefused:
		decision.Code = "already-refused"
	default:
		decision.Code = "already-answered"
	}
	return &problem.Problem{Kind: problem.WrongState, Code: "already-decided", Fields: []problem.Field{decision}}
}
