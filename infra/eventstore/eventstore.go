// Package eventstore is the port to the event log: what the portal asks of a store of events, whichever adapter gives it.
//
// The adapters are pebblelog (embedded) and esdb (EventStoreDB). Every adapter passes the contract suite in
// eventstoretest. The semantics are those of EventStoreDB 24.6: see docs/adr/0002-event-store.md.
package eventstore

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"
)

// MaxAppendSize is the largest sum of the data bytes of one append, in bytes.
const MaxAppendSize = 1 << 20

// Expected is the condition under which an append is carried out: a revision (0 or more) that must be the stream's
// last, or one of the constants below.
type Expected int64

// The conditions that are not revisions.
const (
	NoStream     Expected = -1 // the stream has no events
	Any          Expected = -2 // whatever the stream holds
	StreamExists Expected = -4 // the stream has events, or at least metadata
)

// NoRevision is the revision of a stream that has no events.
const NoRevision int64 = -1

// End as a place to read from means "after the last event".
const End int64 = -1

// Event is an event to be appended.
type Event struct {
	ID       uuid.UUID // chosen by the caller: the same id written twice to a stream is written once
	Type     string    // stored name with its version, such as application.submitted.v1
	JSON     bool      // Data is JSON (content type application/json) rather than octets
	Data     []byte
	Metadata []byte
}

// Recorded is an event as the store holds it. Its bytes are not to be changed: readers may share them.
type Recorded struct {
	Event
	Stream   string
	Revision int64     // 0-based, dense in its stream
	Position Position  // its place in the whole log
	Created  time.Time // when the store accepted it, UTC; it never goes back within one store
}

// Appended tells where an append ended.
type Appended struct {
	Revision int64    // revision of the last event written (or found already written)
	Position Position // its position
}

// Filter chooses events of the whole log. An empty list does not restrict; both lists must match.
type Filter struct {
	Streams []string // prefixes of stream names
	Types   []string // prefixes of event types
	System  bool     // also system events, those of streams whose name starts with "$"
}

// StreamRead says what to read of one stream.
type StreamRead struct {
	From      int64 // first revision; End with Backwards starts at the last event
	Backwards bool
	Limit     int // 0: all
}

// AllRead says what to read of the whole log.
type AllRead struct {
	From      Position // forwards: inclusive; backwards: exclusive, with EndPosition for the end of the log
	Backwards bool
	Limit     int // 0: all
	Filter    Filter
}

// Store is an event log.
//
// Whatever Append acknowledged is durable and visible to every later read. A context that ends makes every call
// return its error promptly. Errors are those of this package, to be recognised by errors.Is and errors.As.
type Store interface {
	// Append writes the events as one atomic unit. A repeated append (same ids, same expectation) writes nothing
	// and answers what the first one answered. Errors: ConflictError, DeletedError, TooLargeError, InvalidError,
	// ErrUnavailable (then the outcome is unknown: repeat with the same ids and expectation).
	Append(ctx context.Context, stream string, expected Expected, events ...Event) (Appended, error)

	// ReadStream yields the events of a stream in order. A read that fails yields its error last; the end of the
	// sequence without an error is the end of the stream. Errors: NotFoundError, DeletedError, ErrUnavailable.
	ReadStream(ctx context.Context, stream string, read StreamRead) iter.Seq2[Recorded, error]

	// ReadAll yields the events of the log in the order in which they were committed, errors as in ReadStream.
	// A read forwards ends at the position that was last when it began.
	ReadAll(ctx context.Context, read AllRead) iter.Seq2[Recorded, error]

	// Subscribe follows the log from after the given position (the zero Position: from its beginning).
	Subscribe(ctx context.Context, after Position, filter Filter) (Subscription, error)

	// EventsAfter counts the events of the log after a position, without system events; it stops counting at limit.
	EventsAfter(ctx context.Context, after Position, limit int) (int, error)

	// Delete hides the stream's events; a later append continues its revisions. Errors as Append.
	Delete(ctx context.Context, stream string, expected Expected) (Position, error)

	// Tombstone ends the stream for ever: nothing can be read from or appended to it. Errors as Append.
	Tombstone(ctx context.Context, stream string, expected Expected) (Position, error)

	// Close ends subscriptions and releases the store. Calls after it answer ErrUnavailable.
	Close() error
}

// Subscription delivers the log's events in order, each exactly once. It is used by one goroutine at a time.
type Subscription interface {
	// Next waits until there is something new and returns the events that are already there, at most limit.
	// Errors: the context's, ErrUnavailable when the store closed; the subscription is over then.
	Next(ctx context.Context, limit int) (Delivery, error)
	Close() error
}

// Delivery is what Next returns. It may have no events and only move Through, when the filter let nothing pass.
type Delivery struct {
	Events  []Recorded
	Through Position // every event up to this position has been delivered or filtered out: a place to resume from
	Live    bool     // nothing more was in the log when this was read
}

// Head returns the position of the last event of the log, or the zero Position if there is none.
func Head(ctx context.Context, store Store) (Position, error) {
	read := AllRead{From: EndPosition, Backwards: true, Limit: 1, Filter: Filter{System: true}}
	for event, err := range store.ReadAll(ctx, read) {
		if err != nil {
			return Position{}, err
		}
		return event.Position, nil
	}
	return Position{}, nil
}
