package service

import (
	"math"
	"math/big"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// acceptor tells whether a schema takes a value, without saying why not. Most data is right, and the validator spends most
// of its time on keeping track of where it is for faults that there are none of.
type acceptor func(value any) bool

// acceptorOf makes the acceptor of a schema: out of what forms are made of directly, and out of the validator for the rest.
func acceptorOf(s *jsonschema.Schema) acceptor {
	for _, of := range []func(*jsonschema.Schema) acceptor{textAcceptor, constAcceptor, numberAcceptor, listAcceptor, objectAcceptor} {
		if accept := of(s); accept != nil {
			return accept
		}
	}
	return func(value any) bool { return s.Validate(value) == nil }
}

// annotationsOnly are the fields of a schema that assert nothing.
var annotationsOnly = []string{
	"DraftVersion", "Location", "Title", "Description", "Default", "Comment", "ReadOnly", "WriteOnly", "Examples", "Deprecated",
}

// asserts tells whether a schema asserts nothing but by these keywords. It looks at all fields there are, so that a keyword
// that nobody thought of here is left to the validator.
func asserts(s *jsonschema.Schema, keywords ...string) bool {
	all := reflect.ValueOf(s).Elem()
	for i := range all.NumField() {
		field := all.Type().Field(i)
		if !field.IsExported() || all.Field(i).IsZero() {
			continue
		}
		if !slices.Contains(annotationsOnly, field.Name) && !slices.Contains(keywords, field.Name) {
			return false
		}
	}
	return true
}

// onlyType tells whether a schema asks for this type and no other.
func onlyType(s *jsonschema.Schema, name string) bool {
	return s.Types != nil && slices.Equal(s.Types.ToStrings(), []string{name})
}

func textAcceptor(s *jsonschema.Schema) acceptor {
	if !asserts(s, "Types", "Enum", "Format", "MinLength", "MaxLength", "Pattern") {
		return nil
	}
	if s.Enum == nil && !onlyType(s, "string") || s.Types != nil && !onlyType(s, "string") {
		return nil
	}
	var options []string
	if s.Enum != nil {
		for _, option := range s.Enum.Values {
			text, ok := option.(string)
			if !ok {
				return nil
			}
			options = append(options, text)
		}
	}
	return func(value any) bool {
		text, ok := value.(string)
		if !ok || s.Enum != nil && !slices.Contains(options, text) {
			return false
		}
		if s.MinLength != nil || s.MaxLength != nil {
			length := utf8.RuneCountInString(text)
			if s.MinLength != nil && length < *s.MinLength || s.MaxLength != nil && length > *s.MaxLength {
				return false
			}
		}
		return (s.Pattern == nil || s.Pattern.MatchString(text)) && (s.Format == nil || s.Format.Validate(value) == nil)
	}
}

func constAcceptor(s *jsonschema.Schema) acceptor {
	if s.Const == nil || !asserts(s, "Types", "Const") {
		return nil
	}
	switch want := (*s.Const).(type) {
	case string:
		if s.Types == nil || onlyType(s, "string") {
			return func(value any) bool { return value == want }
		}
	case bool:
		if s.Types == nil || onlyType(s, "boolean") {
			return func(value any) bool { return value == want }
		}
	}
	return nil
}

// numberAcceptor is the acceptor of numbers within bounds. A bound that is no exact float64 is left to the validator.
func numberAcceptor(s *jsonschema.Schema) acceptor {
	whole := onlyType(s, "integer")
	if !whole && !onlyType(s, "number") || !asserts(s, "Types", "Minimum", "Maximum", "ExclusiveMinimum", "ExclusiveMaximum") {
		return nil
	}
	exact := true
	bound := func(bound *big.Rat, absent float64) float64 {
		if bound == nil {
			return absent
		}
		value, is := bound.Float64()
		exact = exact && is
		return value
	}
	least, most := bound(s.Minimum, math.Inf(-1)), bound(s.Maximum, math.Inf(1))
	above, below := bound(s.ExclusiveMinimum, math.Inf(-1)), bound(s.ExclusiveMaximum, math.Inf(1))
	if !exact {
		return nil
	}
	return func(value any) bool {
		n, ok := value.(float64)
		return ok && (!whole || n == math.Trunc(n)) && least <= n && n <= most && above < n && n < below
	}
}

// listAcceptor is the acceptor of lists whose items all have one schema.
func listAcceptor(s *jsonschema.Schema) acceptor {
	if !onlyType(s, "array") || !asserts(s, "Types", "MinItems", "MaxItems", "Items2020") {
		return nil
	}
	item := func(any) bool { return true }
	if s.Items2020 != nil {
		item = acceptorOf(s.Items2020)
	}
	return func(value any) bool {
		list, ok := value.([]any)
		if !ok || s.MinItems != nil && len(list) < *s.MinItems || s.MaxItems != nil && len(list) > *s.MaxItems {
			return false
		}
		for _, one := range list {
			if !item(one) {
				return false
			}
		}
		return true
	}
}

func objectAcceptor(s *jsonschema.Schema) acceptor {
	if !asserts(s, "Types", "Properties", "Required", "AdditionalProperties", "DependentRequired", "AllOf", "If", "Then", "Else") {
		return nil
	}
	open, isBool := s.AdditionalProperties.(bool)
	if s.Types != nil && !onlyType(s, "object") || s.AdditionalProperties != nil && !isBool {
		return nil
	}
	closed := isBool && !open
	fields := make(map[string]acceptor, len(s.Properties))
	for name, property := range s.Properties {
		fields[name] = acceptorOf(property)
	}
	var all []acceptor
	for _, schema := range s.AllOf {
		all = append(all, acceptorOf(schema))
	}
	branch := branchAcceptor(s)
	return func(value any) bool {
		object, ok := value.(map[string]any)
		if !ok && s.Types != nil {
			return false
		}
		if !has(object, s.Required) && ok {
			return false
		}
		for name, member := range object {
			accept, known := fields[name]
			if known && !accept(member) || !known && closed || !has(object, s.DependentRequired[name]) {
				return false
			}
		}
		for _, accept := range all {
			if !accept(value) {
				return false
			}
		}
		return branch(value)
	}
}

// branchAcceptor is the acceptor of if, then and else.
func branchAcceptor(s *jsonschema.Schema) acceptor {
	always := func(any) bool { return true }
	if s.If == nil {
		return always
	}
	condition, then, otherwise := acceptorOf(s.If), acceptor(always), acceptor(always)
	if s.Then != nil {
		then = acceptorOf(s.Then)
	}
	if s.Else != nil {
		otherwise = acceptorOf(s.Else)
	}
	return func(value any) bool {
		if condition(value) {
			return then(value)
		}
		return otherwise(value)
	}
}

func has(object map[string]any, names []string) bool {
	for _, name := range names {
		if _, ok := object[name]; !ok {
			return false
		}
	}
	return true
}
