package sentences

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"services.example/portal/domain/calendar"
	"services.example/portal/domain/text"
)

// sentence is a text with gaps that an event fills.
type sentence []part

// part is words, or a gap, or several of both that are left out together.
type part struct {
	words    string
	gap      *gap
	optional sentence
}

// gap is a place for a member of an event.
type gap struct {
	path  [][]int // of fields, one a level
	words map[string]text.Text
	in    text.Language
}

// longest is how many characters of what a person wrote a sentence repeats.
const longest = 120

var errBrackets = errors.New("brackets that do not fit")

// parse reads a sentence for a type of events. Error: a gap that is no member, brackets that do not fit.
func parse(words string, event reflect.Type, l text.Language, values map[string]map[string]text.Text) (sentence, error) {
	var s sentence
	for words != "" {
		at := strings.IndexAny(words, "{}[]")
		if at < 0 {
			return append(s, part{words: words}), nil
		}
		if at > 0 {
			s = append(s, part{words: words[:at]})
		}
		closing := map[byte]string{'{': "}", '[': "]"}[words[at]]
		inside, rest, found := strings.Cut(words[at+1:], closing)
		if closing == "" || !found {
			return nil, errBrackets
		}
		words = rest
		if closing == "]" {
			optional, err := parse(inside, event, l, values)
			if err != nil {
				return nil, err
			}
			s = append(s, part{optional: optional})
			continue
		}
		g, err := newGap(inside, event)
		if err != nil {
			return nil, err
		}
		g.words, g.in = values[inside[strings.LastIndexByte(inside, '.')+1:]], l
		s = append(s, part{gap: g})
	}
	return s, nil
}

// newGap finds the member that a gap names.
func newGap(name string, event reflect.Type) (*gap, error) {
	g := &gap{}
	for member := range strings.SplitSeq(name, ".") {
		if event.Kind() == reflect.Pointer {
			event = event.Elem()
		}
		field, found := memberOf(event, member)
		if !found {
			return nil, fmt.Errorf("{%s}: %s has no member %s", name, event, member)
		}
		g.path = append(g.path, field.Index)
		event = field.Type
	}
	return g, nil
}

func memberOf(t reflect.Type, member string) (reflect.StructField, bool) {
	if t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for i := range t.NumField() {
		if tag, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); tag == member {
			return t.Field(i), true
		}
	}
	return reflect.StructField{}, false
}

// say tells who did what.
func (s sentence) say(actor string, event reflect.Value) string {
	var out strings.Builder
	out.Grow(128)
	out.WriteString(actor)
	out.WriteString(": ")
	s.write(&out, event)
	return out.String()
}

// nothing stands for what is empty.
const nothing = "—"

func (s sentence) write(out *strings.Builder, event reflect.Value) {
	for i := range s {
		switch p := &s[i]; {
		case p.gap != nil:
			if said := p.gap.fill(event); said != "" {
				out.WriteString(said)
			} else {
				out.WriteString(nothing)
			}
		case p.optional != nil:
			if p.optional.complete(event) {
				p.optional.write(out, event)
			}
		default:
			out.WriteString(p.words)
		}
	}
}

func (s sentence) complete(event reflect.Value) bool {
	for i := range s {
		if g := s[i].gap; g != nil && g.fill(event) == "" {
			return false
		}
	}
	return true
}

// fill words a member; nothing for one that is empty.
func (g *gap) fill(value reflect.Value) string {
	for _, index := range g.path {
		if value.Kind() == reflect.Pointer {
			if value.IsNil() {
				return ""
			}
			value = value.Elem()
		}
		value = value.FieldByIndex(index)
	}
	return g.word(value)
}

func (g *gap) word(value reflect.Value) string {
	switch value.Kind() { //nolint:exhaustive // other kinds are not in sentences: a test fills every one of them
	case reflect.String:
		return g.named(value.String())
	case reflect.Bool:
		return g.named(strconv.FormatBool(value.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(value.Int(), 10)
	case reflect.Slice:
		list := make([]string, value.Len())
		for i := range list {
			list[i] = g.word(value.Index(i))
		}
		return strings.Join(list, ", ")
	case reflect.Struct:
		switch v := value.Interface().(type) {
		case time.Time:
			if v.IsZero() {
				return ""
			}
			return calendar.Local(v).Format("2006-01-02 15:04:05")
		case text.Text:
			return v.In(g.in)
		}
	}
	return ""
}

// named is what a value is called, or the value itself on one line, shortened.
func (g *gap) named(value string) string {
	if words, known := g.words[value]; known {
		return words.In(g.in)
	}
	return short(value)
}

// short keeps a text on one line and to its first characters. What would move a terminal's cursor or turn the direction
// of writing is left out.
func short(words string) string {
	plain := true
	for i := range len(words) {
		if b := words[i]; b < ' ' || b >= utf8.RuneSelf || b == 0x7f {
			plain = false
			break
		}
	}
	if plain && len(words) <= longest {
		return words
	}
	clean := strings.Join(strings.FieldsFunc(words, func(r rune) bool { return r <= ' ' || disturbs(r) }), " ")
	count := 0
	for at := range clean {
		if count == longest {
			return clean[:at] + "…"
		}
		count++
	}
	return clean
}

// disturbs tells whether a character is a control character or changes the direction of writing.
func disturbs(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r <= 0x9f, r == utf8.RuneError:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c:
		return true
	default:
		return r == 0x2028 || r == 0x2029
	}
}
