package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"services.example/portal/domain/problem"
)

// The bounds of what is saved in one step of an application.
const (
	MaxDataBytes = 256 << 10 // bytes of JSON
	MaxDataDepth = 16        // objects and lists inside each other, the outermost counts
)

// maxNumberLength bounds a number's text. Together with the bounded exponent it keeps exact arithmetic cheap.
const (
	maxNumberLength = 40
	maxExponent     = 100
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
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return checkTokens(decoder)
}

// container is an object or a list that is open while its tokens are read.
type container struct {
	names map[string]bool // of an object's members; nil for a list
	value bool            // of an object: a name was read, its value comes next
}

func checkTokens(decoder *json.Decoder) error {
	var open []*container
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return problem.New(problem.Malformed, "invalid-json")
		}
		if delim, ok := token.(json.Delim); ok {
			switch delim {
			case '{':
				open = append(open, &container{names: map[string]bool{}})
			case '[':
				open = append(open, &container{})
			default:
				open = open[:len(open)-1]
				if len(open) > 0 {
					open[len(open)-1].value = false
				}
			}
			if len(open) > MaxDataDepth {
				return problem.New(problem.Invalid, "data-too-deep")
			}
			continue
		}
		if err := open[len(open)-1].check(token); err != nil {
			return err
		}
	}
}

// check takes a member's name, or a value that is neither object nor list.
func (c *container) check(token json.Token) error {
	text, isText := token.(string)
	if isText && strings.ContainsRune(text, 0) {
		return problem.New(problem.Invalid, "control-character")
	}
	if number, ok := token.(json.Number); ok && !sane(number) {
		return problem.New(problem.Invalid, "number-out-of-range")
	}
	if c.names == nil {
		return nil
	}
	if c.value {
		c.value = false
		return nil
	}
	if c.names[text] {
		return problem.New(problem.Malformed, "duplicate-member")
	}
	c.names[text], c.value = true, true
	return nil
}

// sane tells whether a number can be computed with exactly at little cost: 1e1000000000 is ten bytes of JSON and a
// gigabyte of digits.
func sane(n json.Number) bool {
	if len(n) > maxNumberLength {
		return false
	}
	at := strings.IndexAny(string(n), "eE")
	if at < 0 {
		return true
	}
	exponent, err := strconv.Atoi(string(n[at+1:]))
	return err == nil && -maxExponent <= exponent && exponent <= maxExponent
}

// decode reads a step's data. No data at all is an object without members. Numbers become float64, which cannot explode.
// Size is about how many members are expected.
func decode(raw json.RawMessage, size int) (map[string]any, error) {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 {
		return map[string]any{}, nil
	}
	object := make(map[string]any, size)
	if err := json.Unmarshal(raw, &object); err != nil {
		var mismatch *json.UnmarshalTypeError
		switch {
		case !errors.As(err, &mismatch):
			return nil, problem.New(problem.Malformed, "invalid-json")
		case strings.HasPrefix(mismatch.Value, "number "):
			return nil, problem.New(problem.Invalid, "number-out-of-range")
		default:
			return nil, problem.New(problem.Invalid, "not-an-object")
		}
	}
	if object == nil { // it said null
		return map[string]any{}, nil
	}
	dropBlank(object)
	return object, nil
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
