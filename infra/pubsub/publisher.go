package pubsub

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync/atomic"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// MessageType is the stored type of the events that a Publisher appends.
const MessageType = "message.published.v1"

// Keys of the metadata that a OneByOne message carries beside its own.
const (
	StreamKey   = "eventstore.stream"
	RevisionKey = "eventstore.revision"
	PositionKey = "eventstore.position"
	TypeKey     = "eventstore.type"
	uuidKey     = "eventstore.uuid" // a message's own id, where that is no UUID
)

// mostAppended is the number of messages that one append holds at most.
const mostAppended = 512

// messageIDs is the name space of event ids made from message ids that are no UUIDs.
var messageIDs = uuid.MustParse("5b1c9b52-6f0c-5d0c-9c68-0a2f6d3a8a11")

// Publisher appends messages to the stream that has the topic's name. Messages with the same UUID are written once as
// far as the store recognises repetition.
type Publisher struct {
	store  eventstore.Store
	stream func(topic string) string
	closed atomic.Bool
}

var _ message.Publisher = (*Publisher)(nil)

// NewPublisher makes a Publisher over a store, which it never closes. The stream function names the stream of a topic;
// nil: the topic itself.
func NewPublisher(store eventstore.Store, stream func(topic string) string) *Publisher {
	if stream == nil {
		stream = func(topic string) string { return topic }
	}
	return &Publisher{store: store, stream: stream}
}

// Publish appends the messages in order; they are durable when it returns. As many as fit are appended at once, so a
// failure can leave the first of them written.
func (p *Publisher) Publish(topic string, messages ...*message.Message) error {
	var events []eventstore.Event
	size := 0
	for i, msg := range messages {
		if p.closed.Load() {
			return fmt.Errorf("publishing to %s: %w", topic, errors.New("the publisher is closed"))
		}
		event, err := toEvent(msg)
		if err != nil {
			return fmt.Errorf("publishing to %s: %w", topic, err)
		}
		events, size = append(events, event), size+len(event.Data)
		full := len(events) == mostAppended || i == len(messages)-1 ||
			size+len(messages[i+1].Payload) > eventstore.MaxAppendSize
		if !full {
			continue
		}
		if _, err := p.store.Append(msg.Context(), p.stream(topic), eventstore.Any, events...); err != nil {
			return fmt.Errorf("publishing to %s: %w", topic, err)
		}
		events, size = nil, 0
	}
	return nil
}

// Close refuses further messages.
func (p *Publisher) Close() error {
	p.closed.Store(true)
	return nil
}

func toEvent(msg *message.Message) (eventstore.Event, error) {
	metadata := maps.Clone(msg.Metadata)
	id, err := uuid.Parse(msg.UUID)
	if err != nil || id.String() != msg.UUID || id == uuid.Nil {
		id = uuid.NewSHA1(messageIDs, []byte(msg.UUID))
		if msg.UUID == "" {
			id = uuid.New()
		}
		if metadata == nil {
			metadata = message.Metadata{}
		}
		metadata[uuidKey] = msg.UUID
	}
	event := eventstore.Event{ID: id, Type: MessageType, Data: msg.Payload}
	if len(metadata) > 0 {
		if event.Metadata, err = json.Marshal(metadata); err != nil {
			return event, fmt.Errorf("encoding metadata: %w", err)
		}
	}
	return event, nil
}

// toMessage gives back what toEvent took. Metadata of events that no Publisher wrote is left out where it is not an
// object of texts.
func toMessage(event eventstore.Recorded) *message.Message {
	msg := message.NewMessage(event.ID.String(), event.Data)
	var metadata map[string]string
	if json.Unmarshal(event.Metadata, &metadata) == nil {
		maps.Copy(msg.Metadata, metadata)
	}
	if id, found := msg.Metadata[uuidKey]; found {
		msg.UUID = id
		delete(msg.Metadata, uuidKey)
	}
	msg.Metadata[StreamKey] = event.Stream
	msg.Metadata[RevisionKey] = strconv.FormatInt(event.Revision, 10)
	msg.Metadata[PositionKey] = event.Position.String()
	msg.Metadata[TypeKey] = event.Type
	return msg
}
