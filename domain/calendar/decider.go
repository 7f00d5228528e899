package calendar

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"services.example/portal/domain/problem"
)

// Event is something that happened to a calendar.
type Event interface{ isCalendarEvent() }

// EventTypes is the storage format: see the warning at application.EventTypes.
var EventTypes = map[string]Event{
	"calendar.defined.v1": Defined{},
}

// Defined replaces all days of the calendar that differ from Monday to Friday. Due dates that are set stay as they are.
type Defined struct {
	Version         int       `json:"version"`         // counts from 1
	Holidays        []string  `json:"holidays"`        // yyyy-mm-dd, in order
	WorkingWeekends []string  `json:"workingWeekends"` // Saturdays and Sundays that are worked, yyyy-mm-dd, in order
	At              time.Time `json:"at"`
}

func (Defined) isCalendarEvent() {}

// Command is something that somebody wants of a calendar.
type Command interface{ isCalendarCommand() }

// Define sets all days that differ from Monday to Friday, in any order.
type Define struct {
	Holidays        []string // yyyy-mm-dd
	WorkingWeekends []string // yyyy-mm-dd
	At              time.Time
}

func (Define) isCalendarCommand() {}

// State is a calendar as it is now.
type State struct {
	Version         int // 0: not defined yet
	Holidays        []string
	WorkingWeekends []string
}

// Calendar counts by this state. Days that are no dates are left out.
func (s State) Calendar() Calendar { return New(dates(s.Holidays), dates(s.WorkingWeekends)) }

func dates(list []string) []Date {
	var read []Date
	for _, text := range list {
		if d, err := ParseDate(text); err == nil {
			read = append(read, d)
		}
	}
	return read
}

const maxDates = 5000 // in each list: more than a century of holidays

// Decide gives the events that a command leads to: none if it is already in effect, or a *problem.Problem.
func Decide(s State, command Command) ([]Event, error) {
	c, ok := command.(Define)
	if !ok {
		return nil, fmt.Errorf("decide on calendar: unknown command %T", command)
	}
	holidays, faults := readDates("/holidays", c.Holidays, func(Date) string { return "" })
	weekends, more := readDates("/workingWeekends", c.WorkingWeekends, func(d Date) string {
		_, holiday := slices.BinarySearch(holidays, d.String())
		switch {
		case !weekend(d):
			return "not-a-weekend"
		case holiday:
			return "day-in-both-lists"
		default:
			return ""
		}
	})
	faults = append(faults, more...)
	if err := problem.Input(faults...); err != nil {
		return nil, err
	}
	if s.Version > 0 && slices.Equal(holidays, s.Holidays) && slices.Equal(weekends, s.WorkingWeekends) {
		return nil, nil
	}
	return []Event{Defined{Version: s.Version + 1, Holidays: holidays, WorkingWeekends: weekends, At: c.At}}, nil
}

// readDates gives the dates in order, each once. Check gives the code of what is wrong with a date, or nothing.
func readDates(location string, list []string, check func(Date) string) ([]string, []problem.Field) {
	if len(list) > maxDates {
		return nil, []problem.Field{{
			Location: location, Code: "too-many-items", Params: map[string]string{"max": strconv.Itoa(maxDates)},
		}}
	}
	var faults []problem.Field
	read := []string{} // never null in what is stored
	for i, text := range list {
		code := "date-invalid"
		if d, err := ParseDate(text); err == nil {
			code = check(d)
		}
		if code != "" {
			faults = append(faults, problem.Field{Location: location + "/" + strconv.Itoa(i), Code: code})
		}
		read = append(read, text)
	}
	slices.Sort(read)
	return slices.Compact(read), faults
}

// Evolve gives the state after one more event.
func Evolve(s State, event Event) State {
	if e, ok := event.(Defined); ok {
		s.Version, s.Holidays, s.WorkingWeekends = e.Version, e.Holidays, e.WorkingWeekends
	}
	return s
}
