package feed

import (
	"context"
	"errors"
	"fmt"

	"services.example/portal/infra/eventstore"
)

// ErrAhead says that a position is after the end of the log: it was had from another one, or the log was restored since.
var ErrAhead = errors.New("the position is after the end of the log")

// Cursor reads the log in order from a position on. It is used by one goroutine at a time.
type Cursor struct {
	events       eventstore.Store
	filter       eventstore.Filter
	subscription eventstore.Subscription // nil: to be opened
	head         eventstore.Position     // when the cursor was opened
	through      eventstore.Position
}

// Open begins to read after a position; the zero position is the beginning of the log. Error: ErrAhead.
func Open(ctx context.Context, events eventstore.Store, after eventstore.Position, filter eventstore.Filter) (*Cursor, error) {
	head, err := eventstore.Head(ctx, events)
	if err != nil {
		return nil, fmt.Errorf("finding the end of the log: %w", err)
	}
	if head.Before(after) {
		return nil, ErrAhead
	}
	return &Cursor{events: events, filter: filter, head: head, through: after}, nil
}

// Next waits for what is new and gives at most limit events, possibly none. After an error, that of an ended context too, it
// may be called again.
func (c *Cursor) Next(ctx context.Context, limit int) ([]eventstore.Recorded, error) {
	if c.subscription == nil {
		subscription, err := c.events.Subscribe(ctx, c.through, c.filter)
		if err != nil {
			return nil, fmt.Errorf("following the log: %w", err)
		}
		c.subscription = subscription
	}
	delivery, err := c.subscription.Next(ctx, limit)
	if err != nil {
		return nil, errors.Join(err, c.Close()) // not every store's goes on after that
	}
	if c.through.Before(delivery.Through) {
		c.through = delivery.Through
	}
	if delivery.Live && c.through.Before(c.head) {
		c.through = c.head // what lies between is none of what is read
	}
	return delivery.Events, nil
}

// Through is the position to go on from: everything up to it was given, or is not among what is read.
func (c *Cursor) Through() eventstore.Position { return c.through }

// Head is where the log ended when the cursor was opened.
func (c *Cursor) Head() eventstore.Position { return c.head }

// AtEnd tells whether everything was given that was there when the cursor was opened.
func (c *Cursor) AtEnd() bool { return !c.through.Before(c.head) }

// Close ends the reading.
func (c *Cursor) Close() error {
	if c.subscription == nil {
		return nil
	}
	closing := c.subscription
	c.subscription = nil
	return closing.Close()
}
