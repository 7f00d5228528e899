package pebblelog

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// A record is
//
//	checksum(4) flags(1) users revision created | id(16) len(stream) len(type) len(metadata) stream type metadata data
//
// with numbers as varints. The part after the bar, the body, is made and summed by the caller's goroutine; the writer
// puts the header in front of it. The checksum (CRC-32C) covers body, header and position, in this order.

const (
	checksumSize  = 4
	maxHeaderSize = checksumSize + 1 + 3*binary.MaxVarintLen64
)

// The bits of a record's flags.
const (
	flagFormat = 1 << 6 // always set: a record that is all zeros is damaged
	flagJSON   = 1 << 0
	flagsKnown = flagFormat | flagJSON
)

// tick is the resolution of Recorded.Created, that of EventStoreDB.
const tick = 100 * time.Nanosecond

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// pending is an event on its way to the writer.
type pending struct {
	id   uuid.UUID
	buf  []byte // room for the header, then the body
	sum  uint32 // of the body
	json bool
	data []byte // the part of buf that holds the event's data
}

// newPending copies the event; the caller may reuse its slices afterwards.
func newPending(stream string, event eventstore.Event) pending {
	size := maxHeaderSize + 16 + 3*binary.MaxVarintLen32 +
		len(stream) + len(event.Type) + len(event.Metadata) + len(event.Data)
	buf := make([]byte, maxHeaderSize, size)
	buf = append(buf, event.ID[:]...)
	buf = binary.AppendUvarint(buf, uint64(len(stream)))
	buf = binary.AppendUvarint(buf, uint64(len(event.Type)))
	buf = binary.AppendUvarint(buf, uint64(len(event.Metadata)))
	buf = append(buf, stream...)
	buf = append(buf, event.Type...)
	buf = append(buf, event.Metadata...)
	start := len(buf)
	buf = append(buf, event.Data...)
	return pending{
		id: event.ID, buf: buf, json: event.JSON, data: buf[start:],
		sum: crcOf(buf[maxHeaderSize:]),
	}
}

// header is what the writer knows of an event.
type header struct {
	position uint64
	users    uint64 // events of the log up to and with this one that are not system events
	revision int64
	created  int64 // ticks since 1970
}

// seal puts the header in front of the body and returns the record, which shares the pending event's memory.
func (p *pending) seal(h header) []byte {
	var scratch [maxHeaderSize]byte
	head := append(scratch[:0], 0, 0, 0, 0, flagFormat)
	if p.json {
		head[checksumSize] |= flagJSON
	}
	head = binary.AppendUvarint(head, h.users)
	head = binary.AppendUvarint(head, uint64(h.revision))
	head = binary.AppendUvarint(head, uint64(h.created))
	sum := sumHeader(p.sum, head[checksumSize:], h.position)
	binary.BigEndian.PutUint32(head, sum)
	record := p.buf[maxHeaderSize-len(head):]
	copy(record, head)
	return record
}

func sumHeader(sum uint32, head []byte, position uint64) uint32 {
	var place [8]byte
	binary.BigEndian.PutUint64(place[:], position)
	sum = crc32.Update(sum, castagnoli, head)
	return crc32.Update(sum, castagnoli, place[:])
}

// record is a parsed record; its slices are those of the bytes it was parsed from.
type record struct {
	header
	json                          bool
	lasting                       bool // the bytes that it was parsed from stay as they are
	id                            uuid.UUID
	names                         []byte // stream, then type
	stream, eventType, meta, data []byte
}

var (
	errShort    = errors.New("the record is cut off")
	errFlags    = errors.New("the record has an unknown format")
	errNumber   = errors.New("the record has a number out of range")
	errChecksum = errors.New("the record's checksum is wrong")
)

// parseRecord reads a record and checks its sum.
func parseRecord(position uint64, value []byte) (record, error) {
	if len(value) < checksumSize+1 {
		return record{}, errShort
	}
	flags := value[checksumSize]
	if flags&^flagsKnown != 0 || flags&flagFormat == 0 {
		return record{}, errFlags
	}
	r := record{json: flags&flagJSON != 0}
	r.position = position
	rest := value[checksumSize+1:]
	var revision, created uint64
	for _, number := range []*uint64{&r.users, &revision, &created} {
		n, size := binary.Uvarint(rest)
		if size <= 0 {
			return record{}, errShort
		}
		*number, rest = n, rest[size:]
	}
	if int64(revision) < 0 || int64(created) < 0 {
		return record{}, errNumber
	}
	r.revision, r.created = int64(revision), int64(created)
	body := rest
	sum := crcOf(body)
	if sumHeader(sum, value[checksumSize:len(value)-len(body)], position) != binary.BigEndian.Uint32(value) {
		return record{}, errChecksum
	}
	return r, r.parseBody(body)
}

func (r *record) parseBody(body []byte) error {
	if len(body) < len(r.id) {
		return errShort
	}
	r.id = uuid.UUID(body[:16])
	body = body[16:]
	var sizes [3]uint64
	for i := range sizes {
		n, size := binary.Uvarint(body)
		if size <= 0 {
			return errShort
		}
		sizes[i], body = n, body[size:]
	}
	for i, part := range []*[]byte{&r.stream, &r.eventType, &r.meta} {
		if sizes[i] > uint64(len(body)) {
			return errShort
		}
		if i == 0 {
			r.names = body
		}
		*part, body = body[:sizes[i]], body[sizes[i]:]
	}
	r.names = r.names[:len(r.stream)+len(r.eventType)]
	r.data = body
	return nil
}

// recorded copies the record out of the bytes it was parsed from, unless they stay as they are.
func (r *record) recorded() eventstore.Recorded {
	names := string(r.names)
	meta, data := slices.Clip(r.meta), slices.Clip(r.data)
	if !r.lasting {
		content := make([]byte, len(r.meta)+len(r.data))
		split := copy(content, r.meta)
		copy(content[split:], r.data)
		meta, data = content[:split:split], content[split:]
	}
	return eventstore.Recorded{
		Event: eventstore.Event{
			ID: r.id, Type: names[len(r.stream):], JSON: r.json, Metadata: meta, Data: data,
		},
		Stream:   names[:len(r.stream)],
		Revision: r.revision,
		Position: at(r.position),
		Created:  time.Unix(0, r.created*int64(tick)).UTC(),
	}
}

// peekUsers reads only the running count of a record.
func peekUsers(value []byte) (uint64, error) {
	if len(value) < checksumSize+1 {
		return 0, errShort
	}
	users, size := binary.Uvarint(value[checksumSize+1:])
	if size <= 0 {
		return 0, errShort
	}
	return users, nil
}

// at is the position of the event with this running number.
func at(number uint64) eventstore.Position {
	return eventstore.Position{Commit: number, Prepare: number}
}

func isSystem(stream string) bool { return strings.HasPrefix(stream, "$") }

func crcOf(data []byte) uint32 { return crc32.Checksum(data, castagnoli) }
