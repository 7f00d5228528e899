package pubsub

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"services.example/portal/infra/eventstore"
)

// follower is one subscription to a topic: it outlives the store subscriptions that it uses one after another.
type follower struct {
	config Config
	store  eventstore.Store
	topic  string
	out    chan<- *message.Message

	position eventstore.Position // everything up to it has been acknowledged
}

// parcel is a message that was made ahead of its turn, and where the log stands after it.
type parcel struct {
	msg     *message.Message
	frame   *[]byte // the message's payload, nil unless it is one of frames
	through eventstore.Position
	acked   chan struct{} // closed with its acknowledgement; nil: nobody waits for that
}

// run follows the log until the context ends.
func (f *follower) run(ctx context.Context) {
	started, failures := false, 0
	for ctx.Err() == nil {
		before := f.position
		var err error
		if !started {
			f.position, err = f.config.From(ctx, f.topic)
			started = err == nil
		}
		if started {
			err = f.follow(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if before.Before(f.position) {
			failures = 0
		}
		failures++
		f.config.Logger.WarnContext(ctx, "following the event log was interrupted, trying again",
			"topic", f.topic, "position", f.position.String(), "failures", failures, "error", err)
		if f.config.Reconnect.Wait(ctx, failures) != nil {
			return
		}
	}
}

// follow uses one subscription of the store until it ends. Behind the end of the log the next parcels are read and
// packed while the consumer works on the one before. At the end they are not: what comes meanwhile gathers, to be read
// at once.
func (f *follower) follow(ctx context.Context) error {
	subscription, err := f.store.Subscribe(ctx, f.position, f.config.Filter(f.topic))
	if err != nil {
		return fmt.Errorf("subscribing to the event log: %w", err)
	}
	readCtx, stop := context.WithCancel(ctx)
	parcels := make(chan parcel, 1)
	var readErr error
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(parcels)
		readErr = f.read(readCtx, subscription, parcels)
	})
	defer func() {
		stop()
		reading.Wait()
		if err := subscription.Close(); err != nil {
			f.config.Logger.DebugContext(ctx, "closing a store subscription failed", "topic", f.topic, "error", err)
		}
	}()
	// A read that fails does not take back what was read before it: that is delivered first.
	for parcel := range parcels {
		if err := f.deliver(ctx, parcel.msg); err != nil {
			return err
		}
		if parcel.frame != nil {
			frames.Put(parcel.frame)
		}
		f.position = parcel.through
		if parcel.acked != nil {
			close(parcel.acked)
		}
	}
	return readErr
}

// mostSkipped is the number of deliveries without events that may pass in a row before the consumer is told how far
// the log has come, while there is more to read anyway.
const mostSkipped = 64

// read turns deliveries into parcels until the subscription or the context ends.
func (f *follower) read(ctx context.Context, subscription eventstore.Subscription, parcels chan<- parcel) error {
	sent, skipped := f.position, 0
	for {
		delivery, err := subscription.Next(ctx, f.config.Batch)
		if err != nil {
			return fmt.Errorf("reading the event log: %w", err)
		}
		if len(delivery.Events) == 0 {
			if !sent.Before(delivery.Through) {
				continue
			}
			if !delivery.Live && skipped < mostSkipped {
				skipped++
				continue
			}
		}
		if err := f.hand(ctx, delivery, parcels); err != nil {
			return err
		}
		sent, skipped = delivery.Through, 0
	}
}

// hand passes a delivery on. One from the end of the log it lets the consumer finish before anything more is read. If
// it had several events, more are likely to come soon, and are let gather until the next read is due.
func (f *follower) hand(ctx context.Context, delivery eventstore.Delivery, parcels chan<- parcel) error {
	began := time.Now()
	made := f.parcels(delivery)
	var acked chan struct{}
	for i, parcel := range made {
		if delivery.Live && i == len(made)-1 {
			acked = make(chan struct{})
			parcel.acked = acked
		}
		select {
		case parcels <- parcel:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if acked == nil {
		return nil
	}
	select {
	case <-acked:
	case <-ctx.Done():
		return ctx.Err()
	}
	return sleep(ctx, f.config.Pace.after(len(delivery.Events))-time.Since(began))
}

func sleep(ctx context.Context, length time.Duration) error {
	if length <= 0 {
		return nil
	}
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// parcels packs a delivery.
func (f *follower) parcels(delivery eventstore.Delivery) []parcel {
	if f.config.Packing == Batches {
		frame, _ := frames.Get().(*[]byte)
		*frame = pack((*frame)[:0], delivery)
		msg := message.NewMessage(delivery.Through.String(), *frame)
		return []parcel{{msg: msg, frame: frame, through: delivery.Through}}
	}
	parcels := make([]parcel, len(delivery.Events))
	for i, event := range delivery.Events {
		parcels[i] = parcel{msg: toMessage(event), through: event.Position}
	}
	return parcels
}

// deliver sends a message until it is acknowledged, each time a fresh copy. It fails only with the context.
func (f *follower) deliver(ctx context.Context, msg *message.Message) error {
	for failures := 1; ; failures++ {
		acked, err := f.send(ctx, msg.Copy())
		if acked || err != nil {
			return err
		}
		if err := f.config.Redelivery.Wait(ctx, failures); err != nil {
			return err
		}
	}
}

// send sends a message once and waits for the answer. The message's context ends with the answer.
func (f *follower) send(ctx context.Context, msg *message.Message) (acked bool, err error) {
	msgCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	msg.SetContext(msgCtx)
	select {
	case f.out <- msg:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	select {
	case <-msg.Acked():
		return true, nil
	case <-msg.Nacked():
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}
