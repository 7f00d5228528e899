package erasure

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// Command is something that is asked about an erasure.
type Command interface{ isErasureCommand() }

// Request asks for the erasure. What stands against it refuses it at once.
type Request struct {
	ID        string
	Origin    Origin
	By        string
	Reference string // needed of a written request
	Obstacles []Obstacle
	At        time.Time
}

// Lapse orders the erasure of a registration that was never confirmed, because its term has passed: nobody decides about it.
type Lapse struct {
	ID string
	At time.Time
}

// Approve is the consent of an administrator. Person is the account that would be erased.
type Approve struct {
	Person, By string
	Obstacles  []Obstacle
	Closes     bool          // the order closes an account that is open
	Pause      time.Duration // between the order and the first thing that cannot be undone
	At         time.Time
}

// Decline ends the request by the word of an administrator.
type Decline struct {
	Person, By string
	Reason     string
	At         time.Time
}

// Withdraw ends the request by the person's own wish, while nothing was ordered.
type Withdraw struct{ At time.Time }

// Begin says that what must be kept is safe. Whatever stands against the erasure by then refuses it.
type Begin struct {
	KeyCheck  string
	Held      []Held
	Obstacles []Obstacle
	At        time.Time
}

// RecordKeyDestroyed records that nothing can be read any more.
type RecordKeyDestroyed struct {
	Unreadable int
	At         time.Time
}

// Complete records that everything is clean.
type Complete struct {
	Files int
	At    time.Time
}

// EndHold records that a document which was kept is destroyed, once its term has passed.
type EndHold struct {
	DocumentID string
	Files      int
	At         time.Time
}

// PlaceLegalHold keeps the person's data from being erased.
type PlaceLegalHold struct {
	By, Reason string
	At         time.Time
}

// LiftLegalHold lets the person's data be erased again.
type LiftLegalHold struct {
	By string
	At time.Time
}

func (PlaceLegalHold) isErasureCommand()     {}
func (LiftLegalHold) isErasureCommand()      {}
func (Request) isErasureCommand()            {}
func (Lapse) isErasureCommand()              {}
func (Approve) isErasureCommand()            {}
func (Decline) isErasureCommand()            {}
func (Withdraw) isErasureCommand()           {}
func (Begin) isErasureCommand()              {}
func (RecordKeyDestroyed) isErasureCommand() {}
func (Complete) isErasureCommand()           {}
func (EndHold) isErasureCommand()            {}

var errIncomplete = errors.New("an id or a time is missing")

// Decide gives the events that a command leads to: none if it is already in effect, or a *problem.Problem.
func Decide(s State, command Command) ([]Event, error) {
	switch c := command.(type) {
	case Request:
		return request(s, c)
	case Lapse:
		return lapse(s, c)
	case Approve:
		return approve(s, c)
	case Decline:
		return decline(s, c)
	case Withdraw:
		return withdraw(s, c)
	case Begin:
		return begin(s, c)
	case RecordKeyDestroyed:
		if s.Stage != StageBegun {
			return nil, nil
		}
		return []Event{KeyDestroyed{RequestID: s.RequestID, KeyCheck: s.KeyCheck, Unreadable: c.Unreadable, At: c.At}}, nil
	case Complete:
		if s.Stage != StageDestroyed {
			return nil, nil
		}
		return []Event{Completed{RequestID: s.RequestID, Files: c.Files, At: c.At}}, nil
	case EndHold:
		if !s.HoldIsOver(c.DocumentID, c.At) {
			return nil, nil
		}
		return []Event{HoldEnded(c)}, nil
	case PlaceLegalHold:
		return placeLegalHold(s, c)
	case LiftLegalHold:
		if !s.LegalHold {
			return nil, nil
		}
		return []Event{LegalHoldLifted(c)}, nil
	default:
		return nil, fmt.Errorf("decide on an erasure: unknown command %T", command)
	}
}

func request(s State, c Request) ([]Event, error) {
	switch {
	case c.ID == "" || c.At.IsZero():
		return nil, fmt.Errorf("request an erasure: %w", errIncomplete)
	case c.ID == s.RequestID:
		return nil, nil
	case s.Stage == StageCompleted:
		return nil, problem.New(problem.WrongState, "account-erased")
	case s.Stage.Open():
		return nil, problem.New(problem.WrongState, "erasure-under-way")
	}
	var faults []problem.Field
	if c.Origin == Written {
		c.Reference, faults = text.Written("reference", c.Reference, text.MaxWritten)
	}
	if err := problem.Input(faults...); err != nil {
		return nil, err
	}
	events := []Event{Requested{RequestID: c.ID, Origin: c.Origin, By: c.By, Reference: c.Reference, At: c.At}}
	if obstacles := s.obstacles(c.Obstacles); len(obstacles) > 0 {
		events = append(events, Refused{RequestID: c.ID, Obstacles: obstacles, At: c.At})
	}
	return events, nil
}

