package correspondence

import (
	"slices"
	"time"

	"services.example/portal/domain/problem"
)

// Readings is how far everybody has read an application's thread.
type Readings struct {
	Marks []Mark // one for each reader, in the order in which they read first
}

// Mark is how far one reader has read.
type Mark struct {
	Reader      string // account id
	Messages    int64  // messages with a lower revision are read
	Application int64  // events of the application with a lower revision are read
}

// MarkRead says how far somebody has read.
type MarkRead struct {
	Applicant   string // account id of the application's applicant
	Reader      string // account id
	Side        Side
	Messages    int64 // as in Mark
	Application int64
	At          time.Time
}

// BeyondTheEnd is the problem of a mark at a place that the thread does not have.
func BeyondTheEnd() error {
	const code = "beyond-the-end"
	return &problem.Problem{Kind: problem.Invalid, Code: code, Fields: []problem.Field{{Location: "upTo", Code: code}}}
}

// DecideReading answers a command with the events that carry it out. A mark only grows: what was read once stays read, and
// a mark that is no further than the reader's own gives no events. Error: beyond-the-end.
func DecideReading(s Readings, c MarkRead) ([]ReadingEvent, error) {
	if c.Messages < 0 || c.Application < 0 {
		return nil, BeyondTheEnd()
	}
	before := s.Mark(c.Reader)
	after := before.until(c.Messages, c.Application)
	if after == before {
		return nil, nil
	}
	return []ReadingEvent{ThreadRead{
		Reader: c.Reader, Side: c.Side, Messages: after.Messages, Application: after.Application, At: c.At,
	}}, nil
}

// EvolveReading gives the readings after one more event. It is total, and the readings that it was given stay as they
// were. Marks grow in whatever order events come: two processes may append at once.
func EvolveReading(s Readings, event ReadingEvent) Readings {
	e, ok := event.(ThreadRead)
	if !ok {
		return s
	}
	after := s.Mark(e.Reader).until(e.Messages, e.Application)
	marks := slices.Clone(s.Marks)
	if i := slices.IndexFunc(marks, func(m Mark) bool { return m.Reader == e.Reader }); i >= 0 {
		marks[i] = after
		return Readings{Marks: marks}
	}
	return Readings{Marks: append(marks, after)}
}

// Mark is how far somebody has read; not at all, if they never have.
func (s Readings) Mark(reader string) Mark {
	for _, m := range s.Marks {
		if m.Reader == reader {
			return m
		}
	}
	return Mark{Reader: reader}
}

// until returns the mark after reading on, if that is further.
func (m Mark) until(messages, application int64) Mark {
	m.Messages, m.Application = max(m.Messages, messages), max(m.Application, application)
	return m
}
