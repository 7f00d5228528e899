package service

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"services.example/portal/domain/problem"
)

// Command is something that is asked of a service.
type Command interface{ isServiceCommand() }

// Revise gives the service a content. It makes the service, if it is new.
type Revise struct {
	Content Content
	At      time.Time
}

// Publish makes a version the one that people see.
type Publish struct {
	Version int
	At      time.Time
}

// Withdraw takes the service out of the catalogue.
type Withdraw struct {
	At time.Time
}

func (Revise) isServiceCommand()   {}
func (Publish) isServiceCommand()  {}
func (Withdraw) isServiceCommand() {}

// Decide gives what happens when a command meets a service, or the problem that forbids it: invalid content with every
// fault, unknown-service, unknown-version. A command that is already in effect gives nothing.
func Decide(state State, command Command) ([]Event, error) {
	switch c := command.(type) {
	case Revise:
		return revise(state, c)
	case Publish:
		return publish(state, c)
	case Withdraw:
		return withdraw(state, c)
	default:
		return nil, fmt.Errorf("decide on a service: unknown command %T", command)
	}
}

func revise(state State, c Revise) ([]Event, error) {
	if err := c.Content.Validate(); err != nil {
		return nil, err
	}
	if newest, ok := state.Content(state.Newest()); ok {
		same, err := sameContent(newest, c.Content)
		if err != nil {
			return nil, fmt.Errorf("compare with the newest version: %w", err)
		}
		if same {
			return nil, nil
		}
	}
	return []Event{Revised{Version: state.Newest() + 1, Content: c.Content, At: c.At}}, nil
}

func publish(state State, c Publish) ([]Event, error) {
	if state.Newest() == 0 {
		return nil, problem.New(problem.NotFound, "unknown-service")
	}
	if _, ok := state.Content(c.Version); !ok {
		return nil, problem.New(problem.NotFound, "unknown-version")
	}
	if state.Published == c.Version {
		return nil, nil
	}
	return []Event{Published(c)}, nil
}

func withdraw(state State, c Withdraw) ([]Event, error) {
	if state.Newest() == 0 {
		return nil, problem.New(problem.NotFound, "unknown-service")
	}
	if state.Published == 0 {
		return nil, nil
	}
	return []Event{Withdrawn(c)}, nil
}

// sameContent compares what would be stored: how a schema is spaced is no difference.
func sameContent(a, b Content) (bool, error) {
	left, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	right, err := json.Marshal(b)
	if err != nil {
		return false, err
	}
	return bytes.Equal(left, right), nil
}
