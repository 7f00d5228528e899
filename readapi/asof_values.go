package readapi

import (
	"maps"
	"reflect"
	"slices"
)

// saysNothing tells whether a value says nothing: then the fact is not there.
func saysNothing(value any) bool {
	if value == nil {
		return true
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Bool: // which says something in either case
		return false
	default:
		return v.IsZero()
	}
}

// sortedKeys lists the keys of both maps, each once.
func sortedKeys(a, b writtenFacts) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}
