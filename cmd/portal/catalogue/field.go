package catalogue

import (
	"encoding/json"
	"fmt"
	"strings"

	"services.example/portal/domain/text"
)

// fieldFile is a field of a step, written as people think of it, or the name of a group of shared fields.
type fieldFile struct {
	Use          string         `yaml:"use"` // name of a file in fields
	ID           string         `yaml:"id"`
	Type         string         `yaml:"type"`
	Title        text.Text      `yaml:"title"`
	Description  *text.Text     `yaml:"description"`
	Required     bool           `yaml:"required"`
	RequiredWhen *conditionFile `yaml:"requiredWhen"`
	Prefill      prefillFile    `yaml:"prefill"`
	Examples     []any          `yaml:"examples"`
	MinLength    int            `yaml:"minLength"`
	MaxLength    int            `yaml:"maxLength"`
	Pattern      string         `yaml:"pattern"`
	Min          *float64       `yaml:"min"`
	Max          *float64       `yaml:"max"`
	Unit         string         `yaml:"unit"`
	Options      []optionFile   `yaml:"options"`
	MinItems     int            `yaml:"minItems"`
	MaxItems     int            `yaml:"maxItems"`
	Fields       []fieldFile    `yaml:"fields"`
}

// conditionFile makes a field required when another field has one of these values, or simply any.
type conditionFile struct {
	Field string `yaml:"field"`
	Is    []any  `yaml:"is"`
}

type optionFile struct {
	Value string    `yaml:"value"`
	Title text.Text `yaml:"title"`
}

// prefillFile is one place in the client card, or several of which the first that has something counts.
type prefillFile []string

// UnmarshalYAML reads a string or a list.
func (p *prefillFile) UnmarshalYAML(unmarshal func(any) error) error {
	var one string
	if unmarshal(&one) == nil {
		*p = prefillFile{one}
		return nil
	}
	var many []string
	if err := unmarshal(&many); err != nil {
		return err
	}
	*p = many
	return nil
}

// The longest answers, in characters, where a field does not say.
const (
	lineLength  = 300
	textLength  = 4000
	rowsInAList = 50
)

// textTypes are the types of fields whose value is text of a format.
var textTypes = map[string]string{
	"date": "date", "email": "email", "phone": "kz-phone", "iin": "iin", "bin": "bin", "iin-or-bin": "iin-or-bin", "iban": "iban-kz",
}

func (l *loader) schema(file, at string, step stepFile) (json.RawMessage, error) {
	schema, err := l.object(file, at, step.Fields)
	if err != nil {
		return nil, err
	}
	if step.Description != nil {
		schema = append(schema, pair{"description", step.Description})
	}
	return json.Marshal(schema)
}

// object makes the schema of an object with these fields.
func (l *loader) object(file, at string, written []fieldFile) (object, error) {
	fields, err := l.expand(at, written)
	if err != nil {
		return nil, err
	}
	properties := object{}
	var required []string
	var conditions []object
	dependent := object{}
	known := map[string]bool{}
	for i, f := range fields {
		at := fmt.Sprintf("%s.fields[%d]", at, i)
		if f.ID == "" {
			return nil, fmt.Errorf("%s.id: a field needs one", at)
		}
		if known[f.ID] {
			return nil, fmt.Errorf("%s.id: there are two fields %s", at, f.ID)
		}
		known[f.ID] = true
		schema, err := l.property(file, at, f)
		if err != nil {
			return nil, err
		}
		properties = append(properties, pair{f.ID, schema})
		if f.Required {
			required = append(required, f.ID)
		}
		if w := f.RequiredWhen; w != nil && len(w.Is) > 0 {
			conditions = append(conditions, object{
				{"if", object{
					{"properties", object{{w.Field, object{{"enum", w.Is}}}}},
					{"required", []string{w.Field}},
				}},
				{"then", object{{"required", []string{f.ID}}}},
			})
		} else if w != nil {
			dependent = dependent.append(w.Field, f.ID)
		}
	}
	for i, f := range fields {
		if f.RequiredWhen != nil && !known[f.RequiredWhen.Field] {
			return nil, fmt.Errorf("%s.fields[%d].requiredWhen.field: there is no field %q beside it", at, i, f.RequiredWhen.Field)
		}
	}
	schema := object{{"type", "object"}, {"properties", properties}}
	if len(required) > 0 {
		schema = append(schema, pair{"required", required})
	}
	if len(dependent) > 0 {
		schema = append(schema, pair{"dependentRequired", dependent})
	}
	if len(conditions) > 0 {
		schema = append(schema, pair{"allOf", conditions})
	}
	return append(schema, pair{"additionalProperties", false}), nil
}

// expand puts the fields of a group in the place of its name. Groups do not use groups.
func (l *loader) expand(at string, written []fieldFile) ([]fieldFile, error) {
	var fields []fieldFile
	for i, f := range written {
		if f.Use == "" {
			fields = append(fields, f)
			continue
		}
		group, ok := l.fieldGroupOf[f.Use]
		if !ok {
			return nil, fmt.Errorf("%s.fields[%d].use: there is no fields/%s.yaml", at, i, f.Use)
		}
		for j, shared := range group {
			if shared.Use != "" {
				return nil, fmt.Errorf("fields/%s.yaml[%d].use: a group cannot use a group", f.Use, j)
			}
		}
		fields = append(fields, group...)
	}
	return fields, nil
}

