// Package pubsub carries the event log through watermill: a message.Subscriber that follows the log in order and packs
// consecutive events into one message, and a message.Publisher that appends.
//
// A topic is a prefix of stream names unless Config.Filter says otherwise. Every subscription sees every event of its
// topic: there are no consumer groups. The place from which a subscription starts comes from the consumer (Config.From);
// between Acks the Subscriber remembers the place only in memory, so the consumer's own checkpoint is the truth.
package pubsub

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"services.example/portal/infra/eventstore"
)

// Packing says how events become messages.
type Packing int

const (
	// Batches packs the consecutive events that are already there into one message, to be read with Unpack.
	Batches Packing = iota
	// OneByOne makes one message of every event: the payload is the event's data, as a Publisher wrote it.
	OneByOne
)

// DefaultBatch is the largest number of events in one message where Config does not say.
const DefaultBatch = 512

// Config says what a Subscriber delivers and how. The zero value is usable.
type Config struct {
	Batch   int // most events read at once, and most events in one message; 0: DefaultBatch
	Packing Packing
	// Filter chooses the events of a topic. Nil: streams whose names begin with the topic.
	Filter func(topic string) eventstore.Filter
	// From tells after which position a new subscription starts. Nil: the beginning of the log.
	From func(ctx context.Context, topic string) (eventstore.Position, error)
	Pace Pace
	// Redelivery is waited for after a Nack, Reconnect after the store failed.
	Redelivery, Reconnect Backoff
	Logger                *slog.Logger // nil: slog.Default
}

// Pace is the least time from a read of several events at the end of the log to the next read, so that events which come
// thick and fast share messages: Each for every event that was read, at most Most. Where they come one by one, each is
// delivered at once. The zero Pace waits for nothing.
type Pace struct{ Each, Most time.Duration }

func (p Pace) after(events int) time.Duration {
	if events < 2 {
		return 0
	}
	return min(time.Duration(events)*p.Each, p.Most)
}

var errClosed = errors.New("the subscriber is closed")

func (c Config) withDefaults() (Config, error) {
	if c.Batch < 0 {
		return c, errors.New("a batch cannot hold a negative number of events")
	}
	if c.Batch == 0 {
		c.Batch = DefaultBatch
	}
	if c.Filter == nil {
		c.Filter = func(topic string) eventstore.Filter {
			return eventstore.Filter{Streams: []string{topic}}
		}
	}
	if c.From == nil {
		c.From = func(context.Context, string) (eventstore.Position, error) {
			return eventstore.Position{}, nil
		}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c, nil
}
