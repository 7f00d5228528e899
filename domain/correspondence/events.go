// Package correspondence holds what applicant and provider write to each other about one application: messages, how far
// everybody has read, and the notes that only the provider's staff sees. Each is a stream of its own.
package correspondence

import "time"

// Side is whom somebody writes for.
type Side string

// The sides.
const (
	Applicant Side = "applicant"
	Staff     Side = "staff"
)

// Event is something that happened in the messages of one application. The stream correspondence-<application id> holds
// nothing else, so that a message's revision is its place among the messages.
type Event interface{ isCorrespondenceEvent() }

// EventTypes is the storage format: see the warning at application.EventTypes.
var EventTypes = map[string]Event{
	"correspondence.message-posted.v1": MessagePosted{},
}

// MessagePosted adds a message. Its author is the actor of the metadata, too.
type MessagePosted struct {
	MessageID string    `json:"messageId"`
	Applicant string    `json:"applicant"` // account id of the application's applicant
	Author    string    `json:"author"`    // account id
	Side      Side      `json:"side"`
	Notice    bool      `json:"notice"` // the manager's own notice: also sent by SMS or e-mail
	Text      string    `json:"text" personal:"true"`
	Files     []File    `json:"files,omitempty" personal:"true"`
	At        time.Time `json:"at"`
}

// File is an attachment of a message.
type File struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	MIME   string `json:"mime"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

func (MessagePosted) isCorrespondenceEvent() {}

// ReadingEvent is something that happened to how far an application's thread was read: stream reading-<application id>.
type ReadingEvent interface{ isReadingEvent() }

// ReadingEventTypes is the storage format: see the warning at application.EventTypes.
var ReadingEventTypes = map[string]ReadingEvent{
	"reading.marked.v1": ThreadRead{},
}

// ThreadRead says how far somebody has read: all messages and all the application's own events before these places. It
// names revisions, not a place in the merged thread, so that it means the same after a rebuild and in another store.
type ThreadRead struct {
	Reader      string    `json:"reader"` // account id
	Side        Side      `json:"side"`
	Messages    int64     `json:"messages"`    // messages with a lower revision are read
	Application int64     `json:"application"` // events of the application with a lower revision are read
	At          time.Time `json:"at"`
}

func (ThreadRead) isReadingEvent() {}

// NoteEvent is something that happened to the notes on an application: stream note-<application id>. Notes have a stream of
// their own, and read models of their own, so that nothing an applicant reads can hold one.
type NoteEvent interface{ isNoteEvent() }

// NoteEventTypes is the storage format: see the warning at application.EventTypes.
var NoteEventTypes = map[string]NoteEvent{
	"note.written.v1": NoteWritten{},
}

// NoteWritten adds an internal note.
type NoteWritten struct {
	NoteID string    `json:"noteId"`
	Author string    `json:"author"` // account id
	Text   string    `json:"text" personal:"true"`
	At     time.Time `json:"at"`
}

func (NoteWritten) isNoteEvent() {}
