package application

import (
	"time"

	"services.example/portal/domain/service"
)

// WaitingFor is what an application waits for from its applicant.
type WaitingFor string

// What applications wait for.
const (
	ForNothing       WaitingFor = ""
	ForSignature     WaitingFor = "signature"
	ForQuestionnaire WaitingFor = "questionnaire"
	ForCompletion    WaitingFor = "completion" // of what was returned: waited for without end
)

// For how long an application waits until its applicant is reminded, and until it ends without them.
const (
	RemindAfter             = 5 * 24 * time.Hour
	CloseQuestionnaireAfter = 14 * 24 * time.Hour
	CloseUnsignedAfter      = 30 * 24 * time.Hour
)

// Waiting tells what the application waits for from its applicant, and since when. Turn says since when it is the
// applicant's turn to sign; zero: it is not, and then nobody waits for them. The questionnaire is waited for once nothing
// else is left of a consultation; a support measure does not wait for it.
func (s State) Waiting(w service.Workflow, turn time.Time) (WaitingFor, time.Time) {
	switch {
	case s.Status == Returned:
		return ForCompletion, s.ReturnedAt
	case s.Status == AwaitingSignature && !turn.IsZero():
		return ForSignature, turn
	case s.Status == Answered && len(w.Questionnaire) > 0 && s.Questionnaire == nil && s.onlyQuestionnaireLeft(w):
		since := s.Decision.At
		for _, d := range s.Documents {
			if d.SignedAt.After(since) {
				since = d.SignedAt
			}
		}
		return ForQuestionnaire, since
	default:
		return ForNothing, time.Time{}
	}
}
