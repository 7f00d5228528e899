package pebblelog

import (
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// headFilter is a Bloom filter over heads alone. Heads are asked for that do not exist; events and indexes are not, and
// a filter over them would only take room in the cache, and time.
type headFilter struct{ pebble.FilterPolicy }

// bitsPerHead lets one question in a hundred through to a table that does not have the head.
const bitsPerHead = 10

func newHeadFilter() headFilter { return headFilter{bloom.FilterPolicy(bitsPerHead)} }

// Name implements pebble.FilterPolicy; tables hold it.
func (headFilter) Name() string { return "pebblelog.heads" }

// MayContain implements pebble.FilterPolicy.
func (f headFilter) MayContain(kind pebble.FilterType, filter, key []byte) bool {
	return len(key) == 0 || key[0] != headPrefix || f.FilterPolicy.MayContain(kind, filter, key)
}

// NewWriter implements pebble.FilterPolicy.
func (f headFilter) NewWriter(kind pebble.FilterType) pebble.FilterWriter {
	return headFilterWriter{f.FilterPolicy.NewWriter(kind)}
}

type headFilterWriter struct{ pebble.FilterWriter }

// AddKey implements pebble.FilterWriter.
func (w headFilterWriter) AddKey(key []byte) {
	if len(key) > 0 && key[0] == headPrefix {
		w.FilterWriter.AddKey(key)
	}
}
