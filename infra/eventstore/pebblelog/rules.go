package pebblelog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
)

// The names that EventStoreDB gives to its own events and metadata.
const (
	metadataPrefix = "$$"
	allStream      = "$all"
	metadataType   = "$metadata"
	tombstoneType  = "$streamDeleted"
	keyTruncate    = "$tb"
	keyMaxCount    = "$maxCount"
	keyMaxAge      = "$maxAge"
)

// rules is what a stream's metadata hides from reads of the stream. 0 means no rule.
type rules struct {
	truncateBefore int64 // revisions below are hidden; MaxInt64: the stream is soft-deleted
	maxCount       int64 // events
	maxAge         int64 // seconds
}

// metadataOwner tells whose metadata the stream holds. The metadata of a metadata stream has no effect.
func metadataOwner(stream string) (owner string, ok bool) {
	owner, ok = strings.CutPrefix(stream, metadataPrefix)
	return owner, ok && !strings.HasPrefix(owner, metadataPrefix)
}

var errMetadata = errors.New("not stream metadata")

// parseRules reads stream metadata. A value of the wrong type makes the whole document void.
func parseRules(data []byte) (rules, error) {
	fields, err := metadataFields(data)
	if err != nil {
		return rules{}, err
	}
	var r rules
	for _, field := range []struct {
		key  string
		into *int64
		min  int64
	}{{keyTruncate, &r.truncateBefore, 0}, {keyMaxCount, &r.maxCount, 1}, {keyMaxAge, &r.maxAge, 1}, {"$cacheControl", new(int64), 1}} {
		raw, ok := fields[field.key]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, field.into); err != nil || string(raw) == "null" || *field.into < field.min {
			return rules{}, fmt.Errorf("%w: %s is out of range", errMetadata, field.key)
		}
	}
	if raw, ok := fields["$tmp"]; ok && string(raw) != "true" && string(raw) != "false" {
		return rules{}, fmt.Errorf("%w: $tmp is not a boolean", errMetadata)
	}
	if raw, ok := fields["$acl"]; ok {
		if err := checkACL(raw); err != nil {
			return rules{}, err
		}
	}
	return r, nil
}

// metadataFields reads a JSON object; null and other values are not metadata.
func metadataFields(data []byte) (map[string]json.RawMessage, error) {
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, errMetadata
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, fmt.Errorf("%w: %w", errMetadata, err)
	}
	return fields, nil
}

// checkACL accepts a role or a list of roles for each right. The rights are kept and not enforced.
func checkACL(raw json.RawMessage) error {
	fields, err := metadataFields(raw)
	if err != nil {
		return fmt.Errorf("%w: $acl is not an object", errMetadata)
	}
	for _, right := range []string{"$r", "$w", "$d", "$mr", "$mw"} {
		roles, ok := fields[right]
		if !ok {
			continue
		}
		var one string
		var many []string
		if string(roles) == "null" || json.Unmarshal(roles, &one) != nil && json.Unmarshal(roles, &many) != nil {
			return fmt.Errorf("%w: $acl %s is neither a role nor a list of roles", errMetadata, right)
		}
	}
	return nil
}

// deletedMetadata is what a soft delete writes: it replaces all that was there.
func deletedMetadata() []byte {
	return fmt.Appendf(nil, `{"%s":%d}`, keyTruncate, int64(math.MaxInt64))
}

// undeletedMetadata is the old metadata with another $tb.
func undeletedMetadata(old []byte, truncateBefore int64) ([]byte, error) {
	fields, err := metadataFields(old)
	if err != nil {
		fields = map[string]json.RawMessage{}
	}
	fields[keyTruncate] = fmt.Appendf(nil, "%d", truncateBefore)
	data, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("write stream metadata: %w", err)
	}
	return data, nil
}
