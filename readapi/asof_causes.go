package readapi

import (
	"slices"

	"github.com/google/uuid"

	"services.example/portal/domain/notification"
	"services.example/portal/infra/codec"
)

// longestChain bounds how far back the causes of an event are told. Reactions to reactions are two or three deep.
const longestChain = 16

// because tells what led to an event: the command that it is of, the event to which that command reacted, the command of
// that one, and so on, the first first.
func (d *asOfDiffing) because(event *codec.Envelope) []diffCause {
	var chain []diffCause
	for len(chain) < longestChain {
		by := d.actor(event)
		chain = append(chain, diffCause{Kind: "command", ID: event.Meta.CommandID.String(), By: &by})
		command := event.Meta.CausationID
		if command == event.Meta.CommandID || command == uuid.Nil {
			break
		}
		led := d.ledTo(event, command)
		if led < 0 { // of another case, or one that left no event
			chain = append(chain, diffCause{Kind: "command", ID: command.String()})
			break
		}
		cause := &d.happened[led]
		event = &cause.event
		if cause.seen {
			chain = append(chain, diffCause{Kind: "event", ID: event.ID.String(), Type: event.Type, Text: cause.text})
		}
	}
	slices.Reverse(chain)
	return chain
}

// ledTo finds the event of a command to which another reacted: the one that its notice is named after, else the last one
// before it; below 0: there is none in the case.
func (d *asOfDiffing) ledTo(event *codec.Envelope, command uuid.UUID) int {
	found := -1
	for _, i := range d.byCommand[command] {
		cause := &d.happened[i].event
		if !cause.Position.Before(event.Position) {
			break
		}
		found = i
		if e, is := event.Event.(notification.Requested); is && noticeStreams+notification.ID(cause.ID, e.Recipient, e.Channel) == event.Stream {
			break
		}
	}
	return found
}

// remembered is what is kept of an event to find its causes by: what people wrote is not.
func remembered(event codec.Envelope) codec.Envelope {
	e, is := event.Event.(notification.Requested)
	event.Event = nil
	if is {
		event.Event = notification.Requested{Recipient: e.Recipient, Channel: e.Channel}
	}
	return event
}
