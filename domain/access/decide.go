package access

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"services.example/portal/domain/problem"
	"services.example/portal/domain/text"
)

// The length of a reason, in characters: long enough to say something, short enough to be one.
const (
	MinReason = 10
	MaxReason = 500
)

// Most is how many streams and how many types one reading may name.
const Most = 50

// Command is something that somebody wants of the record of readings.
type Command interface{ isAccessCommand() }

// Reading is what somebody is about to read. It is recorded before anything of it is given out.
type Reading struct {
	ID          string // of the reading: a UUID; the port makes one if it is empty
	Reader      string // account id; the port takes the caller's if it is empty
	What        What
	Application string   // id of the case that is read, if it is one
	Streams     []string // names or beginnings of names
	Types       []string // names or beginnings of names
	From, To    string   // positions, revisions or times, as Read keeps them
	Personal    bool     // personal data is shown
	Reason      string
	At          time.Time // the port takes the time of the call if it is zero
}

func (Reading) isAccessCommand() {}

// State is what the rules need to know of the readings before: nothing.
type State struct{}

// Decide answers a command with the events that carry it out: every reading is recorded, also one like another before.
// Error: invalid, with what is wrong.
func Decide(_ State, command Command) ([]Event, error) {
	c, ok := command.(Reading)
	if !ok {
		return nil, fmt.Errorf("decide on a reading: unknown command %T", command)
	}
	reason, faults := Reason(c.Reason)
	faults = append(faults, Names("streams", c.Streams)...)
	faults = append(faults, Names("types", c.Types)...)
	if err := problem.Input(faults...); err != nil {
		return nil, err
	}
	return []Event{Read{
		ReadingID: c.ID, Reader: c.Reader, What: c.What, Application: c.Application, Streams: slices.Clone(c.Streams),
		Types: slices.Clone(c.Types), From: c.From, To: c.To, Personal: c.Personal, Reason: reason, At: c.At,
	}}, nil
}

// Evolve gives the state after one more event.
func Evolve(s State, _ Event) State { return s }

// ReasonLocation is where the reason of a reading stands in a request.
const ReasonLocation = "Audit-Reason"

// Reason cleans what a reader gives as the reason. Faults, at ReasonLocation: required, too-short, too-long, bad-text.
func Reason(words string) (clean string, faults []problem.Field) {
	clean, faults = text.Written(ReasonLocation, words, MaxReason)
	switch {
	case len(faults) > 0 && faults[0].Code == "text-required":
		faults[0].Code = "required"
	case len(faults) == 0 && utf8.RuneCountInString(clean) < MinReason:
		faults = []problem.Field{{
			Location: ReasonLocation, Code: "too-short", Params: map[string]string{"min": strconv.Itoa(MinReason)},
		}}
	}
	return clean, faults
}

// namePattern fits names of streams and of event types, and their beginnings.
var namePattern = regexp.MustCompile(`^[a-z][a-z0-9.-]{0,119}$`)

// personLike is what people would type for a person: an IIN, a BIN, a phone. No name of a stream or a type holds so many
// digits in a row, but for the last group of a UUID.
var (
	personLike = regexp.MustCompile(`[0-9]{7}`)
	uuidLike   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{1,12}`)
)

// Names checks what a reading names at a location of the request, because it is recorded in clear. Faults: too-many;
// wrong-format, also for what may be a number of a person.
func Names(location string, names []string) []problem.Field {
	if len(names) > Most {
		return []problem.Field{{Location: location, Code: "too-many", Params: map[string]string{"max": strconv.Itoa(Most)}}}
	}
	for _, name := range names {
		if !namePattern.MatchString(name) || personLike.MatchString(uuidLike.ReplaceAllString(name, "")) {
			return []problem.Field{{Location: location, Code: "wrong-format"}}
		}
	}
	return nil
}
