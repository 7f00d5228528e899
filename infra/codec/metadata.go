package codec

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// MetadataOf reads what is known about an event without reading the event.
func MetadataOf(recorded eventstore.Recorded) (Metadata, error) {
	var meta Metadata
	if err := decodeMetadata(recorded.Metadata, &meta); err != nil {
		return Metadata{}, &DecodeError{Stream: recorded.Stream, Revision: recorded.Revision, Type: recorded.Type, Part: "metadata", Err: withoutData(err)}
	}
	return meta, nil
}

// decodeMetadata reads metadata; none at all, as other programs may write, is zero values. Every event of a rebuild
// comes through here, so the form that this package writes has a path of its own; anything else goes to encoding/json.
func decodeMetadata(data []byte, into *Metadata) error {
	if len(data) == 0 {
		return nil
	}
	if decodePlainMetadata(string(data), into) {
		return nil
	}
	*into = Metadata{}
	return unmarshal(data, into)
}

// decodePlainMetadata reads an object of known members whose values are strings of plain ASCII, without white space
// between them. It tells whether the text was that. The strings share the memory of text.
func decodePlainMetadata(text string, into *Metadata) bool {
	rest, found := strings.CutPrefix(text, "{")
	if !found {
		return false
	}
	for {
		var name, value string
		if name, rest, found = plainString(rest); !found {
			return false
		}
		if rest, found = strings.CutPrefix(rest, ":"); !found {
			return false
		}
		if value, rest, found = plainString(rest); !found || !into.set(name, value) {
			return false
		}
		if rest == "}" {
			return true
		}
		if rest, found = strings.CutPrefix(rest, ","); !found {
			return false
		}
	}
}

func (m *Metadata) set(name, value string) bool {
	switch name {
	case "commandId":
		return setID(&m.CommandID, value)
	case "commandHash":
		m.CommandHash = value
	case "correlationId":
		return setID(&m.CorrelationID, value)
	case "causationId":
		return setID(&m.CausationID, value)
	case "actor":
		m.Actor = value
	case "role":
		m.Role = value
	case "subject":
		m.Subject = value
	case "client":
		m.Client = value
	case "recordedAt":
		m.RecordedAt = value
	default:
		return false
	}
	return true
}

// recorded is when the event was recorded first; created is the time of the store that holds it.
func (m *Metadata) recorded(created time.Time) time.Time {
	if m.RecordedAt == "" {
		return created
	}
	first, err := time.Parse(time.RFC3339Nano, m.RecordedAt)
	if err != nil {
		return created // not a time of ours
	}
	return first.UTC()
}

func setID(id *uuid.UUID, value string) bool {
	parsed, err := uuid.Parse(value)
	*id = parsed
	return err == nil
}

// plainString takes a quoted string off the front of text: printable ASCII without escapes.
func plainString(text string) (value, rest string, found bool) {
	if text == "" || text[0] != '"' {
		return "", "", false
	}
	for i := 1; i < len(text); i++ {
		switch b := text[i]; {
		case b == '"':
			return text[1:i], text[i+1:], true
		case b < 0x20 || b >= 0x80 || b == '\\':
			return "", "", false
		}
	}
	return "", "", false
}
