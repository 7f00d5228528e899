package application

import (
	"strconv"
	"time"
)

// NumberEvent is something that happened to the sequence of application numbers.
type NumberEvent interface{ isNumberEvent() }

// NumberEventTypes is the storage format of the stream NumbersStream: see the warning at EventTypes.
var NumberEventTypes = map[string]NumberEvent{
	"application-number.assigned.v1": NumberAssigned{},
}

// NumbersStream holds one event for each number handed out.
const NumbersStream = "application-numbers"

// NumberAssigned hands out the next number. The number is the event's own place in its stream, so that the store gives
// every number once; a number whose application never came about stays unused.
type NumberAssigned struct {
	ApplicationID string    `json:"applicationId"`
	At            time.Time `json:"at"`
}

func (NumberAssigned) isNumberEvent() {}

// RunningNumber turns a revision of NumbersStream into the number that people see first: they count from 1.
func RunningNumber(revision int64) int64 { return revision + 1 }

// FormatNumber writes a running number with the day of numbering, dd-mm-yy: 2065-15-11-18.
func FormatNumber(running int64, day string) string {
	return strconv.FormatInt(running, 10) + "-" + day
}
