package archive

import (
	"bytes"
	"encoding/json"
	"time"

	"services.example/portal/infra/eventstore"
)

// RecordedAt is the member of an event's metadata that says when the first store accepted the event, for one that was
// moved: every store stamps its own time on what it is given.
const RecordedAt = "recordedAt"

// Carried is an event as Import gives it to a store: the same, with the time at which it was recorded in its metadata.
// An event that was moved before keeps its first time. Metadata that is not an object of JSON has no room for it and
// stays as it is; so does what stores write themselves.
func Carried(event eventstore.Recorded) eventstore.Event {
	if !ownWords(event) {
		event.Metadata = stamped(event.Metadata, event.Created)
	}
	return event.Event
}

func stamped(metadata []byte, recorded time.Time) []byte {
	stamp := recorded.UTC().AppendFormat([]byte(`"`+RecordedAt+`":"`), time.RFC3339Nano)
	stamp = append(stamp, '"')
	body, isObject := bytes.CutSuffix(bytes.TrimRight(metadata, " \t\r\n"), []byte("}"))
	switch {
	case len(metadata) == 0:
		return append(append([]byte("{"), stamp...), '}')
	case !isObject || !simple(metadata) && !json.Valid(metadata) || bytes.TrimLeft(metadata, " \t\r\n")[0] != '{' || hasRecordedAt(metadata):
		return metadata
	}
	body = bytes.TrimRight(body, " \t\r\n")
	out := append(make([]byte, 0, len(body)+len(stamp)+2), body...)
	if body[len(body)-1] != '{' {
		out = append(out, ',')
	}
	return append(append(out, stamp...), '}')
}

// hasRecordedAt tells whether an object has the member already. Most do not even have the word.
func hasRecordedAt(metadata []byte) bool {
	if !bytes.Contains(metadata, []byte(`"`+RecordedAt+`"`)) {
		return false
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(metadata, &members); err != nil {
		return false
	}
	_, has := members[RecordedAt]
	return has
}

// simple tells whether bytes are a JSON object of plain texts without white space or escapes, as most metadata are: it is
// asked of every event, and is found out several times faster than what JSON is in general.
func simple(object []byte) bool {
	const (
		begin = iota
		beforeName
		name
		colon
		beforeValue
		value
		afterValue
		end
	)
	at := begin
	for _, b := range object {
		switch at {
		case name, value:
			if b < ' ' || b > '~' || b == '\\' {
				return false
			}
			if b == '"' {
				at++
			}
			continue
		case afterValue:
			if b == ',' {
				at = beforeName
				continue
			}
		}
		if at == end || b != `{"_:"_}`[at] {
			return false
		}
		at++
	}
	return at == end
}
