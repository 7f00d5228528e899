package esdbserver

import (
	"encoding/binary"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"services.example/portal/infra/eventstore"
	"services.example/portal/infra/eventstore/pebblelog"
)

// Events are most of what the server sends, so they are encoded by hand, from where they lie to where they are sent
// from. The field numbers are those of streams.proto; a test compares with the generated code.
const (
	fieldEvent        = 1 // of ReadResp
	fieldConfirmation = 2
	fieldCheckpoint   = 3
	fieldFirst        = 5
	fieldLast         = 6
	fieldCaughtUp     = 8

	fieldReadEvent    = 1 // of ReadEvent
	fieldReadLink     = 2
	fieldReadPosition = 3

	fieldID             = 1 // of RecordedEvent
	fieldStream         = 2
	fieldRevision       = 3
	fieldPrepare        = 4
	fieldCommit         = 5
	fieldMetadata       = 6
	fieldCustomMetadata = 7
	fieldData           = 8

	fieldStructured = 1 // of UUID
	fieldString     = 2
	fieldStreamName = 3 // of StreamIdentifier
	fieldKey        = 1 // of an entry of a map
	fieldValue      = 2
)

const (
	contentJSON   = "application/json"
	contentOctets = "application/octet-stream"
	keyType       = "type"
	keyCreated    = "created"
	keyContent    = "content-type"
)

// All field numbers are below 16: their tags are one byte.
const tagSize = 1

func appendTag(buf []byte, field protowire.Number, kind protowire.Type) []byte {
	return append(buf, byte(field)<<3|byte(kind))
}

func appendSize(buf []byte, field protowire.Number, size int) []byte {
	return protowire.AppendVarint(appendTag(buf, field, protowire.BytesType), uint64(size))
}

// appendNumber leaves out a zero, as proto3 does.
func appendNumber(buf []byte, field protowire.Number, value uint64) []byte {
	if value == 0 {
		return buf
	}
	return protowire.AppendVarint(appendTag(buf, field, protowire.VarintType), value)
}

func sizeNumber(value uint64) int {
	if value == 0 {
		return 0
	}
	return tagSize + protowire.SizeVarint(value)
}

func appendBytes(buf []byte, field protowire.Number, value []byte) []byte {
	if len(value) == 0 {
		return buf
	}
	return append(appendSize(buf, field, len(value)), value...)
}

func sizeBytes(size int) int {
	if size == 0 {
		return 0
	}
	return sizeMessage(size)
}

// sizeMessage is the size of a field with a message of this size in it.
func sizeMessage(size int) int { return tagSize + protowire.SizeBytes(size) }

// idForm is how a caller wants event ids.
type idForm int

const (
	idStructured idForm = iota // two numbers
	idText
)

const uuidTextSize = 36

// recorded is a RecordedEvent about to be encoded, with the sizes that stand in front of its parts.
type recorded struct {
	view    *pebblelog.View
	form    idForm
	high    uint64
	low     uint64
	created [20]byte
	ticks   int // length of created
	content string
	idSize  int
	size    int
}

func (r *recorded) set(v *pebblelog.View, form idForm) {
	r.view, r.form = v, form
	r.ticks = len(strconv.AppendInt(r.created[:0], v.Created, 10))
	r.content = contentOctets
	if v.JSON {
		r.content = contentJSON
	}
	if form == idText {
		r.idSize = sizeMessage(uuidTextSize)
	} else {
		r.high, r.low = binary.BigEndian.Uint64(v.ID[:8]), binary.BigEndian.Uint64(v.ID[8:])
		r.idSize = sizeMessage(sizeNumber(r.high) + sizeNumber(r.low))
	}
	r.size = sizeMessage(r.idSize) +
		sizeMessage(sizeBytes(len(v.Stream))) +
		sizeNumber(uint64(v.Revision)) + sizeNumber(v.Position.Prepare) + sizeNumber(v.Position.Commit) +
		sizeMessage(sizeEntry(keyType, len(v.Type))) +
		sizeMessage(sizeEntry(keyCreated, r.ticks)) +
		sizeMessage(sizeEntry(keyContent, len(r.content))) +
		sizeBytes(len(v.Metadata)) + sizeBytes(len(v.Data))
}

