// Package application decides what may happen to an application, from its draft to its end.
package application

import "services.example/portal/domain/problem"

// Decide answers a command with the events that carry it out. A command that is already in effect gives none.
func Decide(s State, command Command) ([]Event, error) {
	switch c := command.(type) {
	case Start:
		return decideStart(s, c)
	case UploadFile:
		return decideUploadFile(s, c)
	case applicantCommand:
		return decideForApplicant(s, c)
	case staffCommand:
		return decideForStaff(s, c)
	case systemCommand:
		return decideForSystem(s, c)
	default:
		return nil, unknownCommand()
	}
}

func decideStart(s State, c Start) ([]Event, error) {
	if s.Status != "" {
		return nil, nil
	}
	return []Event{DraftStarted(c)}, nil
}

func notFound() error { return problem.New(problem.NotFound, "application-not-found") }

func unknownCommand() error { return problem.New(problem.WrongState, "unknown-command") }
