package eventstore

import (
	"cmp"
	"errors"
	"math"
	"strconv"
	"strings"
)

// Position is a place in the whole log. Positions are ordered (commit first, then prepare) and otherwise opaque:
// they have gaps, and they change when a log is moved to another store.
type Position struct {
	Commit, Prepare uint64
}

// EndPosition is after every event.
var EndPosition = Position{Commit: math.MaxUint64, Prepare: math.MaxUint64}

// Compare orders positions: negative when p comes first, 0 when they are the same place.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Commit, q.Commit), cmp.Compare(p.Prepare, q.Prepare))
}

// Before tells whether p comes before q.
func (p Position) Before(q Position) bool { return p.Compare(q) < 0 }

// IsZero tells whether p is the beginning of the log, before the first event.
func (p Position) IsZero() bool { return p == Position{} }

// String gives the form that ParsePosition reads: commit, a slash, prepare.
func (p Position) String() string {
	return strconv.FormatUint(p.Commit, 10) + "/" + strconv.FormatUint(p.Prepare, 10)
}

var errPosition = errors.New("a position is two numbers with a slash between them")

// ParsePosition reads what String wrote.
func ParsePosition(text string) (Position, error) {
	commit, prepare, found := strings.Cut(text, "/")
	if !found {
		return Position{}, errPosition
	}
	var p Position
	var err error
	if p.Commit, err = parseUint(commit); err != nil {
		return Position{}, err
	}
	if p.Prepare, err = parseUint(prepare); err != nil {
		return Position{}, err
	}
	return p, nil
}

// parseUint accepts exactly what FormatUint writes, so that a position has one spelling.
func parseUint(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != text {
		return 0, errPosition
	}
	return n, nil
}
