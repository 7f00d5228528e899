package service

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"services.example/portal/domain/problem"
)

// The bounds of a number's text. They keep exact arithmetic cheap for whoever computes with it later.
const (
	maxNumberLength = 40
	maxExponent     = 100
)

// fewNames is how many members an object has before its names are looked up rather than compared one by one.
const fewNames = 32

// scanner walks over JSON that is known to be valid, once and without building it.
type scanner struct {
	text  string
	at    int
	open  []container // the objects and lists that are not closed yet
	names []string    // of the members of all open objects, each object's own from its first on
}

type container struct {
	object bool
	value  bool            // of an object: a name was read, its value comes next
	first  int             // of its names
	many   map[string]bool // of its names, where they are many
}

// scanned is what a scan finds.
type scanned struct {
	code   string // of the first thing that may not be saved, or nothing
	kind   problem.Kind
	spaced bool // there is white space between tokens
}

// scan looks through a JSON text, which is valid.
func scan(text string) (found scanned) {
	var open [MaxDataDepth]container
	var names [fewNames]string
	s := scanner{text: text, open: open[:0], names: names[:0]}
	for s.at < len(text) {
		switch c := text[s.at]; {
		case c == '{' || c == '[':
			if len(s.open) == MaxDataDepth {
				return scanned{code: "data-too-deep", kind: problem.Invalid}
			}
			s.open = append(s.open, container{object: c == '{', first: len(s.names)})
			s.at++
		case c == '}' || c == ']':
			s.names = s.names[:s.top().first]
			s.open = s.open[:len(s.open)-1]
			s.at++
		case c == ',':
			s.top().value = false
			s.at++
		case c == '"':
			if code, kind := s.string(); code != "" {
				return scanned{code: code, kind: kind}
			}
		case c == '-' || '0' <= c && c <= '9':
			if !sane(s.number()) {
				return scanned{code: "number-out-of-range", kind: problem.Invalid}
			}
		default: // a colon, white space, or a letter of true, false, null
			found.spaced = found.spaced || c <= ' '
			s.at++
		}
	}
	return found
}

func (s *scanner) top() *container { return &s.open[len(s.open)-1] }

// string reads a text or a member's name.
func (s *scanner) string() (code string, kind problem.Kind) {
	start, escaped := s.at, false
	for s.at++; ; s.at++ {
		c := s.text[s.at]
		if c == '"' {
			break
		}
		if c == '\\' {
			escaped = true
			s.at++
		}
	}
	content := s.text[start+1 : s.at]
	s.at++
	if escaped {
		content = unescaped(s.text[start:s.at])
		if strings.ContainsRune(content, 0) { // unescaped it is not valid at all
			return "control-character", problem.Invalid
		}
	}
	if in := s.top(); in.object && !in.value {
		in.value = true
		if s.seen(in, content) {
			return "duplicate-member", problem.Malformed
		}
	}
	return "", 0
}

// unescaped reads a text with its quotes. It is a function of its own so that texts without escapes cost no memory.
func unescaped(quoted string) (content string) {
	if json.Unmarshal([]byte(quoted), &content) != nil {
		return quoted // cannot happen: the text is valid
	}
	return content
}

// seen remembers a name of an object, and tells whether the object had it before.
func (s *scanner) seen(in *container, name string) bool {
	if in.many != nil {
		had := in.many[name]
		in.many[name] = true
		return had
	}
	own := s.names[in.first:]
	if slices.Contains(own, name) {
		return true
	}
	s.names = append(s.names, name)
	if len(own) == fewNames {
		in.many = make(map[string]bool, 2*fewNames)
		for _, name := range s.names[in.first:] {
			in.many[name] = true
		}
	}
	return false
}

// number reads one.
func (s *scanner) number() string {
	start := s.at
	for s.at < len(s.text) && strings.IndexByte("+-.0123456789eE", s.text[s.at]) >= 0 {
		s.at++
	}
	return s.text[start:s.at]
}

// sane tells whether a number can be computed with exactly at little cost: 1e1000000000 is ten bytes of JSON and a
// gigabyte of digits.
func sane(number string) bool {
	if len(number) > maxNumberLength {
		return false
	}
	at := strings.IndexAny(number, "eE")
	if at < 0 {
		return true
	}
	exponent, err := strconv.Atoi(number[at+1:])
	return err == nil && -maxExponent <= exponent && exponent <= maxExponent
}
