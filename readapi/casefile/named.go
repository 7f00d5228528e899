package casefile

import (
	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/domain/notification"
	"services.example/portal/domain/signature"
)

// namedBy lists the accounts that an event names beside its actor.
func namedBy(event any) []string {
	switch e := event.(type) {
	case application.DraftStarted:
		return []string{e.Applicant}
	case application.ExecutorAssigned:
		return []string{e.Executor}
	case application.ExecutorRemoved:
		return []string{e.Executor}
	case application.TakenIntoWork:
		return []string{e.Executor}
	case application.ReturnedForCompletion:
		return []string{e.Executor}
	case application.ResponseIssued:
		return []string{e.Executor}
	case application.DecidedPositive:
		return []string{e.Executor}
	case application.RefusalIssued:
		return []string{e.Executor}
	case correspondence.MessagePosted:
		return []string{e.Author}
	case correspondence.ThreadRead:
		return []string{e.Reader}
	case correspondence.NoteWritten:
		return []string{e.Author}
	case notification.Requested:
		return []string{e.Recipient}
	case signature.Accepted:
		return []string{e.Account}
	case signature.Rejected:
		return []string{e.Account}
	default:
		return nil
	}
}
