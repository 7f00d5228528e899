// Package codec turns events into what the event store keeps, and back: stored names with versions, upcasting, metadata,
// and the encryption of the fields that identify a person.
package codec

import (
	"time"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// Metadata is kept with every event, in clear: it names accounts only by their ids.
type Metadata struct {
	CommandID     uuid.UUID `json:"commandId"`
	CommandHash   string    `json:"commandHash,omitempty"` // of the command's body: the same key with another body is refused
	CorrelationID uuid.UUID `json:"correlationId"`
	CausationID   uuid.UUID `json:"causationId"`
	Actor         string    `json:"actor,omitempty"`      // account id; empty for the system and for people not signed in
	Role          string    `json:"role,omitempty"`       // in which the actor acted
	Subject       string    `json:"subject,omitempty"`    // account id of the person whose data the event holds: the key of its personal fields
	Client        string    `json:"client,omitempty"`     // keyed hash of the network address
	RecordedAt    string    `json:"recordedAt,omitempty"` // of an event that was moved since: when the first store accepted it, RFC 3339
}

// Envelope is a decoded event with everything known about it.
type Envelope struct {
	Stream   string
	Revision int64
	Position eventstore.Position
	ID       uuid.UUID
	Type     string    // the stored name, before upcasting
	Created  time.Time // when the event was recorded first, wherever it was moved since
	Meta     Metadata
	Event    any  // a struct of the aggregate's package, of the newest version
	Erased   bool // the key of its subject is destroyed: personal fields hold zero values
}
