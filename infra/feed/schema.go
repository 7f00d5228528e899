package feed

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Schema describes the published form of one type of events.
type Schema struct {
	Type      string          // the newest version's name
	Published bool            // whether the feed gives such events; the others are described, too
	JSON      json.RawMessage // JSON Schema 2020-12
}

// Schemas describes every type of events that the portal stores, in the order of the names.
func (f *Feed) Schemas() ([]Schema, error) {
	all := make([]Schema, len(f.ordered))
	for i, k := range f.ordered {
		encoded, err := json.Marshal(k.schema())
		if err != nil {
			return nil, fmt.Errorf("describing %s: %w", k.name, err)
		}
		all[i] = Schema{Type: k.name, Published: k.published, JSON: encoded}
	}
	return all, nil
}

// object is a part of a schema. Its members are written in the order of their names.
type object map[string]any

const (
	dialect           = "https://json-schema.org/draft/2020-12/schema"
	pseudonymPattern  = `^[a-z2-7]{26}$`
	noneOrPseudonym   = `^([a-z2-7]{26})?$`
	positionPattern   = `^[0-9]+/[0-9]+$`
	schemaIDBeginning = "urn:portal:feed:"
)

func (k *kind) schema() object {
	w := &schemaWriter{defs: object{}, named: map[*shape]string{}}
	hidden := func(of string) object {
		return object{"type": "string", "pattern": pseudonymPattern, "x-pseudonym-of": of}
	}
	properties := object{
		"position":    object{"type": "string", "pattern": positionPattern, "description": "Where to go on after this event"},
		"id":          hidden(anEvent),
		"type":        object{"const": k.name},
		"stream":      k.streamSchema(),
		"revision":    object{"type": "integer", "minimum": 0},
		"recordedAt":  object{"type": "string", "format": "date-time"},
		"actor":       hidden(anAccount),
		"role":        object{"type": "string"},
		"command":     hidden(aCommand),
		"causation":   hidden(aCommand),
		"correlation": hidden(aCommand),
		"data":        w.record(k.shape),
	}
	if k.subject != "" {
		properties["subject"] = hidden(anAccount)
	}
	s := object{
		"$schema": dialect, "$id": schemaIDBeginning + k.name, "title": k.name, "type": "object", "properties": properties,
		"required":    []string{"position", "id", "type", "stream", "revision", "recordedAt", "data"},
		"x-published": k.published,
	}
	if len(w.defs) > 0 {
		s["$defs"] = w.defs
	}
	return s
}

func (k *kind) streamSchema() object {
	if k.subject == "" {
		return object{"type": "string"}
	}
	return object{"type": "string", "pattern": "^" + k.stream + pseudonymPattern[1:], "x-pseudonym-of": k.subject}
}

// schemaWriter writes the records inside an event once, each under its name.
type schemaWriter struct {
	defs  object
	named map[*shape]string
}

func (w *schemaWriter) record(s *shape) object {
	properties, required := object{}, []string{}
	for i := range s.members {
		m := &s.members[i]
		properties[m.name] = w.value(m.shape)
		if !m.optional {
			required = append(required, m.name)
		}
	}
	slices.Sort(required)
	out := object{"type": "object", "properties": properties, "required": required}
	if len(s.withheld) > 0 {
		out["x-withheld"] = s.withheld
	}
	return out
}

func (w *schemaWriter) value(s *shape) object {
	switch s.form {
	case text:
		return object{"type": "string"}
	case pseudonym:
		return object{"type": "string", "pattern": noneOrPseudonym, "x-pseudonym-of": s.of}
	case boolean:
		return object{"type": "boolean"}
	case whole:
		return object{"type": "integer"}
	case fraction:
		return object{"type": "number"}
	case moment:
		return object{"type": "string", "format": "date-time"}
	case octets:
		return object{"type": "string", "contentEncoding": "base64"}
	case list:
		return object{"type": "array", "items": w.value(s.elem)}
	case mapping:
		return object{"type": "object", "additionalProperties": w.value(s.elem)}
	case orNull:
		return object{"anyOf": []object{w.value(s.elem), {"type": "null"}}}
	case record:
		return object{"$ref": "#/$defs/" + w.name(s)}
	case anything:
		return object{}
	default:
		return object{}
	}
}

// name is under what a record is described.
func (w *schemaWriter) name(s *shape) string {
	if name, known := w.named[s]; known {
		return name
	}
	name := s.name
	for n := 2; w.defs[name] != nil; n++ {
		name = fmt.Sprintf("%s%d", s.name, n)
	}
	w.named[s] = name
	w.defs[name] = true // it may contain itself
	w.defs[name] = w.record(s)
	return name
}
