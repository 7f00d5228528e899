package pebblelog

import (
	"context"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

type operation int

const (
	opAppend operation = iota
	opDelete
	opTombstone
)

// request is what a caller asks of the writer.
type request struct {
	ctx      context.Context //nolint:containedctx // the writer drops a request whose caller has gone
	op       operation
	stream   string
	expected eventstore.Expected
	events   []pending
	size     int // bytes, to bound a group
	reply    chan reply
	one      [1]pending // memory of events, of which there is mostly one
}

type reply struct {
	appended eventstore.Appended
	err      error
	settled  bool // nobody but the caller knows the request any more
}

// requests that were settled are used again.
var requests = sync.Pool{New: func() any { return &request{reply: make(chan reply, 1)} }}

// newRequest prepares a request to append so many events.
func newRequest(
	ctx context.Context, op operation, stream string, expected eventstore.Expected, events int,
) *request {
	r := requests.Get().(*request) //nolint:forcetypeassert // the pool holds nothing else
	r.ctx, r.op, r.stream, r.expected, r.size = ctx, op, stream, expected, 0
	if events == 1 {
		r.events = r.one[:]
	} else {
		r.events = make([]pending, events)
	}
	return r
}

// set makes the event one of the request's.
func (r *request) set(i int, stream string, event eventstore.Event) {
	r.events[i] = newPending(stream, event)
	r.size += len(r.events[i].buf)
}

// release gives the request's memory back.
func (r *request) release() {
	r.ctx, r.stream, r.events, r.one = nil, "", nil, [1]pending{}
	requests.Put(r)
}

// answer replies, unless that was done.
func (r *request) answer(answer reply) {
	select {
	case r.reply <- answer:
	default:
	}
}

// Append implements eventstore.Store.
func (l *Log) Append(
	ctx context.Context, stream string, expected eventstore.Expected, events ...eventstore.Event,
) (eventstore.Appended, error) {
	r, err := appendRequest(ctx, stream, expected, events)
	if err != nil {
		return eventstore.Appended{}, err
	}
	return l.submit(r)
}

// Start hands an append to the writer and does not wait for its outcome, which wait gives; it is called once. Appends
// that one goroutine starts are decided on in the order in which it started them.
func (l *Log) Start(
	ctx context.Context, stream string, expected eventstore.Expected, events ...eventstore.Event,
) (wait func() (eventstore.Appended, error)) {
	r, err := appendRequest(ctx, stream, expected, events)
	if err == nil {
		err = l.enqueue(r)
	}
	if err != nil {
		return func() (eventstore.Appended, error) { return eventstore.Appended{}, err }
	}
	return r.wait
}

func appendRequest(
	ctx context.Context, stream string, expected eventstore.Expected, events []eventstore.Event,
) (*request, error) {
	if err := checkWrite(stream, expected); err != nil {
		return nil, err
	}
	if err := checkEvents(events); err != nil {
		return nil, err
	}
	r := newRequest(ctx, opAppend, stream, expected, len(events))
	for i := range events {
		r.set(i, stream, events[i])
	}
	return r, nil
}

// Delete implements eventstore.Store.
func (l *Log) Delete(ctx context.Context, stream string, expected eventstore.Expected) (eventstore.Position, error) {
	return l.end(ctx, opDelete, stream, expected)
}

// Tombstone implements eventstore.Store.
func (l *Log) Tombstone(ctx context.Context, stream string, expected eventstore.Expected) (eventstore.Position, error) {
	return l.end(ctx, opTombstone, stream, expected)
}

func (l *Log) end(
	ctx context.Context, op operation, stream string, expected eventstore.Expected,
) (eventstore.Position, error) {
	if err := checkWrite(stream, expected); err != nil {
		return eventstore.Position{}, err
	}
	if _, ok := metadataOwner(stream); ok {
		return eventstore.Position{}, &eventstore.InvalidError{Reason: "a metadata stream cannot be deleted by itself"}
	}
	event := eventstore.Event{ID: uuid.New(), Type: tombstoneType}
	target := stream
	if op == opDelete {
		event.Type, event.JSON, event.Data = metadataType, true, deletedMetadata()
		target = metadataPrefix + stream
	}
	r := newRequest(ctx, op, stream, expected, 1)
	r.set(0, target, event)
	appended, err := l.submit(r)
	return appended.Position, err
}

// submit hands the request to the writer and waits for the answer.
func (l *Log) submit(r *request) (eventstore.Appended, error) {
	if err := l.enqueue(r); err != nil {
		return eventstore.Appended{}, err
	}
	return r.wait()
}

func (l *Log) enqueue(r *request) error {
	if err := r.ctx.Err(); err != nil {
		return appendError(r.stream, err)
	}
	select {
	case <-l.closing:
		return appendError(r.stream, errClosed)
	default:
	}
	if err := l.queue.put(r); err != nil {
		return appendError(r.stream, err)
	}
	return nil
}

func (r *request) wait() (eventstore.Appended, error) {
	select {
	case answer := <-r.reply:
		if answer.settled {
			r.release()
		}
		return answer.appended, answer.err
	case <-r.ctx.Done():
		return eventstore.Appended{}, appendError(r.stream, r.ctx.Err())
	}
}

func appendError(stream string, err error) error {
	return fmt.Errorf("append to stream %s: %w", stream, err)
}

func checkWrite(stream string, expected eventstore.Expected) error {
	if err := checkStream(stream); err != nil {
		return err
	}
	if expected < 0 && expected != eventstore.NoStream && expected != eventstore.Any && expected != eventstore.StreamExists {
		return &eventstore.InvalidError{Reason: fmt.Sprintf("%d is not a revision", int64(expected))}
	}
	return nil
}

func checkStream(stream string) error {
	switch {
	case stream == "":
		return &eventstore.InvalidError{Reason: "the name of the stream is empty"}
	case stream == allStream || stream == metadataPrefix:
		return &eventstore.InvalidError{Reason: "the stream name " + stream + " is reserved"}
	case !utf8.ValidString(stream):
		return &eventstore.InvalidError{Reason: "the name of the stream is not valid UTF-8"}
	}
	return nil
}

func checkEvents(events []eventstore.Event) error {
	size := 0
	for i, event := range events {
		switch {
		case event.ID == uuid.Nil:
			return &eventstore.InvalidError{Reason: fmt.Sprintf("event %d has no id", i)}
		case event.Type == "":
			return &eventstore.InvalidError{Reason: fmt.Sprintf("event %d has no type", i)}
		case !utf8.ValidString(event.Type):
			return &eventstore.InvalidError{Reason: fmt.Sprintf("the type of event %d is not valid UTF-8", i)}
		}
		size += len(event.Data)
	}
	if size > eventstore.MaxAppendSize {
		return &eventstore.TooLargeError{Size: size, Limit: eventstore.MaxAppendSize}
	}
	return nil
}
