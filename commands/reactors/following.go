package reactors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"services.example/portal/infra/codec"
	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/pubsub"
	"services.example/portal/infra/readstore"
)

// following is a reactor on its way along the log.
type following struct {
	engine  *Engine
	reactor *Reactor
	owner   *owner

	stored eventstore.Position // the checkpoint in the read store
	done   eventstore.Position // everything up to it was reacted to
	saved  time.Time           // when the checkpoint was moved
}

// quietSave is how often a checkpoint is moved past events that do not concern the reactor: what is lost of that is read
// again and passed by.
const quietSave = 10 * time.Second

// pace lets events gather that come thick and fast: each delivery costs a checkpoint. An event that comes alone is reacted
// to at once.
var pace = pubsub.Pace{Each: time.Millisecond, Most: 20 * time.Millisecond}

func newFollowing(e *Engine, r *Reactor, o *owner) *following {
	return &following{engine: e, reactor: r, owner: o}
}

func (f *following) filter() eventstore.Filter {
	return eventstore.Filter{Streams: f.reactor.Streams, Types: f.reactor.Types}
}

// run follows the log from the checkpoint until the context ends, or somebody else has moved the checkpoint.
func (f *following) run(ctx context.Context) error {
	if err := f.begin(ctx); err != nil {
		return err
	}
	config, from := f.engine.config, f.stored
	subscriber, err := pubsub.NewSubscriber(config.Events, pubsub.Config{
		Packing:    pubsub.Batches,
		Filter:     func(string) eventstore.Filter { return f.filter() },
		From:       func(context.Context, string) (eventstore.Position, error) { return from, nil },
		Pace:       pace,
		Redelivery: config.Redelivery, Reconnect: config.Reconnect, Logger: config.Logger,
	})
	if err != nil {
		return err
	}
	defer func() { _ = subscriber.Close() }() // it only waits
	messages, err := subscriber.Subscribe(ctx, f.reactor.Name)
	if err != nil {
		return err
	}
	for msg := range messages {
		events, through, _, err := pubsub.Unpack(msg)
		if err == nil {
			err = f.handle(ctx, eventstore.Delivery{Events: events, Through: through})
		}
		var moved *readstore.CheckpointError
		if errors.As(err, &moved) {
			msg.Nack()
			return fmt.Errorf("somebody else has moved the checkpoint: %w", err)
		}
		if err != nil && ctx.Err() == nil {
			f.engine.metrics.failed(ctx, f.reactor.Name)
			config.Logger.ErrorContext(ctx, "a reactor cannot go on and tries again", "reactor", f.reactor.Name,
				"position", f.done.String(), "error", err)
		}
		if err != nil {
			msg.Nack()
			continue
		}
		msg.Ack()
	}
	return ctx.Err()
}

// handle reacts to the events of a delivery that were not reacted to before, and moves the checkpoint past those that were.
func (f *following) handle(ctx context.Context, delivery eventstore.Delivery) error {
	for i := range delivery.Events {
		event := &delivery.Events[i]
		if !f.done.Before(event.Position) {
			continue
		}
		if !f.owner.may() {
			return errFrozen
		}
		if err := f.react(ctx, *event); err != nil {
			f.engine.metrics.behind(f.reactor.Name, event.Created)
			return errors.Join(fmt.Errorf("reacting to event %s of stream %s: %w", event.ID, event.Stream, err), f.save(ctx, true))
		}
		f.done = event.Position
		f.engine.metrics.reacted(ctx, f.reactor.Name)
	}
	f.done = delivery.Through
	f.engine.metrics.caughtUp(f.reactor.Name)
	return f.save(ctx, len(delivery.Events) > 0)
}

var errFrozen = errors.New("this process was frozen and has lost the lease")

