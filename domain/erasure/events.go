// Package erasure decides about the erasure of a person: who asked, who agreed, what stands against it, what has to be
// kept and for how long, and what was destroyed when. The stream erasure-<account id> outlives the person's key.
package erasure

import "time"

// Event is something that happened on the way to an erasure.
type Event interface{ isErasureEvent() }

// EventTypes is the storage format: see the warning at application.EventTypes.
var EventTypes = map[string]Event{
	"erasure.requested.v1":         Requested{},
	"erasure.refused.v1":           Refused{},
	"erasure.approved.v1":          Approved{},
	"erasure.declined.v1":          Declined{},
	"erasure.withdrawn.v1":         Withdrawn{},
	"erasure.ordered.v1":           Ordered{},
	"erasure.begun.v1":             Begun{},
	"erasure.key-destroyed.v1":     KeyDestroyed{},
	"erasure.completed.v1":         Completed{},
	"erasure.hold-ended.v1":        HoldEnded{},
	"erasure.legal-hold-placed.v1": LegalHoldPlaced{},
	"erasure.legal-hold-lifted.v1": LegalHoldLifted{},
}

// Origin is how a request came.
type Origin string

// The origins.
const (
	Self        Origin = "self"        // the person asked, signed in
	Written     Origin = "written"     // an administrator entered what the person wrote or said
	Retention   Origin = "retention"   // nobody asked: the term of an account that nobody uses has passed
	Unconfirmed Origin = "unconfirmed" // nobody asked or decides: the term of a registration that was never confirmed has passed
)

// Requested asks for the erasure of a person.
type Requested struct {
	RequestID string    `json:"requestId"`
	Origin    Origin    `json:"origin"`
	By        string    `json:"by,omitempty"`                        // account id of whoever entered it; empty: the portal
	Reference string    `json:"reference,omitempty" personal:"true"` // of the written request, in the words of who entered it
	At        time.Time `json:"at"`
}

// Obstacle is something that has to end before the person can be erased.
type Obstacle struct {
	Code          string `json:"code"` // application-open, evidence-pending, staff-account, account-in-use, legal-hold
	ApplicationID string `json:"applicationId,omitempty"`
}

// Refused ends a request because of what stands against it. There may be another once that has ended.
type Refused struct {
	RequestID string     `json:"requestId"`
	Obstacles []Obstacle `json:"obstacles"`
	At        time.Time  `json:"at"`
}

// Approved is the consent of one administrator; it takes two.
type Approved struct {
	RequestID string    `json:"requestId"`
	By        string    `json:"by"` // account id
	At        time.Time `json:"at"`
}

// Declined ends a request by the word of an administrator.
type Declined struct {
	RequestID string    `json:"requestId"`
	By        string    `json:"by"` // account id
	Reason    string    `json:"reason" personal:"true"`
	At        time.Time `json:"at"`
}

// Withdrawn ends a request by the person's own wish.
type Withdrawn struct {
	RequestID string    `json:"requestId"`
	At        time.Time `json:"at"`
}

// Ordered says that two administrators agree, or that the schedule decides by itself: the account is closed, and the erasure
// begins when its pause is over.
type Ordered struct {
	RequestID string    `json:"requestId"`
	Closes    bool      `json:"closes"` // an account that was open until then: it is opened again if the request ends
	NotBefore time.Time `json:"notBefore"`
	At        time.Time `json:"at"`
}

// Begun is the point of no return: what must be kept lies under keys of its own.
type Begun struct {
	RequestID string    `json:"requestId"`
	KeyCheck  string    `json:"keyCheck"` // SHA-256 of a secret of the key that is destroyed: it tells that key from every other
	Held      []Held    `json:"held,omitempty"`
	At        time.Time `json:"at"`
}

// Held is a signed document that is kept, with everything that proves its signatures, after its person was erased.
type Held struct {
	DocumentID    string    `json:"documentId"`
	ApplicationID string    `json:"applicationId"`
	Kind          string    `json:"kind"`  // act, agreement or result
	Files         []string  `json:"files"` // SHA-256 of the document, the signatures and their evidence
	Until         time.Time `json:"until"` // by the retention schedule of that day
}

// KeyDestroyed says that the key is gone, and that this was tried: nothing that lay under it could be read.
type KeyDestroyed struct {
	RequestID  string    `json:"requestId"`
	KeyCheck   string    `json:"keyCheck"`
	Unreadable int       `json:"unreadable"` // events with data of the person that were tried afterwards
	At         time.Time `json:"at"`
}

// Completed says that nothing else holds data of the person: no file, no read model, no session, no memory.
type Completed struct {
	RequestID string    `json:"requestId"`
	Files     int       `json:"files"` // that were removed
	At        time.Time `json:"at"`
}

// HoldEnded says that the term of a document has passed: its key was destroyed and its files are removed.
type HoldEnded struct {
	DocumentID string    `json:"documentId"`
	Files      int       `json:"files"` // that were removed
	At         time.Time `json:"at"`
}

// LegalHoldPlaced keeps the person's data from being erased, as for a court or an inspection, until it is lifted.
type LegalHoldPlaced struct {
	By     string    `json:"by"` // account id
	Reason string    `json:"reason" personal:"true"`
	At     time.Time `json:"at"`
}

// LegalHoldLifted lets the person's data be erased again.
type LegalHoldLifted struct {
	By string    `json:"by"` // account id
	At time.Time `json:"at"`
}

func (LegalHoldPlaced) isErasureEvent() {}
func (LegalHoldLifted) isErasureEvent() {}

func (Requested) isErasureEvent()    {}
func (Refused) isErasureEvent()      {}
func (Approved) isErasureEvent()     {}
func (Declined) isErasureEvent()     {}
func (Withdrawn) isErasureEvent()    {}
func (Ordered) isErasureEvent()      {}
func (Begun) isErasureEvent()        {}
func (KeyDestroyed) isErasureEvent() {}
func (Completed) isErasureEvent()    {}
func (HoldEnded) isErasureEvent()    {}
