// Package access holds who has read what of the history that is not theirs: auditors, and the tools that act for them.
// Every reading that shows personal data is an event before the first of it is given out, so that the next auditor sees
// what the one before has looked at, and why.
package access

import "time"

// Stream is the prefix of the streams: access-<account id of the reader>.
const Stream = "access-"

// Event is something that was read.
type Event interface{ isAccessEvent() }

// EventTypes is the storage format: see the warning at application.EventTypes.
var EventTypes = map[string]Event{
	"access.read.v1": Read{},
}

// What is the kind of a reading.
type What string

// The kinds of readings.
const (
	OneStream What = "stream"  // one stream, event by event
	Events    What = "events"  // the log, event by event
	AsOf      What = "as-of"   // a case as it stood at a moment
	Diff      What = "diff"    // what changed in a case between two moments
	Bundle    What = "bundle"  // a case as a file
	Person    What = "person"  // everything that is held on one person
	Content   What = "content" // the bytes of a file or a document
	Export    What = "export"  // pseudonymised rows of many cases
)

// Read says that history was given to somebody. The reason is sealed with the reader's own key: people write names into
// such texts.
type Read struct {
	ReadingID   string    `json:"readingId"`
	Reader      string    `json:"reader"` // account id, or the id of a service account
	What        What      `json:"what"`
	Application string    `json:"application,omitempty"` // id of the case that was read, if it was one
	Streams     []string  `json:"streams,omitempty"`     // names, or beginnings of names; none: not restricted
	Types       []string  `json:"types,omitempty"`       // names, or beginnings of names; none: not restricted
	From        string    `json:"from,omitempty"`        // where the reading began, as it was asked for: a position, a revision or a time; empty: the beginning
	To          string    `json:"to,omitempty"`          // where it ended at the latest; empty: the end of what there was
	Personal    bool      `json:"personal"`              // personal data was shown, as far as it was there
	Reason      string    `json:"reason" personal:"true"`
	At          time.Time `json:"at"`
}

func (Read) isAccessEvent() {}
