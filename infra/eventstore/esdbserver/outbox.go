package esdbserver

import (
	"google.golang.org/grpc"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/esdbserver/faults"
)

// outbox sends the messages of a read, and the faults that belong between them.
type outbox struct {
	call   grpc.ServerStream
	flaw   flaw
	sent   int
	commit uint64 // of the last event
}

// send sends an encoded message, which is not changed any more.
func (o *outbox) send(message *frame) error {
	if o.flaw.Kind == faults.None {
		o.sent++
		return o.call.SendMsg(message)
	}
	if o.sent == 0 {
		if err := o.disturb(); err != nil {
			return err
		}
	}
	if err := o.call.SendMsg(message); err != nil {
		return err
	}
	o.sent++
	return o.disturb()
}

// disturb carries out the fault of the read if so many messages were sent. The first message of a subscription is
// never another one than its confirmation.
func (o *outbox) disturb() error {
	if o.sent < o.flaw.After {
		return nil
	}
	kind := o.flaw.Kind
	switch kind {
	case faults.Drop:
		return errInjected
	case faults.Cut:
		return o.flaw.after()
	case faults.CheckpointZero, faults.CheckpointEnd, faults.CaughtUpAgain:
		if o.sent == 0 {
			return nil
		}
		o.flaw.Kind = faults.None
		return o.call.SendMsg(&frame{data: o.odd(kind)})
	default:
		return nil
	}
}

// odd is a message that a client must bear.
func (o *outbox) odd(kind faults.Kind) []byte {
	switch kind {
	case faults.CheckpointZero:
		return appendCheckpoint(nil, eventstore.Position{Commit: o.commit})
	case faults.CheckpointEnd:
		return appendCheckpoint(nil, eventstore.EndPosition)
	default:
		return appendCaughtUp(nil)
	}
}
