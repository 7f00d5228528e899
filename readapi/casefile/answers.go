package casefile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"services.example/portal/domain/text"
	"services.example/portal/infra/casebundle/report"
)

// field is what a form's schema says of a value to people.
type field struct {
	Title      text.Text            `json:"title"`
	Properties fields               `json:"properties"`
	Items      *field               `json:"items"`
	EnumTitles map[string]text.Text `json:"x-enum-titles"`
}

// UnmarshalJSON takes a schema whose title is no text of the portal, or that is no object, for one that says nothing.
func (f *field) UnmarshalJSON(raw []byte) error {
	type plain field
	var read plain
	if json.Unmarshal(raw, &read) == nil {
		*f = field(read)
	}
	return nil
}

// fields are those of an object, in the order of the schema's text, which is that of the screen.
type fields []named

type named struct {
	name  string
	field field
}

// UnmarshalJSON reads an object's members in their order.
func (f *fields) UnmarshalJSON(raw []byte) error {
	from := json.NewDecoder(bytes.NewReader(raw))
	if _, err := from.Token(); err != nil {
		return err
	}
	for from.More() {
		name, err := from.Token()
		if err != nil {
			return err
		}
		one := named{name: fmt.Sprint(name)}
		if err := from.Decode(&one.field); err != nil {
			return err
		}
		*f = append(*f, one)
	}
	return nil
}

// answers lists what was filled in at a step, with the names that the form gave it then.
func answers(schema, data json.RawMessage, l text.Language) []report.Fact {
	var form field
	_ = form.UnmarshalJSON(schema) // never fails
	from := json.NewDecoder(bytes.NewReader(data))
	from.UseNumber()
	var values map[string]any
	if len(data) == 0 || from.Decode(&values) != nil {
		return nil
	}
	return form.facts(values, "", l)
}

const deepest = 16 // objects and lists inside each other: more is never saved

func (f *field) facts(values map[string]any, before string, l text.Language) []report.Fact {
	var list []report.Fact
	for _, name := range f.order(values) {
		one := f.find(name)
		label := cmp.Or(one.Title.In(l), name)
		if before != "" {
			label = before + " · " + label
		}
		list = append(list, one.value(values[name], label, l)...)
	}
	return list
}

func (f *field) value(value any, label string, l text.Language) []report.Fact {
	switch v := value.(type) {
	case map[string]any:
		if strings.Count(label, " · ") < deepest {
			return f.facts(v, label, l)
		}
		return nil
	case []any:
		return f.list(v, label, l)
	default:
		return []report.Fact{{Label: label, Value: f.word(v, l)}}
	}
}

func (f *field) list(values []any, label string, l text.Language) []report.Fact {
	item := f.Items
	if item == nil {
		item = &field{}
	}
	var words []string
	var list []report.Fact
	for i, value := range values {
		switch v := value.(type) {
		case map[string]any, []any:
			if strings.Count(label, " · ") < deepest {
				list = append(list, item.value(v, label+" · "+strconv.Itoa(i+1), l)...)
			}
		default:
			words = append(words, item.word(v, l))
		}
	}
	if len(words) > 0 {
		list = append([]report.Fact{{Label: label, Value: strings.Join(words, ", ")}}, list...)
	}
	return list
}

func (f *field) word(value any, l text.Language) string {
	switch v := value.(type) {
	case nil:
		return "—"
	case bool:
		if v {
			return words["yes"].In(l)
		}
		return words["no"].In(l)
	default:
		said := fmt.Sprint(v)
		return cmp.Or(f.EnumTitles[said].In(l), said)
	}
}

func (f *field) find(name string) *field {
	for i := range f.Properties {
		if f.Properties[i].name == name {
			return &f.Properties[i].field
		}
	}
	return &field{}
}

// order lists the members of an object: those that the form names first, in its order, then the others by name.
func (f *field) order(values map[string]any) []string {
	list := make([]string, 0, len(values))
	for i := range f.Properties {
		if _, there := values[f.Properties[i].name]; there {
			list = append(list, f.Properties[i].name)
		}
	}
	known := len(list)
	for name := range values {
		if !slices.Contains(list[:known], name) {
			list = append(list, name)
		}
	}
	slices.Sort(list[known:])
	return list
}