func sizeEntry(key string, value int) int { return sizeMessage(len(key)) + sizeMessage(value) }

func (r *recorded) append(buf []byte) []byte {
	v := r.view
	buf = appendSize(buf, fieldID, r.idSize)
	if r.form == idText {
		buf = append(appendSize(buf, fieldString, uuidTextSize), v.ID.String()...)
	} else {
		buf = appendSize(buf, fieldStructured, sizeNumber(r.high)+sizeNumber(r.low))
		buf = appendNumber(buf, 1, r.high)
		buf = appendNumber(buf, 2, r.low)
	}
	buf = appendSize(buf, fieldStream, sizeBytes(len(v.Stream)))
	buf = appendBytes(buf, fieldStreamName, v.Stream)
	buf = appendNumber(buf, fieldRevision, uint64(v.Revision))
	buf = appendNumber(buf, fieldPrepare, v.Position.Prepare)
	buf = appendNumber(buf, fieldCommit, v.Position.Commit)
	buf = append(appendEntry(buf, keyType, len(v.Type)), v.Type...)
	buf = append(appendEntry(buf, keyCreated, r.ticks), r.created[:r.ticks]...)
	buf = append(appendEntry(buf, keyContent, len(r.content)), r.content...)
	buf = appendBytes(buf, fieldCustomMetadata, v.Metadata)
	return appendBytes(buf, fieldData, v.Data)
}

// appendEntry begins an entry of the metadata; its value follows.
func appendEntry(buf []byte, key string, value int) []byte {
	buf = appendSize(buf, fieldMetadata, sizeEntry(key, value))
	buf = append(appendSize(buf, fieldKey, len(key)), key...)
	return appendSize(buf, fieldValue, value)
}

// eventEncoder encodes messages with events.
type eventEncoder struct {
	form        idForm
	event, link recorded
}

// append encodes a message with an event, the link that led to it, or both. Its position is that of what was read.
func (e *eventEncoder) append(buf []byte, event, link *pebblelog.View) []byte {
	var position uint64
	size := 0
	if event != nil {
		e.event.set(event, e.form)
		size += sizeMessage(e.event.size)
		position = event.Position.Commit
	}
	if link != nil {
		e.link.set(link, e.form)
		size += sizeMessage(e.link.size)
		position = link.Position.Commit
	}
	size += tagSize + protowire.SizeVarint(position)
	buf = appendSize(buf, fieldEvent, size)
	if event != nil {
		buf = e.event.append(appendSize(buf, fieldReadEvent, e.event.size))
	}
	if link != nil {
		buf = e.link.append(appendSize(buf, fieldReadLink, e.link.size))
	}
	return protowire.AppendVarint(appendTag(buf, fieldReadPosition, protowire.VarintType), position)
}

func appendConfirmation(buf []byte, id string) []byte {
	buf = appendSize(buf, fieldConfirmation, sizeMessage(len(id)))
	return append(appendSize(buf, 1, len(id)), id...)
}

func appendCheckpoint(buf []byte, p eventstore.Position) []byte {
	buf = appendSize(buf, fieldCheckpoint, sizeNumber(p.Commit)+sizeNumber(p.Prepare))
	return appendNumber(appendNumber(buf, 1, p.Commit), 2, p.Prepare)
}

func appendCaughtUp(buf []byte) []byte { return appendSize(buf, fieldCaughtUp, 0) }

// revisionMessage tells the first or last revision of a stream, a zero too.
func revisionMessage(field protowire.Number, revision int64) []byte {
	return protowire.AppendVarint(appendTag(nil, field, protowire.VarintType), uint64(revision))
}
