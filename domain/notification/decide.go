package notification

import (
	"errors"
	"fmt"
	"time"

	"services.example/portal/domain/problem"
)

// Command asks something of a notice.
type Command interface{ isNotificationCommand() }

// Request asks for a notice. Asked for again, whatever it says then, it stays as it was.
type Request Requested

// RecordSent says that the gateway took the notice over.
type RecordSent struct {
	Ref string // by which the gateway reports on it; empty: it will not
	At  time.Time
}

// RecordFault says that an attempt did not work.
type RecordFault struct {
	Attempt   int    // counts from 1: one that somebody else has recorded changes nothing
	Reason    string // a code
	Permanent bool   // the same notice will never be taken
	At        time.Time
}

// RecordDelivery says that the gateway reported the arrival.
type RecordDelivery struct{ At time.Time }

// RecordLoss says that the gateway reported that the notice did not and will not arrive.
type RecordLoss struct {
	Reason string // a code
	At     time.Time
}

// Resume asks for a notice that was given up or postponed to be tried again at once.
type Resume struct{ At time.Time }

func (Request) isNotificationCommand()        {}
func (RecordSent) isNotificationCommand()     {}
func (RecordFault) isNotificationCommand()    {}
func (RecordDelivery) isNotificationCommand() {}
func (RecordLoss) isNotificationCommand()     {}
func (Resume) isNotificationCommand()         {}

var (
	errUnknown    = errors.New("not a command for notices")
	errIncomplete = errors.New("a notice lacks its recipient, channel, kind or text")
	errNotAsked   = errors.New("nobody asked for this notice")
)

// Decide gives the events that a command brings about: none where it is in effect already, or comes too late to change
// anything. Its errors are mistakes of the program, but for the *problem.Problem already-sent of Resume.
func Decide(s State, command Command) ([]Event, error) {
	if c, ok := command.(Request); ok {
		return request(s, c)
	}
	if s.Status == "" {
		return nil, errNotAsked
	}
	switch c := command.(type) {
	case RecordSent:
		if s.Pending() {
			return []Event{Sent{Attempt: s.Attempts + 1, Ref: c.Ref, At: c.At}}, nil
		}
	case RecordFault:
		return recordFault(s, c), nil
	case RecordDelivery:
		if s.Status == StatusSent {
			return []Event{Delivered(c)}, nil
		}
	case RecordLoss:
		if s.Status == StatusSent {
			return []Event{Failed(c)}, nil
		}
	case Resume:
		return resume(s, c)
	default:
		return nil, fmt.Errorf("%w: %T", errUnknown, command)
	}
	return nil, nil
}

func resume(s State, c Resume) ([]Event, error) {
	switch {
	case s.Status == StatusSent || s.Status == StatusDelivered:
		return nil, problem.New(problem.WrongState, "already-sent")
	case s.Fresh():
		return nil, nil
	default:
		return []Event{Resumed(c)}, nil
	}
}

func request(s State, c Request) ([]Event, error) {
	switch {
	case s.Status != "":
		return nil, nil
	case c.Recipient == "" || c.Kind == "" || c.Text == "" || c.Channel != SMS && c.Channel != Email:
		return nil, errIncomplete
	default:
		return []Event{Requested(c)}, nil
	}
}

func recordFault(s State, c RecordFault) []Event {
	if !s.Pending() || c.Attempt != s.Attempts+1 {
		return nil
	}
	wait, again := waitAfter(c.Attempt - s.Before)
	if c.Permanent || !again {
		return []Event{Failed{Reason: c.Reason, At: c.At}}
	}
	return []Event{Postponed{Attempt: c.Attempt, Reason: c.Reason, NextAt: c.At.Add(wait), At: c.At}}
}
