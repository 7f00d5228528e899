package archive

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"strconv"

	"services.example/portal/infra/eventstore"
)

// truncateBefore is the key of stream metadata below whose value events are hidden; the largest hides the stream, which
// is then soft-deleted.
const truncateBefore = "$tb"

// members reads stream metadata; nil if it has no effect.
func members(event eventstore.Recorded) map[string]json.RawMessage {
	if !event.JSON || !bytes.HasPrefix(bytes.TrimLeft(event.Data, " \t\r\n"), []byte("{")) {
		return nil
	}
	read := map[string]json.RawMessage{}
	if json.Unmarshal(event.Data, &read) != nil {
		return nil
	}
	return read
}

// softDeletes tells whether a stream is soft-deleted once this is its metadata. One wrong value makes all of it void.
func softDeletes(event eventstore.Recorded) bool {
	read := members(event)
	for key, least := range map[string]int64{truncateBefore: 0, "$maxCount": 1, "$maxAge": 1, "$cacheControl": 1} {
		raw, has := read[key]
		if !has {
			continue
		}
		if n, isNumber := number(raw); !isNumber || n < least {
			return false
		}
	}
	n, isNumber := number(read[truncateBefore])
	return isNumber && n == math.MaxInt64
}

// onlyDeletes tells whether metadata is what a soft delete writes: that and nothing else.
func onlyDeletes(event eventstore.Recorded) bool {
	return softDeletes(event) && len(members(event)) == 1
}

// rewrites tells whether metadata is what a store makes of the metadata before it when a soft-deleted stream, whose
// last revision is given, begins anew.
func rewrites(before, event eventstore.Recorded, last int64) bool {
	want := members(before)
	if want == nil {
		want = map[string]json.RawMessage{}
	}
	want[truncateBefore] = json.RawMessage(strconv.FormatInt(last+1, 10))
	return event.JSON && maps.EqualFunc(want, members(event), func(a, b json.RawMessage) bool { return sameJSON(a, b) })
}

func number(raw json.RawMessage) (int64, bool) {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	return n, err == nil
}
