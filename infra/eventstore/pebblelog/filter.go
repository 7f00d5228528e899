package pebblelog

import (
	"slices"

	"services.example/portal/infra/eventstore"
)

// matches tells whether a filter lets the record pass.
func matches(f *eventstore.Filter, r *record) bool {
	if !f.System && len(r.stream) > 0 && r.stream[0] == '$' {
		return false
	}
	return startsWithAny(f.Streams, r.stream) && startsWithAny(f.Types, r.eventType)
}

// startsWithAny is true without prefixes: an empty list does not restrict.
func startsWithAny(prefixes []string, name []byte) bool {
	if len(prefixes) == 0 {
		return true
	}
	for _, prefix := range prefixes {
		if len(prefix) <= len(name) && string(name[:len(prefix)]) == prefix {
			return true
		}
	}
	return false
}

// cloneFilter keeps a filter from being changed by its maker.
func cloneFilter(f eventstore.Filter) eventstore.Filter {
	f.Streams, f.Types = slices.Clone(f.Streams), slices.Clone(f.Types)
	return f
}
