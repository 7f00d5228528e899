package readstoretest

import (
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/readstore"
)

// model is a collection as plainly as it can be written: documents in a map, sorted anew for every list.
type model map[string]modelDocument

type modelDocument struct {
	seen   eventstore.Position
	fields bson.M // nil: removed, but its position is remembered
}

// write does what a store does with a write.
func (m model) write(id string, seen eventstore.Position, fields bson.M) {
	if stored, exists := m[id]; !exists || seen.Compare(stored.seen) > 0 {
		m[id] = modelDocument{seen: seen, fields: fields}
	}
}

// forget does what an atomic store does beyond: it remembers no positions of removals.
func (m model) forget() {
	maps.DeleteFunc(m, func(_ string, document modelDocument) bool { return document.fields == nil })
}

// modelEntry is one line of an index.
type modelEntry struct {
	id     string
	values []any
}

// list gives the ids that a query finds, all of them.
func (m model) list(index readstore.Index, query readstore.Query) []string {
	var entries []modelEntry
	for id, document := range m {
		for _, values := range indexed(document.fields, index) {
			if matches(values, index, query) {
				entries = append(entries, modelEntry{id, values})
			}
		}
	}
	slices.SortFunc(entries, func(a, b modelEntry) int {
		for i, field := range index.Fields {
			order := compareValues(a.values[i], b.values[i])
			if field.Desc {
				order = -order
			}
			if order != 0 {
				return order
			}
		}
		return strings.Compare(a.id, b.id)
	})
	if query.Reverse {
		slices.Reverse(entries)
	}
	ids := []string{}
	seen := map[string]bool{}
	for _, entry := range entries {
		if !seen[entry.id] {
			ids = append(ids, entry.id)
		}
		seen[entry.id] = true
	}
	return ids
}

// indexed gives the lines of a document in an index: every combination of the values of its fields.
func indexed(fields bson.M, index readstore.Index) [][]any {
	lines := [][]any{nil}
	for i, field := range index.Fields {
		values := valuesAt(fields, strings.Split(field.Path, "."))
		if len(values) == 0 && i == 0 {
			return nil
		}
		if len(values) == 0 {
			values = []any{nil}
		}
		var longer [][]any
		for _, line := range lines {
			for _, value := range values {
				longer = append(longer, append(slices.Clone(line), value))
			}
		}
		lines = longer
	}
	return lines
}

func valuesAt(value any, path []string) []any {
	if list, isList := value.(bson.A); isList {
		var values []any
		for _, item := range list {
			if _, nested := item.(bson.A); !nested {
				values = append(values, valuesAt(item, path)...)
			}
		}
		return values
	}
	if len(path) == 0 {
		return []any{value}
	}
	document, isDocument := value.(bson.M)
	if !isDocument {
		return nil
	}
	next, exists := document[path[0]]
	if !exists {
		return nil
	}
	return valuesAt(next, path[1:])
}

func matches(values []any, index readstore.Index, query readstore.Query) bool {
	for i, want := range query.Prefix {
		if compareValues(values[i], want) != 0 {
			return false
		}
	}
	if query.From == nil && query.To == nil {
		return true
	}
	at := len(query.Prefix)
	low, high := query.From, query.To
	if index.Fields[at].Desc {
		low, high = high, low
	}
	return (low == nil || kindOf(values[at]) == kindOf(low) && compareValues(values[at], low) >= 0) &&
		(high == nil || kindOf(values[at]) == kindOf(high) && compareValues(values[at], high) <= 0)
}
