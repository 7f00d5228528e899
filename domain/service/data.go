package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"services.example/portal/domain/problem"
)

// The bounds of what is saved in one step of an application.
const (
	MaxDataBytes = 256 << 10 // bytes of JSON
	MaxDataDepth = 16        // objects and lists inside each other, the outermost counts
)

// Data is what a person saves in one step, read once: that it may be saved at all is known, whatever its form says.
type Data struct {
	JSON json.RawMessage // one JSON object without white space between its tokens

	values map[string]any // without what was left empty
}

// ReadData reads what is to be saved: one JSON object in valid UTF-8, within MaxDataBytes and MaxDataDepth, no member named
// twice, no NUL, no number of absurd size. The data may share raw's memory. The error is a problem: data-too-large,
// invalid-utf8, invalid-json, duplicate-member, not-an-object, data-too-deep, number-out-of-range or control-character.
func ReadData(raw json.RawMessage) (Data, error) {
	if len(raw) > MaxDataBytes {
		return Data{}, problem.New(problem.TooLarge, "data-too-large")
	}
	if !utf8.Valid(raw) {
		return Data{}, problem.New(problem.Malformed, "invalid-utf8")
	}
	value, err := parse(raw)
	if err != nil && !json.Valid(raw) {
		return Data{}, problem.New(problem.Malformed, "invalid-json")
	}
	if bytes.TrimLeft(raw, " \t\r\n")[0] != '{' {
		return Data{}, problem.New(problem.Invalid, "not-an-object")
	}
	found := scan(string(raw))
	if found.code != "" {
		return Data{}, problem.New(found.kind, found.code)
	}
	object, ok := value.(map[string]any)
	if err != nil || !ok {
		return Data{}, problem.New(problem.Invalid, "number-out-of-range") // valid, and yet beyond a number of 64 bits
	}
	if found.spaced {
		compact := jsontext.Value(bytes.Clone(raw))
		if err := compact.Compact(); err != nil {
			return Data{}, problem.New(problem.Malformed, "invalid-json")
		}
		raw = json.RawMessage(compact)
	}
	dropBlank(object)
	return Data{JSON: raw, values: object}, nil
}

// parse reads JSON. Numbers become float64, which cannot explode.
func parse(raw []byte) (value any, err error) {
	err = jsonv2.Unmarshal(raw, &value, jsontext.AllowInvalidUTF8(true)) // half a surrogate pair is invalid only in theory
	return value, err
}

// decode reads a step's data as it is stored. No data at all is an object without members.
func decode(raw json.RawMessage) (map[string]any, error) {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 {
		return map[string]any{}, nil
	}
	value, err := parse(raw)
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntax):
		return nil, problem.New(problem.Malformed, "invalid-json")
	case err != nil:
		return nil, problem.New(problem.Invalid, "number-out-of-range")
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