func (f *following) react(ctx context.Context, recorded eventstore.Recorded) error {
	if f.reactor.Passes != nil {
		if meta, err := codec.MetadataOf(recorded); err == nil && f.reactor.Passes(recorded.Stream, meta) {
			return nil
		}
	}
	envelope, err := f.engine.config.Decoder.Decode(ctx, recorded)
	var unknown *codec.UnknownTypeError
	var newer *codec.NewerVersionError
	switch {
	case errors.As(err, &unknown):
		return nil
	case errors.As(err, &newer):
		f.owner.need(newer.Type)
		return err
	case err != nil:
		return err
	}
	return safely(ctx, func(ctx context.Context) error { return f.reactor.React(ctx, envelope) })
}

// save moves the checkpoint to what is done.
func (f *following) save(ctx context.Context, now bool) error {
	config := f.engine.config
	if !f.stored.Before(f.done) || !now && config.Clock().Sub(f.saved).Abs() < quietSave {
		return nil
	}
	step := readstore.Advance{Projection: f.reactor.checkpoint(), From: f.stored, To: f.done}
	// Not durable at once: what a crash takes back is reacted to once more.
	if err := config.Reads.Commit(ctx, readstore.Batch{Advances: append(f.owner.fence(), step)}); err != nil {
		return fmt.Errorf("moving the checkpoint of reactor %s: %w", f.reactor.Name, err)
	}
	f.stored, f.saved = f.done, config.Clock()
	return nil
}

const (
	goesBack = 72 * time.Hour // of a reactor whose checkpoint is lost

	// Of one that never ran, because the store or the reactor is new. It has to do with what happened while the processes
	// of a portal were started one after another, not with a history.
	looksFor  = time.Hour
	mostFirst = 1000 // events

	// tracesIn is how many events are looked at for a trace of the reactor: it leaves one every few events.
	tracesIn = 20_000
)

// begin finds the place to go on from.
func (f *following) begin(ctx context.Context) error {
	at, err := f.engine.config.Reads.Checkpoint(ctx, f.reactor.checkpoint())
	if err != nil {
		return fmt.Errorf("reading the checkpoint of reactor %s: %w", f.reactor.Name, err)
	}
	f.stored, f.done = at, at
	if !at.IsZero() || len(f.reactor.Leaves) == 0 {
		return nil
	}
	if f.done, err = f.recent(ctx); err != nil {
		return fmt.Errorf("finding where reactor %s begins: %w", f.reactor.Name, err)
	}
	f.engine.config.Logger.InfoContext(ctx, "a reactor without a checkpoint begins", "reactor", f.reactor.Name,
		"position", f.done.String())
	return f.save(ctx, true) // from here on it has one: what it has yet to do is never too old
}

// recent is the position after which everything is recent enough to be reacted to.
func (f *following) recent(ctx context.Context) (eventstore.Position, error) {
	config := f.engine.config
	now := config.Clock()
	ran, seen, own := false, 0, 0
	var first eventstore.Position // of what a reactor that never ran must leave alone: the latest
	read := eventstore.AllRead{
		From: eventstore.EndPosition, Backwards: true,
		Filter: eventstore.Filter{Streams: slices.Concat(f.reactor.Streams, f.reactor.Leaves)},
	}
	for recorded, err := range config.Events.ReadAll(ctx, read) {
		if err != nil {
			return eventstore.Position{}, err
		}
		envelope, err := config.Decoder.Decode(ctx, recorded)
		if err != nil {
			envelope.Created = recorded.Created // a moved log tells when it was recorded first, unless it cannot be read
		}
		age := now.Sub(envelope.Created)
		left := hasPrefix(recorded.Stream, f.reactor.Leaves)
		if !left && (len(f.reactor.Types) == 0 || hasPrefix(recorded.Type, f.reactor.Types)) {
			own++
		}
		if first.IsZero() && (age > looksFor || own > mostFirst) {
			first = recorded.Position
		}
		ran = ran || left && age <= goesBack
		seen++
		switch {
		case ran && age > goesBack:
			return recorded.Position, nil
		case !ran && (age > goesBack || seen >= tracesIn):
			return first, nil
		}
	}
	if ran {
		return eventstore.Position{}, nil
	}
	return first, nil
}

// hasPrefix tells whether a name begins with one of the prefixes.
func hasPrefix(name string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}
