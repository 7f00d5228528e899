package pubsub

import (
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// A frame is what the payload of a batch message holds: the format's number, flags, the position through which the
// batch reaches, the number of events, then the events. Numbers are varints, texts and bytes carry their lengths.
// Frames live only inside a process, so the format may change with the code.

const (
	frameFormat = 1
	flagLive    = 1
	flagJSON    = 1

	// smallestEvent is the length of an event with nothing in it: id, flags, and nine numbers of one byte.
	smallestEvent = 16 + 1 + 9
)

// frames is the memory of frames that were acknowledged.
var frames = sync.Pool{New: func() any { return new([]byte) }}

var errFrame = errors.New("not a frame of events")

// pack appends a delivery as a frame.
func pack(frame []byte, delivery eventstore.Delivery) []byte {
	size := 64
	for i := range delivery.Events {
		event := &delivery.Events[i]
		size += 80 + len(event.Stream) + len(event.Type) + len(event.Data) + len(event.Metadata)
	}
	frame = slices.Grow(frame, size)
	frame = append(frame, frameFormat, flag(delivery.Live, flagLive))
	frame = appendPosition(frame, delivery.Through)
	frame = binary.AppendUvarint(frame, uint64(len(delivery.Events)))
	for i := range delivery.Events {
		event := &delivery.Events[i]
		frame = append(frame, event.ID[:]...)
		frame = append(frame, flag(event.JSON, flagJSON))
		frame = appendBytes(frame, event.Type)
		frame = appendBytes(frame, event.Stream)
		frame = binary.AppendVarint(frame, event.Revision)
		frame = appendPosition(frame, event.Position)
		frame = binary.AppendVarint(frame, event.Created.Unix())
		frame = binary.AppendUvarint(frame, uint64(event.Created.Nanosecond()))
		frame = appendBytes(frame, event.Data)
		frame = appendBytes(frame, event.Metadata)
	}
	return frame
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

func appendPosition(frame []byte, position eventstore.Position) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(frame, position.Commit), position.Prepare)
}

func appendBytes[T string | []byte](frame []byte, bytes T) []byte {
	return append(binary.AppendUvarint(frame, uint64(len(bytes))), bytes...)
}

// Unpack reads the message of a Subscriber that packs Batches: its events in order, the position through which
// everything of the topic has now been delivered, and whether nothing more was in the log when it was read. A message
// may have no events and only move through. The events' bytes share the message's payload: they are valid until it is
// acknowledged.
func Unpack(msg *message.Message) (events []eventstore.Recorded, through eventstore.Position, live bool, err error) {
	delivery, err := unpack(msg.Payload)
	return delivery.Events, delivery.Through, delivery.Live, err
}

func unpack(frame []byte) (eventstore.Delivery, error) {
	r := reader{rest: frame}
	if r.byte() != frameFormat {
		return eventstore.Delivery{}, errFrame
	}
	delivery := eventstore.Delivery{Live: r.byte()&flagLive != 0, Through: r.position()}
	count := r.uvarint()
	if r.broken || count > uint64(len(r.rest)/smallestEvent) {
		return eventstore.Delivery{}, errFrame
	}
	delivery.Events = make([]eventstore.Recorded, count)
	var lastType string
	for i := range delivery.Events {
		event := &delivery.Events[i]
		copy(event.ID[:], r.take(uint64(len(uuid.UUID{}))))
		event.JSON = r.byte()&flagJSON != 0
		kind := r.bytes()
		if string(kind) != lastType {
			lastType = string(kind)
		}
		event.Type = lastType
		event.Stream = string(r.bytes())
		event.Revision = r.varint()
		event.Position = r.position()
		seconds, nanoseconds := r.varint(), r.uvarint()
		if nanoseconds >= uint64(time.Second) {
			return eventstore.Delivery{}, errFrame
		}
		event.Created = time.Unix(seconds, int64(nanoseconds)).UTC()
		event.Data = r.bytes()
		event.Metadata = r.bytes()
		if r.broken {
			return eventstore.Delivery{}, errFrame
		}
	}
	if len(r.rest) > 0 {
		return eventstore.Delivery{}, errFrame
	}
	return delivery, nil
}

// reader takes a frame apart. After the first fault it is broken and gives zero values.
type reader struct {
	rest   []byte
	broken bool
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.broken, r.rest = true, nil
		return nil
	}
	taken := r.rest[:n:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	n, length := binary.Uvarint(r.rest)
	if length <= 0 {
		r.broken, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[length:]
	return n
}

func (r *reader) varint() int64 {
	n, length := binary.Varint(r.rest)
	if length <= 0 {
		r.broken, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[length:]
	return n
}

func (r *reader) position() eventstore.Position {
	return eventstore.Position{Commit: r.uvarint(), Prepare: r.uvarint()}
}

// bytes gives nil for no bytes, as an empty field and an absent one mean the same to an event.
func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n == 0 {
		return nil
	}
	return r.take(n)
}
