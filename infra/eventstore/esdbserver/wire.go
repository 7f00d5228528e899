package esdbserver

import (
	"encoding/binary"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// noRevision is what the protocol writes for "no revision" and "the end".
const noRevision = math.MaxUint64

// idOf reads an event id in either form.
func idOf(id *shared.UUID) (uuid.UUID, error) {
	switch value := id.GetValue().(type) {
	case *shared.UUID_Structured_:
		var parsed uuid.UUID
		binary.BigEndian.PutUint64(parsed[:8], uint64(value.Structured.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(parsed[8:], uint64(value.Structured.GetLeastSignificantBits()))
		return parsed, nil
	case *shared.UUID_String_:
		parsed, err := uuid.Parse(value.String_)
		if err != nil {
			return uuid.Nil, invalid("an id is not a UUID")
		}
		return parsed, nil
	default:
		return uuid.Nil, invalid("an id is missing")
	}
}

// target reads the name of a stream to be written to.
func target(id *shared.StreamIdentifier) (string, error) {
	name := string(id.GetStreamName())
	if name == "$all" {
		return "", errAccess
	}
	return name, nil
}

// revisionOf reads an expected revision, which may be the absence of one.
func revisionOf(revision uint64) (eventstore.Expected, error) {
	switch {
	case revision == noRevision:
		return eventstore.NoStream, nil
	case revision > math.MaxInt64:
		return 0, invalid("%d is not a revision", revision)
	}
	return eventstore.Expected(revision), nil
}