// property makes the schema of one field.
func (l *loader) property(file, at string, f fieldFile) (object, error) {
	kind, err := l.typeOf(file, at, f)
	if err != nil {
		return nil, err
	}
	schema := object{{"title", f.Title}}
	if f.Description != nil {
		schema = append(schema, pair{"description", f.Description})
	}
	schema = append(schema, kind...)
	if f.Unit != "" {
		schema = append(schema, pair{"x-unit", f.Unit})
	}
	switch len(f.Prefill) {
	case 0:
	case 1:
		schema = append(schema, pair{"x-prefill", f.Prefill[0]})
	default:
		schema = append(schema, pair{"x-prefill", f.Prefill})
	}
	if len(f.Examples) > 0 {
		schema = append(schema, pair{"examples", f.Examples})
	}
	return schema, nil
}

// typeOf gives the keywords that say which values a field takes.
func (l *loader) typeOf(file, at string, f fieldFile) (object, error) {
	if err := f.fits(at); err != nil {
		return nil, err
	}
	if format, ok := textTypes[f.Type]; ok {
		return object{{"type", "string"}, {"format", format}, {"maxLength", lineLength}}, nil
	}
	switch f.Type {
	case "string":
		return f.line(lineLength), nil
	case "text":
		return append(f.line(textLength), pair{"x-multiline", true}), nil
	case "integer", "number":
		schema := object{{"type", f.Type}}
		if f.Min != nil {
			schema = append(schema, pair{"minimum", *f.Min})
		}
		if f.Max != nil {
			schema = append(schema, pair{"maximum", *f.Max})
		}
		return schema, nil
	case "boolean":
		return object{{"type", "boolean"}}, nil
	case "consent":
		return object{{"type", "boolean"}, {"const", true}}, nil
	case "choice":
		return append(object{{"type", "string"}}, f.options()...), nil
	case "choices":
		item := append(object{{"type", "string"}}, f.options()...)
		return append(f.list(item), pair{"uniqueItems", true}), nil
	case "list":
		item, err := l.object(file, at, f.Fields)
		if err != nil {
			return nil, err
		}
		return f.list(item), nil
	default:
		return nil, fmt.Errorf("%s.type: %q is none of string, text, integer, number, boolean, consent, choice, choices, list, "+
			"date, email, phone, iin, bin, iin-or-bin, iban", at, f.Type)
	}
}

// fits refuses what a field of this type has no use for: it would be silently without effect.
func (f fieldFile) fits(at string) error {
	uses := map[string]string{
		"minLength": "string text", "maxLength": "string text", "pattern": "string text",
		"min": "integer number", "max": "integer number", "unit": "integer number",
		"options": "choice choices", "minItems": "choices list", "maxItems": "choices list", "fields": "list",
	}
	given := []struct {
		key string
		is  bool
	}{
		{"minLength", f.MinLength != 0},
		{"maxLength", f.MaxLength != 0},
		{"pattern", f.Pattern != ""},
		{"min", f.Min != nil},
		{"max", f.Max != nil},
		{"unit", f.Unit != ""},
		{"options", len(f.Options) > 0},
		{"minItems", f.MinItems != 0},
		{"maxItems", f.MaxItems != 0},
		{"fields", len(f.Fields) > 0},
	}
	for _, one := range given {
		if one.is && !strings.Contains(" "+uses[one.key]+" ", " "+f.Type+" ") {
			return fmt.Errorf("%s.%s: a field of type %q has no use for it", at, one.key, f.Type)
		}
	}
	if (f.Type == "choice" || f.Type == "choices") && len(f.Options) == 0 {
		return fmt.Errorf("%s.options: a field of type %q needs some", at, f.Type)
	}
	if f.Type == "list" && len(f.Fields) == 0 {
		return fmt.Errorf("%s.fields: a list needs some", at)
	}
	return nil
}

func (f fieldFile) line(longest int) object {
	schema := object{{"type", "string"}}
	if f.MinLength > 0 {
		schema = append(schema, pair{"minLength", f.MinLength})
	}
	if f.MaxLength > 0 {
		longest = f.MaxLength
	}
	schema = append(schema, pair{"maxLength", longest})
	if f.Pattern != "" {
		schema = append(schema, pair{"pattern", f.Pattern})
	}
	return schema
}

func (f fieldFile) options() object {
	values := make([]string, len(f.Options))
	titles := object{}
	for i, option := range f.Options {
		values[i] = option.Value
		titles = append(titles, pair{option.Value, option.Title})
	}
	return object{{"enum", values}, {"x-enum-titles", titles}}
}

func (f fieldFile) list(item object) object {
	most := f.MaxItems
	if most == 0 {
		most = rowsInAList
	}
	return object{{"type", "array"}, {"items", item}, {"minItems", max(f.MinItems, 1)}, {"maxItems", most}}
}
