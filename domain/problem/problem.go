// Package problem holds the one kind of error that the portal's rules give to people: what is wrong, by a stable code,
// and where. Words for it are chosen where it is shown, in the reader's language.
package problem

import (
	"errors"
	"strings"
	"time"
)

// Kind says what sort of refusal a problem is. The HTTP status follows from it.
type Kind int

// The kinds of problems.
const (
	Invalid         Kind = iota + 1 // the input breaks a rule (422)
	Malformed                       // the input cannot be read at all (400)
	Unauthenticated                 // nobody is signed in, or the credentials are wrong (401)
	NotFound                        // it does not exist, or it is not the caller's to see (404)
	WrongState                      // the state does not allow it now (409)
	Gone                            // it existed, but its time has passed (410)
	Stale                           // the caller decided on an older state (412)
	TooLarge                        // more bytes than allowed (413)
	WrongType                       // a kind of content that is not accepted (415)
	TooMany                         // too often (429)
	Unavailable                     // cannot be answered now (503)
	NotAllowed                      // this is not done here (405)
	Forbidden                       // a request that the caller's browser was tricked into (403)
)

// Problem is a refusal. Code is stable and kebab-case; Fields says where, for input.
type Problem struct { //nolint:errname // the word of RFC 9457
	Kind       Kind
	Code       string
	Fields     []Field
	RetryAfter time.Duration // for TooMany and Unavailable: when to try again
}

// Field is one thing wrong with the input. Location is the path of the field as the caller wrote it, such as email or
// /steps/question/data/text. Params fill the gaps of the message, such as max.
type Field struct {
	Location string
	Code     string
	Params   map[string]string
}

// New returns a problem without fields.
func New(kind Kind, code string) *Problem { return &Problem{Kind: kind, Code: code} }

// Input returns the problem of input with these faults, or nil if there are none.
func Input(fields ...Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Problem{Kind: Invalid, Code: "invalid", Fields: fields}
}

// Error names the codes, never the values.
func (p *Problem) Error() string {
	if len(p.Fields) == 0 {
		return p.Code
	}
	parts := make([]string, len(p.Fields))
	for i, f := range p.Fields {
		parts[i] = f.Location + ": " + f.Code
	}
	return p.Code + " (" + strings.Join(parts, ", ") + ")"
}

// Is makes errors.Is compare problems by kind and code.
func (p *Problem) Is(target error) bool {
	other, ok := target.(*Problem)
	return ok && p.Kind == other.Kind && p.Code == other.Code
}

// Has tells whether err is a problem with this code.
func Has(err error, code string) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == code
}
