package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"services.example/portal/domain/problem"
)

// The bounds of what is saved in one step of an application.
const (
	MaxDataBytes = 256 << 10 // bytes of JSON
	MaxDataDepth = 16        // objects and lists inside each other, the outermost counts
)

// CheckData tells whether raw may be saved as the data of a step at all, whatever its form says: one JSON object in valid
// UTF-8, within MaxDataBytes and MaxDataDepth, no member named twice, no NUL, no number of absurd size. The error is a
// problem: data-too-large, invalid-utf8, invalid-json, duplicate-member, not-an-object, data-too-deep, number-out-of-range
// or control-character.
func CheckData(raw json.RawMessage) error {
	switch {
	case len(raw) > MaxDataBytes:
		return problem.New(problem.TooLarge, "data-too-large")
	case !utf8.Valid(raw):
		return problem.New(problem.Malformed, "invalid-utf8")
	case !json.Valid(raw):
		return problem.New(problem.Malformed, "invalid-json")
	case bytes.TrimLeft(raw, " \t\r\n")[0] != '{':
		return problem.New(problem.Invalid, "not-an-object")
	}
	if code, kind := scan(string(raw)); code != "" {
		return problem.New(kind, code)
	}
	return nil
}

// decode reads a step's data. No data at all is an object without members. Numbers become float64, which cannot explode.
func decode(raw json.RawMessage) (map[string]any, error) {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 {
		return map[string]any{}, nil
	}
	var value any // faster than a map: the decoder needs no reflection
	if err := json.Unmarshal(raw, &value); err != nil {
		var number *json.UnmarshalTypeError
		if errors.As(err, &number) {
			return nil, problem.New(problem.Invalid, "number-out-of-range")
		}
		return nil, problem.New(problem.Malformed, "invalid-json")
	}
	switch object := value.(type) {
	case nil:
		return map[string]any{}, nil
	case map[string]any:
		dropBlank(object)
		return object, nil
	default:
		return nil, problem.New(problem.Invalid, "not-an-object")
	}
}

// dropBlank removes the members that a person left empty: a form sends "" for a field that nobody touched, and spaces or
// a list of nothing are no answer either.
func dropBlank(value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if blank(member) {
				delete(value, name)
			} else {
				dropBlank(member)
			}
		}
	case []any:
		for _, item := range value {
			dropBlank(item)
		}
	}
}

func blank(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(value) == ""
	case []any:
		return len(value) == 0
	default:
		return false
	}
}
