package feed

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// form is what a value looks like in JSON.
type form int

const (
	text form = iota
	pseudonym
	boolean
	whole
	fraction
	moment
	octets
	anything
	record
	list
	mapping
	orNull
)

// shape is what is given of a type: found once, so that no event pays for it. Schemas are made of it, too, so that they
// cannot say anything else.
type shape struct {
	form     form
	of       string // of a pseudonym: what it stands for
	name     string // of a record
	elem     *shape // of a list, a mapping, or what may be null
	members  []member
	withheld []string // names of members that are not given
	open     []string // those of them of which nobody has said so, with the name of their struct
}

// member is a member of a record.
type member struct {
	name     string
	quoted   string // with a colon after it
	index    int    // of the struct's field
	optional bool   // left out when it is zero
	shape    *shape
}

// builder makes the shapes of one aggregate.
type builder struct {
	public bool
	made   map[reflect.Type]*shape // records, which may contain themselves
}

func newBuilder(public bool) *builder {
	return &builder{public: public, made: map[reflect.Type]*shape{}}
}

func (b *builder) shapeOf(t reflect.Type) (*shape, error) {
	if made := b.made[t]; made != nil {
		return made, nil
	}
	s := &shape{form: record, name: t.Name()}
	b.made[t] = s
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Tag.Get("personal") == "true" {
			s.withheld = append(s.withheld, name)
			continue
		}
		choice := b.choose(t, name)
		of, err := b.valueOf(field.Type, choice)
		if err != nil {
			return nil, fmt.Errorf("member %s: %w", name, err)
		}
		if of == nil {
			s.withheld = append(s.withheld, name)
			if choice == notChosen {
				s.open = append(s.open, t.Name()+"."+name)
			}
			continue
		}
		s.members = append(s.members, member{
			name: name, quoted: `"` + name + `":`, index: i, optional: strings.Contains(options, "omit"), shape: of,
		})
	}
	return s, nil
}

// choose says what is given of the texts in a member.
func (b *builder) choose(owner reflect.Type, name string) string {
	if b.public {
		return givenAsItIs
	}
	if choice, made := choices[owner.Name()+"."+name]; made {
		return choice
	}
	if choice, made := choices[name]; made {
		return choice
	}
	return notChosen
}

// valueOf is the shape of a value; nil: it is withheld.
func (b *builder) valueOf(t reflect.Type, choice string) (*shape, error) {
	switch {
	case choice == withheld:
		return nil, nil
	case t == reflect.TypeFor[time.Time]():
		return &shape{form: moment}, nil
	case t == reflect.TypeFor[json.RawMessage](), encodesItself(t):
		return b.publicOnly(anything), nil
	}
	switch t.Kind() { // the codec refuses the other kinds
	case reflect.String:
		return textOf(t, choice), nil
	case reflect.Bool:
		return &shape{form: boolean}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &shape{form: whole}, nil
	case reflect.Float32, reflect.Float64:
		return &shape{form: fraction}, nil
	case reflect.Struct:
		return b.shapeOf(t)
	case reflect.Pointer:
		return b.around(orNull, t.Elem(), choice)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return b.publicOnly(octets), nil
		}
		return b.around(list, t.Elem(), choice)
	case reflect.Map:
		if !b.public {
			return nil, nil // its keys may be anything
		}
		return b.around(mapping, t.Elem(), choice)
	default:
		return nil, fmt.Errorf("%s has no published form", t)
	}
}

// textOf is what is given of a text. A type of its own is a list of codes, and is given.
func textOf(t reflect.Type, choice string) *shape {
	switch {
	case choice == givenAsItIs, choice == notChosen && t.PkgPath() != "":
		return &shape{form: text}
	case choice == notChosen:
		return nil
	default:
		return &shape{form: pseudonym, of: choice}
	}
}

func (b *builder) around(f form, elem reflect.Type, choice string) (*shape, error) {
	inner, err := b.valueOf(elem, choice)
	if inner == nil || err != nil {
		return nil, err
	}
	return &shape{form: f, elem: inner}, nil
}

func (b *builder) publicOnly(f form) *shape {
	if !b.public {
		return nil
	}
	return &shape{form: f}
}

func encodesItself(t reflect.Type) bool {
	for _, method := range []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()} {
		if t.Implements(method) || reflect.PointerTo(t).Implements(method) {
			return true
		}
	}
	return false
}

// NotChosen names the members of published events of which nobody has said what is given: they are withheld, but not on
// purpose.
func (f *Feed) NotChosen() []string {
	found, seen := []string{}, map[*shape]bool{}
	for _, k := range f.ordered {
		if k.published {
			found = append(found, k.shape.notChosen(seen)...)
		}
	}
	return found
}

func (s *shape) notChosen(seen map[*shape]bool) []string {
	if s == nil || seen[s] {
		return nil
	}
	seen[s] = true
	found := append(slices.Clone(s.open), s.elem.notChosen(seen)...)
	for i := range s.members {
		found = append(found, s.members[i].shape.notChosen(seen)...)
	}
	return found
}