func lapse(s State, c Lapse) ([]Event, error) {
	if c.ID == "" || c.At.IsZero() {
		return nil, fmt.Errorf("let a registration lapse: %w", errIncomplete)
	}
	if s.Stage.Open() || s.Stage == StageCompleted || s.LegalHold {
		return nil, nil
	}
	return []Event{
		Requested{RequestID: c.ID, Origin: Unconfirmed, At: c.At}, Ordered{RequestID: c.ID, NotBefore: c.At, At: c.At},
	}, nil
}

func approve(s State, c Approve) ([]Event, error) {
	if err := decidable(s, c.Person, c.By); err != nil {
		if s.Stage == StageOrdered && slices.Contains(s.Approvers, c.By) {
			return nil, nil
		}
		return nil, err
	}
	if slices.Contains(s.Approvers, c.By) {
		return nil, nil
	}
	if obstacles := s.obstacles(c.Obstacles); len(obstacles) > 0 {
		return []Event{Refused{RequestID: s.RequestID, Obstacles: obstacles, At: c.At}}, nil
	}
	events := []Event{Approved{RequestID: s.RequestID, By: c.By, At: c.At}}
	if len(s.Approvers) > 0 {
		events = append(events, Ordered{RequestID: s.RequestID, Closes: c.Closes, NotBefore: c.At.Add(c.Pause), At: c.At})
	}
	return events, nil
}

func decline(s State, c Decline) ([]Event, error) {
	if s.Stage == StageDeclined {
		return nil, nil
	}
	if err := decidable(s, c.Person, c.By); err != nil && (s.Stage != StageOrdered || s.Origin == Unconfirmed) {
		return nil, err
	}
	reason, faults := text.Written("reason", c.Reason, text.MaxWritten)
	if err := problem.Input(faults...); err != nil {
		return nil, err
	}
	return []Event{Declined{RequestID: s.RequestID, By: c.By, Reason: reason, At: c.At}}, nil
}

// decidable refuses what is no administrator's to decide: nobody decides about themselves, nor after the order.
func decidable(s State, person, by string) error {
	switch {
	case s.Stage == "":
		return notFound()
	case s.Stage != StageRequested && s.Stage != StageApproved:
		return problem.New(problem.WrongState, "erasure-decided")
	case person == by:
		return problem.New(problem.WrongState, "own-account")
	default:
		return nil
	}
}

func withdraw(s State, c Withdraw) ([]Event, error) {
	switch s.Stage {
	case "":
		return nil, notFound()
	case StageWithdrawn:
		return nil, nil
	case StageRequested, StageApproved:
		return []Event{Withdrawn{RequestID: s.RequestID, At: c.At}}, nil
	default:
		return nil, problem.New(problem.WrongState, "erasure-decided")
	}
}

func begin(s State, c Begin) ([]Event, error) {
	obstacles := s.obstacles(c.Obstacles)
	switch {
	case s.Stage != StageOrdered:
		return nil, nil
	case len(obstacles) > 0:
		return []Event{Refused{RequestID: s.RequestID, Obstacles: obstacles, At: c.At}}, nil
	case c.At.Before(s.NotBefore):
		return nil, nil
	case c.KeyCheck == "":
		return nil, fmt.Errorf("begin an erasure: %w", errIncomplete)
	default:
		return []Event{Begun{RequestID: s.RequestID, KeyCheck: c.KeyCheck, Held: c.Held, At: c.At}}, nil
	}
}

func placeLegalHold(s State, c PlaceLegalHold) ([]Event, error) {
	switch s.Stage { //nolint:exhaustive // before all others there is time
	case StageBegun, StageDestroyed, StageCompleted:
		return nil, problem.New(problem.WrongState, "account-erased")
	}
	reason, faults := text.Written("reason", c.Reason, text.MaxWritten)
	if err := problem.Input(faults...); err != nil || s.LegalHold {
		return nil, err
	}
	return []Event{LegalHoldPlaced{By: c.By, Reason: reason, At: c.At}}, nil
}

func notFound() error { return problem.New(problem.NotFound, "erasure-not-found") }
