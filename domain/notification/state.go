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
		s.Status = StatusFailed
	}
	return s
}

// Pending tells whether the notice is still to be handed to its gateway.
func (s State) Pending() bool { return s.Status == StatusRequested || s.Status == StatusPostponed }

// Due tells whether the notice is to be tried now. A first try is always due. So is one that would have to wait for longer
// than anything is postponed: the clock was set back since.
func (s State) Due(now time.Time) bool {
	switch {
	case !s.Pending():
		return false
	case s.Attempts == 0:
		return true
	default:
		return !s.NextAt.After(now) || s.NextAt.After(now.Add(LongestWait))
	}
}
