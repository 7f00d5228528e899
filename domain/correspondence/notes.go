package correspondence

import (
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// Notes is what the rules need to know of the notes on an application: nothing.
type Notes struct{}

// WriteNote adds an internal note.
type WriteNote struct {
	NoteID    string
	Applicant string // account id of the application's applicant: whose personal data the note is
	Author    string // account id
	Text      string
	At        time.Time
}

// DecideNote answers a command with the events that carry it out. Like a message, a note is known by its stream. Error:
// invalid, with text-required, too-long or bad-text.
func DecideNote(_ Notes, c WriteNote) ([]NoteEvent, error) {
	words, faults := text.Written("text", c.Text, text.MaxWritten)
	if err := problem.Input(faults...); err != nil {
		return nil, err
	}
	return []NoteEvent{NoteWritten{NoteID: c.NoteID, Author: c.Author, Text: words, At: c.At}}, nil
}

// EvolveNote gives the notes after one more event.
func EvolveNote(s Notes, _ NoteEvent) Notes { return s }
