package esdb

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

const metadataPrefix = "$$"

// checkStream refuses what no server would take, with the port's error instead of the server's.
func checkStream(stream string) error {
	switch {
	case stream == "":
		return &eventstore.InvalidError{Reason: "the name of the stream is empty"}
	case stream == "$all" || stream == metadataPrefix:
		return &eventstore.InvalidError{Reason: "the stream name " + stream + " is reserved"}
	case !utf8.ValidString(stream):
		return &eventstore.InvalidError{Reason: "the name of the stream is not valid UTF-8"}
	}
	return nil
}

func checkExpected(expected eventstore.Expected) error {
	switch expected {
	case eventstore.NoStream, eventstore.Any, eventstore.StreamExists:
		return nil
	}
	if expected < 0 {
		return &eventstore.InvalidError{Reason: fmt.Sprintf("%d is not a revision", int64(expected))}
	}
	return nil
}

func checkEvents(events []eventstore.Event) error {
	for i := range events {
		event := &events[i]
		switch {
		case event.ID == uuid.Nil:
			return &eventstore.InvalidError{Reason: fmt.Sprintf("event %d has no id", i)}
		case event.Type == "":
			return &eventstore.InvalidError{Reason: fmt.Sprintf("event %d has no type", i)}
		case !utf8.ValidString(event.Type):
			return &eventstore.InvalidError{Reason: fmt.Sprintf("the type of event %d is not valid UTF-8", i)}
		}
	}
	if size := size(events); size > eventstore.MaxAppendSize {
		return &eventstore.TooLargeError{Size: size, Limit: eventstore.MaxAppendSize}
	}
	return nil
}

// size is what counts towards the limit of an append.
func size(events []eventstore.Event) int {
	sum := 0
	for i := range events {
		sum += len(events[i].Data)
	}
	return sum
}

// checkEnd is for deletions.
func checkEnd(stream string, expected eventstore.Expected) error {
	if err := checkStream(stream); err != nil {
		return err
	}
	if strings.HasPrefix(stream, metadataPrefix) {
		return &eventstore.InvalidError{Reason: "a metadata stream cannot be deleted by itself"}
	}
	return checkExpected(expected)
}
