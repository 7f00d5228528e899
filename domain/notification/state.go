package notification

import "time"

// Status is how far a notice has come.
type Status string

// The statuses. Sent is not the end: a gateway may report later. Delivered and failed are.
const (
	StatusRequested Status = "requested"
	StatusPostponed Status = "postponed" // tried, to be tried again
	StatusSent      Status = "sent"
	StatusDelivered Status = "delivered"
	StatusFailed    Status = "failed"
)

// State is what the rules need to know of a notice. The zero State is one that nobody asked for.
type State struct {
	Status    Status
	Recipient string // account id
	Channel   Channel
	Kind      string
	Language  string
	Subject   string
	Text      string // empty once the recipient was erased
	Attempts  int    // that did not work
	Before    int    // those of them that were made before it was taken up again
	Again     int    // how often it was taken up again after it had been given up
	NextAt    time.Time
	Ref       string // by which the gateway reports on it
}

// Evolve gives the state after one more event. It is total.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case Requested:
		s = State{
			Status: StatusRequested, Recipient: e.Recipient, Channel: e.Channel, Kind: e.Kind, Language: e.Language,
			Subject: e.Subject, Text: e.Text, NextAt: e.At,
		}
	case Postponed:
		s.Status, s.Attempts, s.NextAt = StatusPostponed, e.Attempt, e.NextAt
	case Sent:
		s.Status, s.Ref = StatusSent, e.Ref
	case Delivered:
		s.Status = StatusDelivered
	case Failed:
		s.Status, s.Attempts = StatusFailed, s.Attempts+1 // by the latest attempt, or by a report on it
	case Resumed:
		if s.Status == StatusFailed {
			s.Again++
		}
		s.Status, s.Before, s.NextAt = StatusRequested, s.Attempts, e.At
	}
	return s
}

// Pending tells whether the notice is still to be handed to its gateway.
func (s State) Pending() bool { return s.Status == StatusRequested || s.Status == StatusPostponed }

// Fresh tells whether the notice was not tried yet since it was asked for, or taken up again.
func (s State) Fresh() bool { return s.Status == StatusRequested }

// Due tells whether the notice is to be tried now. A first try is always due. So is one that would have to wait for longer
// than anything is postponed: the clock was set back since.
func (s State) Due(now time.Time) bool {
	switch {
	case !s.Pending():
		return false
	case s.Fresh():
		return true
	default:
		return !s.NextAt.After(now) || s.NextAt.After(now.Add(LongestWait))
	}
}
