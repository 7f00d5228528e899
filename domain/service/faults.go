package service

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"services.example/portal/domain/problem"
)

// fault is something wrong with a value of a step's data.
type fault struct {
	tokens []string // the way to the value
	code   string
	params map[string]string
}

// faults translates what the validator says into what people are told, in the order of the fields.
func (s *formStep) faults(err error) []problem.Field {
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return []problem.Field{{Location: s.location(nil), Code: "invalid"}}
	}
	var found []fault
	collect(failed, &found)
	type placed struct {
		key   string
		field problem.Field
	}
	all := make([]placed, len(found))
	for i, f := range found {
		key, field := s.place(f.tokens)
		if f.code == "wrong-format" && field != nil {
			f.params = with(f.params, "example", field.example())
		}
		all[i] = placed{key, problem.Field{Location: s.location(f.tokens), Code: f.code, Params: f.params}}
	}
	slices.SortFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.field.Location, b.field.Location), cmp.Compare(a.field.Code, b.field.Code))
	})
	fields := make([]problem.Field, 0, len(all))
	for _, one := range all {
		last := len(fields) - 1
		if last >= 0 && fields[last].Location == one.field.Location && fields[last].Code == one.field.Code {
			continue // required both always and by a condition
		}
		fields = append(fields, one.field)
	}
	return fields
}

// location is where people find a value: the JSON pointer of it in the application.
func (s *formStep) location(tokens []string) string {
	var at strings.Builder
	at.WriteString("/steps/" + s.ID + "/data")
	for _, token := range tokens {
		at.WriteString("/" + escape(token))
	}
	return at.String()
}

// place finds the declaration of a value and a key that sorts values as their fields stand on the screen.
func (s *formStep) place(tokens []string) (key string, field *property) {
	path, where := "", strings.Builder{}
	for _, token := range tokens {
		if p, ok := s.fields[path+"/"+escape(token)]; ok {
			path, field = p.path, p
			fmt.Fprintf(&where, "/%08d", p.rank)
			continue
		}
		if index, err := strconv.Atoi(token); err == nil {
			path += "/*"
			fmt.Fprintf(&where, "/%08d", index)
			continue
		}
		field = nil
		where.WriteString("/~" + token) // what no schema declares comes last
	}
	return where.String(), field
}

// example is how a right value looks, or nothing.
func (p *property) example() string {
	if len(p.Examples) == 0 {
		return ""
	}
	text, _ := p.Examples[0].(string)
	return text
}

func with(params map[string]string, name, value string) map[string]string {
	if value != "" {
		params[name] = value
	}
	return params
}

// collect goes down to the faults themselves: an error with causes only says which keyword combined them.
func collect(err *jsonschema.ValidationError, found *[]fault) {
	at := err.InstanceLocation
	add := func(code string, params map[string]string) {
		*found = append(*found, fault{tokens: at, code: code, params: params})
	}
	inside := func(code string, names []string) {
		for _, name := range names {
			*found = append(*found, fault{tokens: append(slices.Clone(at), name), code: code})
		}
	}
	switch k := err.ErrorKind.(type) {
	case *kind.Required:
		inside("required", k.Missing)
	case *kind.DependentRequired:
		inside("required", k.Missing)
	case *kind.AdditionalProperties:
		inside("unknown-field", k.Properties)
	case *kind.Type:
		add("wrong-type", map[string]string{"type": strings.Join(k.Want, ", ")})
	case *kind.Enum:
		add("not-in-list", nil)
	case *kind.Const:
		if k.Want == true {
			add("not-accepted", nil)
		} else {
			add("not-in-list", nil)
		}
	case *kind.Format:
		add("wrong-format", map[string]string{"format": k.Want})
	case *kind.Pattern:
		add("wrong-format", map[string]string{"format": "pattern"})
	case *kind.MinLength:
		add("too-short", map[string]string{"min": strconv.Itoa(k.Want)})
	case *kind.MaxLength:
		add("too-long", map[string]string{"max": strconv.Itoa(k.Want)})
	case *kind.Minimum:
		add("out-of-range", map[string]string{"min": decimal(k.Want)})
	case *kind.ExclusiveMinimum:
		add("out-of-range", map[string]string{"above": decimal(k.Want)})
	case *kind.Maximum:
		add("out-of-range", map[string]string{"max": decimal(k.Want)})
	case *kind.ExclusiveMaximum:
		add("out-of-range", map[string]string{"below": decimal(k.Want)})
	case *kind.MultipleOf:
		add("wrong-step", map[string]string{"step": decimal(k.Want)})
	case *kind.MinItems:
		add("too-few", map[string]string{"min": strconv.Itoa(k.Want)})
	case *kind.MaxItems:
		add("too-many", map[string]string{"max": strconv.Itoa(k.Want)})
	case *kind.UniqueItems:
		add("repeated", nil)
	case *kind.FalseSchema:
		add("not-allowed", nil)
	case *kind.AnyOf, *kind.OneOf, *kind.Not, *kind.Contains:
		add("invalid", nil) // the branches contradict each other: none of their faults is the one to name
	default:
		if len(err.Causes) == 0 {
			add("invalid", nil)
		}
		for _, cause := range err.Causes {
			collect(cause, found)
		}
	}
}

// decimal writes a bound as people write numbers.
func decimal(n *big.Rat) string {
	if n.IsInt() {
		return n.Num().String()
	}
	return strings.TrimRight(n.FloatString(6), "0")
}
