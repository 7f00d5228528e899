// Package identity parses what identifies or reaches a person or an organisation: IIN, BIN, phone, e-mail, names,
// account numbers, passwords. A value that was parsed once is valid ever after.
package identity

import (
	"maps"
	"strconv"

	"services.example/portal/domain/problem"
)

// Error is what is wrong with one value. It never holds the value. Params fill the gaps of the message, such as max.
type Error struct {
	Code   string
	Params map[string]string
}

// Error gives the code.
func (e *Error) Error() string { return e.Code }

// Field is the fault at a field of the input.
func (e *Error) Field(location string) problem.Field {
	return problem.Field{Location: location, Code: e.Code, Params: maps.Clone(e.Params)}
}

func fault(code string) *Error { return &Error{Code: code} }

func required() *Error { return fault("required") }

func tooLong(limit int) *Error {
	return &Error{Code: "too-long", Params: map[string]string{"max": strconv.Itoa(limit)}}
}

func tooShort(limit int) *Error {
	return &Error{Code: "too-short", Params: map[string]string{"min": strconv.Itoa(limit)}}
}
