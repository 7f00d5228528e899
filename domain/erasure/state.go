package erasure

import (
	"slices"
	"time"
)

// Stage is how far a request has come.
type Stage string

// The stages. Refused, declined and withdrawn requests may be followed by another.
const (
	StageRequested Stage = "requested" // waits for two administrators
	StageApproved  Stage = "approved"  // waits for the second
	StageOrdered   Stage = "ordered"   // the account is closed, nothing is destroyed yet
	StageBegun     Stage = "begun"     // what must be kept is safe; the key is being destroyed
	StageDestroyed Stage = "key-destroyed"
	StageCompleted Stage = "completed"
	StageRefused   Stage = "refused"
	StageDeclined  Stage = "declined"
	StageWithdrawn Stage = "withdrawn"
)

// Open tells whether the request goes on.
func (s Stage) Open() bool {
	switch s {
	case StageRequested, StageApproved, StageOrdered, StageBegun, StageDestroyed:
		return true
	case StageCompleted, StageRefused, StageDeclined, StageWithdrawn:
		return false
	default:
		return false
	}
}

// State is what the rules need to know of a person's erasure: of the latest request. The zero State: nobody ever asked.
type State struct {
	Stage       Stage
	RequestID   string
	Origin      Origin
	By          string // account id of whoever entered the request
	Approvers   []string
	NotBefore   time.Time // of an ordered one
	Closed      bool      // the order closed the account
	KeyCheck    string
	DestroyedAt time.Time // the key
	Held        []Held    // documents whose term has not passed
	Ended       []string  // ids of documents that were kept until their term had passed
	LegalHold   bool      // nothing may be erased
}

// Fold gives the state after these events.
func Fold(events ...Event) State {
	var s State
	for _, event := range events {
		s = Evolve(s, event)
	}
	return s
}

// Evolve gives the state after one more event. It is total; the state that it was given stays as it was.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case Requested:
		return State{Stage: StageRequested, RequestID: e.RequestID, Origin: e.Origin, By: e.By, Held: s.Held, Ended: s.Ended, LegalHold: s.LegalHold}
	case Refused:
		s.Stage = StageRefused
	case Approved:
		s.Stage = StageApproved
		s.Approvers = append(slices.Clip(s.Approvers), e.By)
	case Declined:
		s.Stage = StageDeclined
	case Withdrawn:
		s.Stage = StageWithdrawn
	case Ordered:
		s.Stage, s.NotBefore, s.Closed = StageOrdered, e.NotBefore, e.Closes
	case Begun:
		s.Stage, s.KeyCheck, s.Held = StageBegun, e.KeyCheck, e.Held
	case KeyDestroyed:
		s.Stage, s.DestroyedAt = StageDestroyed, e.At
	case Completed:
		s.Stage = StageCompleted
	case LegalHoldPlaced:
		s.LegalHold = true
	case LegalHoldLifted:
		s.LegalHold = false
	case HoldEnded:
		s.Held = slices.DeleteFunc(slices.Clone(s.Held), func(h Held) bool { return h.DocumentID == e.DocumentID })
		s.Ended = append(slices.Clip(s.Ended), e.DocumentID)
	}
	return s
}

// obstacles adds the legal hold to what else stands against the erasure.
func (s State) obstacles(others []Obstacle) []Obstacle {
	if !s.LegalHold {
		return others
	}
	return append([]Obstacle{{Code: "legal-hold"}}, others...)
}

// Holds tells whether a document is kept.
func (s State) Holds(documentID string) bool {
	return slices.ContainsFunc(s.Held, func(h Held) bool { return h.DocumentID == documentID })
}

// HoldIsOver tells whether a document that is kept need not be kept any longer.
func (s State) HoldIsOver(documentID string, now time.Time) bool {
	i := slices.IndexFunc(s.Held, func(h Held) bool { return h.DocumentID == documentID })
	return i >= 0 && s.Stage == StageCompleted && !s.LegalHold && !now.Before(s.Held[i].Until)
}

// HoldingFile finds a document that is kept and has this file.
func (s State) HoldingFile(sha256 string) (Held, bool) {
	for _, held := range s.Held {
		if slices.Contains(held.Files, sha256) {
			return held, true
		}
	}
	return Held{}, false
}
