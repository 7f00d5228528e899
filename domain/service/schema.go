package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"services.example/portal/domain/text"
)

// draft2020 is the only dialect of JSON Schema that a step may name.
const draft2020 = "https://json-schema.org/draft/2020-12/schema"

var errNotObject = errors.New("a step's schema must be a JSON object of type object")

// schemaStep is a step's schema, ready to check with.
type schemaStep struct {
	schema     *jsonschema.Schema
	accepts    acceptor   // says only whether, but soon
	properties []property // in the order in which the schema names them, inner ones after their outer one
}

// property is a field that a schema declares, at any depth.
type property struct {
	path     string // of the value, a JSON pointer in which * stands for any index of a list: /costs/*/sum
	location string // of the declaration in the schema, a JSON pointer: /properties/costs/items/properties/sum
	rank     int    // place among its siblings
	schema   *jsonschema.Schema

	annotations
}

// annotations is the portal's dialect: what a schema says to people, and to us, beside what it asserts.
type annotations struct {
	Title       json.RawMessage      `json:"title"`
	Description *json.RawMessage     `json:"description"`
	Examples    []any                `json:"examples"`
	Enum        []any                `json:"enum"`
	EnumTitles  map[string]text.Text `json:"x-enum-titles"`
	Items       json.RawMessage      `json:"items"` // of a list: what is said about each item
	Prefill     pointers             `json:"x-prefill"`
}

// pointers is one JSON pointer, or a list of which the first that leads to something counts.
type pointers []string

// UnmarshalJSON reads a string or a list of strings.
func (p *pointers) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*p = pointers{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(raw, &many); err != nil {
		return fmt.Errorf("x-prefill is neither a JSON pointer nor a list of them: %w", err)
	}
	*p = many
	return nil
}

// compileSchema reads a step's schema in the portal's dialect and compiles what it asserts.
func compileSchema(raw json.RawMessage) (*schemaStep, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	object, ok := document.(map[string]any)
	if !ok || object["type"] != "object" {
		return nil, errNotObject
	}
	if dialect, named := object["$schema"]; named && dialect != draft2020 {
		return nil, fmt.Errorf("the schema's dialect %v is not %s", dialect, draft2020)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	compiler.UseLoader(noLoader{})
	for i := range formats {
		compiler.RegisterFormat(&formats[i])
	}
	if err := compiler.AddResource(schemaURL, assertions(object)); err != nil {
		return nil, fmt.Errorf("take the schema: %w", err)
	}
	schema, err := compiler.Compile(schemaURL)
	if err != nil {
		return nil, fmt.Errorf("compile the schema: %w", err)
	}
	properties, err := declared(raw, schema, "", "")
	if err != nil {
		return nil, fmt.Errorf("read the schema's properties: %w", err)
	}
	return &schemaStep{schema: schema, accepts: acceptorOf(schema), properties: properties}, nil
}

const schemaURL = "https://portal.invalid/step.json"

// noLoader refuses every reference out of a schema: what is checked must not depend on a file or a network.
type noLoader struct{}

var errOutside = errors.New("a schema may not refer to anything outside itself")

// Load refuses.
func (noLoader) Load(url string) (any, error) { return nil, fmt.Errorf("%s: %w", url, errOutside) }

// The keywords whose value is a schema, a list of schemas, or schemas by name.
var (
	schemaKeywords = []string{
		"items", "additionalProperties", "if", "then", "else", "not", "contains", "propertyNames",
		"unevaluatedItems", "unevaluatedProperties",
	}
	listKeywords = []string{"allOf", "anyOf", "oneOf", "prefixItems"}
	mapKeywords  = []string{"properties", "patternProperties", "dependentSchemas", "$defs"}
)

// assertions gives a copy of a schema without the portal's annotations, whose titles are objects where the standard has
// strings. A property may be called title; only keywords are dropped.
func assertions(schema any) any {
	object, ok := schema.(map[string]any)
	if !ok {
		return schema
	}
	plain := make(map[string]any, len(object))
	for keyword, value := range object {
		if keyword != "title" && keyword != "description" && !strings.HasPrefix(keyword, "x-") {
			plain[keyword] = value
		}
	}
	for _, keyword := range schemaKeywords {
		if inner, ok := plain[keyword]; ok {
			plain[keyword] = assertions(inner)
		}
	}
	for _, keyword := range listKeywords {
		if list, ok := plain[keyword].([]any); ok {
			inner := make([]any, len(list))
			for i, schema := range list {
				inner[i] = assertions(schema)
			}
			plain[keyword] = inner
		}
	}
	for _, keyword := range mapKeywords {
		if members, ok := plain[keyword].(map[string]any); ok {
			inner := make(map[string]any, len(members))
			for name, schema := range members {
				inner[name] = assertions(schema)
			}
			plain[keyword] = inner
		}
	}
	return plain
}

// declared lists the properties of a schema in the order of its text, which is the order of the fields on the screen.
func declared(raw json.RawMessage, schema *jsonschema.Schema, path, location string) ([]property, error) {
	var object struct {
		Properties members         `json:"properties"`
		Items      json.RawMessage `json:"items"`
	}
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '{' || schema == nil {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("%s: %w", location, err)
	}
	var all []property
	for rank, member := range object.Properties {
		p := property{
			path:     path + "/" + escape(member.name),
			location: location + "/properties/" + escape(member.name),
			rank:     rank,
			schema:   schema.Properties[member.name],
		}
		if err := unmarshalNumbers(member.raw, &p.annotations); err != nil {
			return nil, fmt.Errorf("%s: %w", p.location, err)
		}
		inner, err := declared(member.raw, p.schema, p.path, p.location)
		if err != nil {
			return nil, err
		}
		all = append(append(all, p), inner...)
	}
	inner, err := declared(object.Items, schema.Items2020, path+"/*", location+"/items")
	if err != nil {
		return nil, err
	}
	return append(all, inner...), nil
}

// unmarshalNumbers keeps numbers as they are written, as the validator wants them.
func unmarshalNumbers(raw json.RawMessage, into any) error {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '{' {
		return nil // the schemas true and false declare nothing
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// members is a JSON object whose members keep their order.
type members []member

type member struct {
	name string
	raw  json.RawMessage
}

// UnmarshalJSON reads an object.
func (m *members) UnmarshalJSON(raw []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return errors.Join(errors.New("not a JSON object"), err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		one := member{name: name.(string)} //nolint:forcetypeassert // An object's first token of a member is its name.
		if err := decoder.Decode(&one.raw); err != nil {
			return err
		}
		*m = append(*m, one)
	}
	return nil
}

var (
	pointerEscape   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// escape makes a name a token of a JSON pointer (RFC 6901).
func escape(name string) string { return pointerEscape.Replace(name) }
