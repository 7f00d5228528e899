package eventstore

import (
	"errors"
	"fmt"
)

// ErrUnavailable says that the store cannot answer now: closed, unreachable, its disk full, or overloaded. After an
// append the outcome is unknown, and the same append may be repeated.
var ErrUnavailable = errors.New("event store unavailable")

// ConflictError says that a stream was not where an append expected it to be.
type ConflictError struct {
	Stream   string
	Expected Expected
	Actual   int64 // the stream's last revision, NoRevision if it has none
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("stream %s is at revision %d, expected %s", e.Stream, e.Actual, e.Expected)
}

// NotFoundError says that a stream has no events, or that they were deleted.
type NotFoundError struct{ Stream string }

func (e *NotFoundError) Error() string { return fmt.Sprintf("stream %s not found", e.Stream) }

// DeletedError says that a stream has ended for ever (tombstone).
type DeletedError struct{ Stream string }

func (e *DeletedError) Error() string { return fmt.Sprintf("stream %s is deleted", e.Stream) }

// TooLargeError says that the events of one append exceed MaxAppendSize.
type TooLargeError struct{ Size, Limit int } // bytes

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("append of %d bytes exceeds the limit of %d", e.Size, e.Limit)
}

// InvalidError says that a request can never succeed: an empty or reserved stream name, a nil id, an empty type.
type InvalidError struct{ Reason string }

func (e *InvalidError) Error() string { return "invalid request to the event store: " + e.Reason }

// String names the expectation.
func (e Expected) String() string {
	switch e {
	case NoStream:
		return "no stream"
	case Any:
		return "any"
	case StreamExists:
		return "an existing stream"
	default:
		return fmt.Sprintf("revision %d", int64(e))
	}
}
