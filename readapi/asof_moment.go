package readapi

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"services.example/portal/domain/problem"
	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
)

// moment is a point in the life of a case, as somebody names it. The zero moment is now.
type moment struct {
	at       *time.Time           // what was stored by then
	position *eventstore.Position // what was stored up to there
	revision *int64               // the application's event with this revision has just happened
}

func (m moment) now() bool { return m == moment{} }

// MomentInput names a moment in one of three ways; in none: now.
type MomentInput struct {
	At       string `query:"at" maxLength:"40" doc:"A time, such as 2026-11-29T10:00:00+05:00: what was stored by then"`
	Position string `query:"position" maxLength:"41" doc:"A position of the log, as commands answer it: what was stored up to there"`
	Revision string `query:"revision" maxLength:"19" doc:"A revision of the application: just after that event"`
}

// moment reads the input. Errors: invalid, with wrong-format, or with one-moment if it names several.
func (in MomentInput) moment() (moment, error) {
	named := 0
	for _, value := range []string{in.At, in.Position, in.Revision} {
		if value != "" {
			named++
		}
	}
	var m moment
	var ok bool
	switch {
	case named > 1:
		return moment{}, problem.Input(problem.Field{Location: "at", Code: "one-moment"})
	case in.At != "":
		if m, ok = timeMoment(in.At); !ok {
			return moment{}, wrongMoment("at")
		}
	case in.Position != "":
		if m, ok = positionMoment(in.Position); !ok {
			return moment{}, wrongMoment("position")
		}
	case in.Revision != "":
		if m, ok = revisionMoment(in.Revision); !ok {
			return moment{}, wrongMoment("revision")
		}
	}
	return m, nil
}

// parseMoment reads a moment that is written in any of the three ways; empty: now. Error: invalid, with wrong-format.
func parseMoment(location, value string) (moment, error) {
	if value == "" {
		return moment{}, nil
	}
	for _, read := range []func(string) (moment, bool){revisionMoment, positionMoment, timeMoment} {
		if m, ok := read(value); ok {
			return m, nil
		}
	}
	return moment{}, wrongMoment(location)
}

func wrongMoment(location string) error {
	return problem.Input(problem.Field{Location: location, Code: "wrong-format"})
}

// timeMoment reads an RFC 3339 time. The plus of its zone is a blank to who reads it in a URL where it was not escaped.
func timeMoment(value string) (moment, bool) {
	at, err := time.Parse(time.RFC3339Nano, strings.Replace(value, " ", "+", 1))
	return moment{at: &at}, err == nil
}

func positionMoment(value string) (moment, bool) {
	position, err := eventstore.ParsePosition(value)
	return moment{position: &position}, err == nil
}

var revisionPattern = regexp.MustCompile(`^(0|[1-9][0-9]{0,17})$`)

func revisionMoment(value string) (moment, bool) {
	if !revisionPattern.MatchString(value) {
		return moment{}, false
	}
	revision, err := strconv.ParseInt(value, 10, 64)
	return moment{revision: &revision}, err == nil
}

// cut is a moment as the log knows it: what lies before it is the beginning of the log's order.
type cut struct {
	upTo eventstore.Position // inclusive
	at   time.Time           // inclusive; zero: any
}

// cut bounds the moment by the end of the log as it is now, so that all streams are read up to one place. A revision is
// bounded when the application's stream was read. Error: invalid, with out-of-range, for what is yet to come.
func (m moment) cut(location string, head eventstore.Position, now time.Time) (cut, error) {
	c := cut{upTo: head}
	switch {
	case m.position != nil && head.Before(*m.position), m.at != nil && m.at.After(now):
		return cut{}, problem.Input(problem.Field{Location: location, Code: "out-of-range"})
	case m.position != nil:
		c.upTo = *m.position
	case m.at != nil:
		c.at = *m.at
	}
	return c, nil
}

// holds tells whether an event had been stored by then.
func (c cut) holds(event *codec.Envelope) bool { return c.includes(event.Position, event.Created) }

// includes tells whether what was stored at a position and a time had been stored by then.
func (c cut) includes(position eventstore.Position, created time.Time) bool {
	return !c.upTo.Before(position) && (c.at.IsZero() || !created.After(c.at))
}
