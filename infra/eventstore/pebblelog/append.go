package pebblelog

import (
	"context"
	"fmt"
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
}

type reply struct {
	appended eventstore.Appended
	err      error
}

// Append implements eventstore.Store.
func (l *Log) Append(
	ctx context.Context, stream string, expected eventstore.Expected, events ...eventstore.Event,
) (eventstore.Appended, error) {
	if err := checkWrite(stream, expected); err != nil {
		return eventstore.Appended{}, err
	}
	if err := checkEvents(events); err != nil {
		return eventstore.Appended{}, err
	}
	r := &request{ctx: ctx, op: opAppend, stream: stream, expected: expected, events: make([]pending, len(events))}
	for i, event := range events {
		r.events[i] = newPending(stream, event)
		r.size += len(r.events[i].buf)
	}
	return l.submit(r)
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
	r := &request{ctx: ctx, op: op, stream: stream, expected: expected, events: []pending{newPending(target, event)}}
	appended, err := l.submit(r)
	return appended.Position, err
}

// submit hands the request to the writer and waits for the answer.
func (l *Log) submit(r *request) (eventstore.Appended, error) {
	if err := r.ctx.Err(); err != nil {
		return eventstore.Appended{}, appendError(r.stream, err)
	}
	r.reply = make(chan reply, 1)
	ill, err := l.health.current()
	if err != nil {
		return eventstore.Appended{}, appendError(r.stream, err)
	}
	select {
	case <-l.closing:
		return eventstore.Appended{}, appendError(r.stream, errClosed)
	default:
	}
	select {
	case l.requests <- r:
	case <-r.ctx.Done():
		return eventstore.Appended{}, appendError(r.stream, r.ctx.Err())
	case <-ill:
		return eventstore.Appended{}, appendError(r.stream, errIll)
	case <-l.stopped:
		return eventstore.Appended{}, appendError(r.stream, errClosed)
	}
	select {
	case answer := <-r.reply:
		return answer.appended, answer.err
	case <-r.ctx.Done():
		return eventstore.Appended{}, appendError(r.stream, r.ctx.Err())
	case <-ill: // the writer may be waiting for room in memory
		return eventstore.Appended{}, appendError(r.stream, errIll)
	case <-l.stopped:
	}
	select { // the writer may have answered just before it stopped
	case answer := <-r.reply:
		return answer.appended, answer.err
	default:
		return eventstore.Appended{}, appendError(r.stream, errClosed)
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
