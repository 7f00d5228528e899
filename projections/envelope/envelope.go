// Package envelope knows what of an application's thread somebody has not read yet. The thread is the messages of both
// sides and the application's own events that concern both, in the order of the log. Every read model that shows an
// envelope, open or closed, or counts for the bell folds the same events by this package.
package envelope

import (
	"iter"
	"slices"
	"strings"

	"services.example/portal/domain/application"
	"services.example/portal/domain/correspondence"
	"services.example/portal/infra/codec"
)

// Envelope is the thread of one application without its words, and how far its readers have read. Its size is a letter
// for each item of the thread.
type Envelope struct {
	Items    string  `bson:"items,omitempty"`    // a letter for each item, in order
	Statuses []int64 `bson:"statuses,omitempty"` // revisions, in the application's stream, of the items that are its events
	Marks    []Mark  `bson:"marks,omitempty"`    // at most one a reader
}

// Mark is how far somebody has read: what lies before these revisions of the two streams. It names no place in the
// thread, so that it means the same wherever the streams are read together.
type Mark struct {
	Reader      string `bson:"reader"`      // account id
	Messages    int64  `bson:"messages"`    // messages with a lower revision are read
	Application int64  `bson:"application"` // the application's events with a lower revision are read
}

// The letters of Items.
const (
	byApplicant  = 'a' // a message of the applicant
	byStaff      = 's' // a message of the provider's staff
	applicantDid = 'o' // an event of the application that the applicant caused
	happened     = 'e' // another event of the application
)

// The streams that an envelope folds; an application's id follows.
const (
	Applications   = "application-"
	Correspondence = "correspondence-"
	Readings       = "reading-"
)

// Streams gives the prefixes of the streams that an envelope folds.
func Streams() []string { return []string{Applications, Correspondence, Readings} }

// ApplicationOf names the application whose envelope a stream may change.
func ApplicationOf(stream string) string {
	for _, prefix := range Streams() {
		if id, found := strings.CutPrefix(stream, prefix); found {
			return id
		}
	}
	return ""
}

// InThread tells whether an event of an application is an item of its thread: both sides are to know of it.
func InThread(event any) bool {
	switch event.(type) {
	case application.Submitted, application.Resubmitted, application.Withdrawn,
		application.ExecutorAssigned, application.ExecutorRemoved, application.TakenIntoWork,
		application.ReturnedForCompletion, application.ResponseIssued, application.DecidedPositive, application.RefusalIssued,
		application.DocumentIssued, application.DocumentSigned, application.QuestionnaireAnswered,
		application.ApplicationCompleted, application.DueDateMoved, application.ApplicantReminded:
		return true
	default:
		return false
	}
}

// Apply takes one more event of the three streams in, and tells whether it changed anything. That no event is applied
// twice is up to the caller. Marks only grow: what was once read is never unread again.
func (e *Envelope) Apply(event codec.Envelope) (changed bool) {
	switch happening := event.Event.(type) {
	case correspondence.MessagePosted:
		e.Items += messageLetter(happening.Side)
	case correspondence.ThreadRead:
		return e.mark(Mark{Reader: happening.Reader, Messages: happening.Messages, Application: happening.Application})
	default:
		if !InThread(event.Event) {
			return false
		}
		letter := string(happened)
		if byTheApplicant(event) {
			letter = string(applicantDid)
		}
		e.Items += letter
		e.Statuses = append(e.Statuses, event.Revision)
	}
	return true
}

// byTheApplicant tells whether an event was caused by whose data it holds.
func byTheApplicant(event codec.Envelope) bool {
	return event.Meta.Actor != "" && event.Meta.Actor == event.Meta.Subject
}

func messageLetter(side correspondence.Side) string {
	if side == correspondence.Applicant {
		return string(byApplicant)
	}
	return string(byStaff)
}

func (e *Envelope) mark(read Mark) (changed bool) {
	i := slices.IndexFunc(e.Marks, func(m Mark) bool { return m.Reader == read.Reader })
	if i < 0 {
		if read.Messages <= 0 && read.Application <= 0 {
			return false
		}
		read.Messages, read.Application = max(0, read.Messages), max(0, read.Application)
		e.Marks = append(e.Marks, read)
		return true
	}
	before := e.Marks[i]
	e.Marks[i].Messages = max(before.Messages, read.Messages)
	e.Marks[i].Application = max(before.Application, read.Application)
	return e.Marks[i] != before
}

// MarkOf tells how far somebody has read; the zero Mark for who has read nothing.
func (e *Envelope) MarkOf(reader string) Mark {
	for _, m := range e.Marks {
		if m.Reader == reader {
			return m
		}
	}
	return Mark{Reader: reader}
}

// Item is one item of the thread.
type Item struct {
	Number      int   // its place in the thread, from 1
	Message     bool  // else an event of the application
	ByApplicant bool  // written or caused by the applicant
	Index       int   // among the messages, or among the application's events of the thread, from 0
	Revision    int64 // in its own stream
}

// Unread tells whether an item is new to a reader of this side with this mark. What one's own side did is not news.
func (i Item) Unread(side correspondence.Side, mark Mark) bool {
	if i.ByApplicant == (side == correspondence.Applicant) {
		return false
	}
	if i.Message {
		return i.Revision >= mark.Messages
	}
	return i.Revision >= mark.Application
}

// Thread gives the items in order.
func (e *Envelope) Thread() iter.Seq[Item] {
	return func(yield func(Item) bool) {
		messages, statuses := 0, 0
		for n := range len(e.Items) {
			item := Item{Number: n + 1, ByApplicant: e.Items[n] == byApplicant || e.Items[n] == applicantDid}
			switch e.Items[n] {
			case byApplicant, byStaff:
				item.Message, item.Index, item.Revision = true, messages, int64(messages)
				messages++
			default:
				item.Index = statuses
				if statuses < len(e.Statuses) {
					item.Revision = e.Statuses[statuses]
				}
				statuses++
			}
			if !yield(item) {
				return
			}
		}
	}
}

// Unread counts the items that are new to a reader of a side.
func (e *Envelope) Unread(reader string, side correspondence.Side) int {
	mark := e.MarkOf(reader)
	theirs := side == correspondence.Applicant
	count, messages, statuses := 0, int64(0), 0
	for n := range len(e.Items) { // as Thread does, at a fraction of the cost: it is counted with every message
		switch e.Items[n] {
		case byApplicant, byStaff:
			if (e.Items[n] == byApplicant) != theirs && messages >= mark.Messages {
				count++
			}
			messages++
		default:
			revision := int64(0)
			if statuses < len(e.Statuses) {
				revision = e.Statuses[statuses]
			}
			if (e.Items[n] == applicantDid) != theirs && revision >= mark.Application {
				count++
			}
			statuses++
		}
	}
	return count
}

// Len is the number of items in the thread.
func (e *Envelope) Len() int { return len(e.Items) }

// Place gives the mark of who has read the first so many items of the thread: revisions of messages and of the
// application's events before which everything is read. ok is false for a number that is no place in the thread; 0 is
// before its beginning.
func (e *Envelope) Place(number int) (messages, application int64, ok bool) {
	if number < 0 || number > len(e.Items) {
		return 0, 0, false
	}
	for item := range e.Thread() {
		switch {
		case item.Number > number:
			return messages, application, true
		case item.Message:
			messages = item.Revision + 1
		default:
			application = item.Revision + 1
		}
	}
	return messages, application, true
}
