// Package auditlog tells stored events to those who audit them: what was recorded, by whom, caused by what, in words and as
// data, one line an event.
package auditlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"services.example/portal/domain/text"
)

// Line is an event as auditors get it: an object of JSON on a line of its own. A line without a type is a Mark.
type Line struct {
	Position    string    `json:"position"` // in the whole log: where to go on after
	Stream      string    `json:"stream"`
	Revision    int64     `json:"revision"` // in its stream, from 0
	ID          uuid.UUID `json:"id"`
	Type        string    `json:"type"` // as stored
	Created     time.Time `json:"created"`
	Command     uuid.UUID `json:"command,omitzero"`
	Correlation uuid.UUID `json:"correlation,omitzero"`
	Causation   uuid.UUID `json:"causation,omitzero"` // the command that led to this one
	Actor       string    `json:"actor,omitempty"`    // account id
	Role        string    `json:"role,omitempty"`
	Subject     string    `json:"subject,omitempty"` // account id: whose personal data the event holds
	Client      string    `json:"client,omitempty"`  // keyed hash of the network address

	Sentence   text.Text `json:"sentence"`
	Data       any       `json:"data,omitempty"`       // the event, in its newest version
	Withheld   bool      `json:"withheld,omitempty"`   // it has personal data, which is not shown
	Erased     bool      `json:"erased,omitempty"`     // it had personal data, which is gone for ever
	Unreadable string    `json:"unreadable,omitempty"` // why the event, or its personal data, cannot be read
}

// Mark is a line that is no event: how far a reading has come.
type Mark struct {
	After    string `json:"after"`              // where to go on
	Complete bool   `json:"complete,omitempty"` // the reading ends here, with everything that was asked for
	More     bool   `json:"more,omitempty"`     // the reading ends here, and there may be more
}

// Why an event cannot be read.
const (
	UnknownType  = "unknown-type"  // of another program, or of a portal that is newer
	NewerVersion = "newer-version" // of a portal that is newer
	Tampered     = "tampered"      // the personal data is not what was written
	NoKey        = "no-key"        // the key of the personal data is not in the keyring
	Damaged      = "damaged"       // not as the portal writes
)

// Read is a line that came from a portal, for programs that read what it gave out.
type Read struct {
	Line
	Mark

	Data json.RawMessage `json:"data"`
}

var errNotALine = errors.New("neither an event nor a mark")

// ParseLine reads a line. Mark.After is only in a mark.
func ParseLine(line []byte) (Read, error) {
	var read Read
	if err := json.Unmarshal(line, &read); err != nil {
		return Read{}, fmt.Errorf("reading a line of history: %w", err)
	}
	if read.Type == "" && read.After == "" {
		return Read{}, fmt.Errorf("reading a line of history: %w", errNotALine)
	}
	return read, nil
}
