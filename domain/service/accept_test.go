package service

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// TestAcceptingIsValidating: the short way and the validator never disagree, whatever the schema and the value.
func TestAcceptingIsValidating(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		properties := map[string]json.RawMessage{}
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.ID[string]).Draw(t, "properties") {
			properties[name] = json.RawMessage(rapid.SampledFrom([]string{
				`{}`, `true`, `false`, `{"type": "string"}`, `{"type": "string", "minLength": 2, "maxLength": 3}`, `{"type": "string", "pattern": "^x"}`,
				`{"enum": ["x", "xy"]}`, `{"type": "string", "enum": ["x", 1]}`, `{"type": ["string", "boolean"], "enum": ["x", true]}`,
				`{"type": "string", "format": "date"}`, `{"format": "iin"}`, `{"const": true}`, `{"type": "boolean", "const": true}`,
				`{"type": "string", "const": "x"}`, `{"type": "boolean", "const": "x"}`, `{"const": 1}`, `{"const": null}`, `{"type": "boolean"}`,
				`{"type": "integer", "minimum": 1}`, `{"type": "number", "maximum": 1}`, `{"type": "number", "exclusiveMinimum": 0.5}`,
				`{"type": "number", "exclusiveMaximum": 1}`, `{"type": "integer", "maximum": 0.1}`, `{"type": "array", "minItems": 2}`,
				`{"type": "array", "items": {"type": "integer"}, "uniqueItems": true}`, `{"type": "array", "maxItems": 1, "items": {"type": "string"}}`, `{"not": {"type": "string"}}`,
				`{"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"], "additionalProperties": false}`,
				`{"required": ["x"]}`, `{"type": "object", "additionalProperties": {"type": "string"}}`, `{"minProperties": 1}`,
			}).Draw(t, name))
		}
		schema := map[string]any{"type": "object", "properties": properties}
		for keyword, values := range map[string][]string{
			"required": {`["a"]`, `["b", "c"]`}, "additionalProperties": {`false`, `true`, `{"type": "string"}`},
			"dependentRequired": {`{"a": ["b"]}`, `{"b": ["a", "c"]}`},
			"allOf":             {`[{"required": ["c"]}, {"properties": {"a": {"const": "x"}}}]`, `[{"if": {"properties": {"a": {"enum": ["x"]}}, "required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}]`},
			"if":                {`{"properties": {"a": {"enum": [true]}}}`, `{"not": {"required": ["a"]}}`}, "then": {`{"required": ["b"]}`, `false`}, "else": {`{"required": ["c"]}`},
			"patternProperties": {`{"^a": {"type": "string"}}`}, "maxProperties": {`1`}, "anyOf": {`[{"required": ["a"]}, {"required": ["b"]}]`},
		} {
			if rapid.Bool().Draw(t, keyword+"?") {
				schema[keyword] = json.RawMessage(rapid.SampledFrom(values).Draw(t, keyword))
			}
		}
		raw, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		step, err := compileSchema(raw)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		for range 10 {
			value := map[string]any{}
			for _, name := range []string{"a", "b", "c", "d"} {
				if rapid.Bool().Draw(t, name+"?") {
					value[name] = rapid.SampledFrom([]any{
						"x", "xy", "xyz1", "әә", "2026-01-31", "600102500002", true, false, nil, 1.0, 0.5, 0.1, 1e300, -2.0,
						[]any{"x"},
						[]any{"x", "y"},
						[]any{1.0},
						map[string]any{},
						map[string]any{"x": "y"},
						map[string]any{"x": 1.0},
						map[string]any{"x": "y", "z": true},
					}).Draw(t, name)
				}
			}
			if want, got := step.schema.Validate(value) == nil, step.accepts(value); got != want {
				t.Fatalf("%s takes %v: %v, the validator says %v", raw, value, got, want)
			}
		}
	})
}
