package pebblelog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/cockroachdb/pebble/v2"

	"services.example/portal/infra/eventstore"
)

// head is what the store remembers of a stream. A stream that has only metadata has one too.
type head struct {
	number    uint64 // position of the first event, 0 if there is none
	last      int64  // last revision, without the tombstone
	position  uint64 // of the last event, the tombstone included
	changed   uint64 // position of the event that changed this head last
	tombstone bool
	described bool // the metadata stream has an event
	rules     rules
}

var noHead = head{last: eventstore.NoRevision}

func (h head) softDeleted() bool { return h.described && h.rules.truncateBefore == math.MaxInt64 }

// first is the lowest revision that a read may show, without regard to age.
func (h head) first() int64 {
	first := h.rules.truncateBefore
	if h.rules.maxCount > 0 {
		first = max(first, h.last-h.rules.maxCount+1)
	}
	return first
}

const (
	headTombstone = 1 << iota
	headDescribed
)

func (h head) append(value []byte) []byte {
	flags := byte(0)
	if h.tombstone {
		flags |= headTombstone
	}
	if h.described {
		flags |= headDescribed
	}
	value = append(value, flags)
	value = binary.AppendUvarint(value, h.number)
	value = binary.AppendVarint(value, h.last)
	value = binary.AppendUvarint(value, h.position)
	value = binary.AppendUvarint(value, h.changed)
	if h.described {
		value = binary.AppendVarint(value, h.rules.truncateBefore)
		value = binary.AppendVarint(value, h.rules.maxCount)
		value = binary.AppendVarint(value, h.rules.maxAge)
	}
	return value
}

var errHead = errors.New("the head of the stream is damaged")

func parseHead(value []byte) (head, error) {
	if len(value) == 0 || value[0]&^(headTombstone|headDescribed) != 0 {
		return head{}, errHead
	}
	h := head{tombstone: value[0]&headTombstone != 0, described: value[0]&headDescribed != 0}
	in := numbers{rest: value[1:]}
	h.number = in.unsigned()
	h.last = in.signed()
	h.position = in.unsigned()
	h.changed = in.unsigned()
	if h.described {
		h.rules.truncateBefore = in.signed()
		h.rules.maxCount = in.signed()
		h.rules.maxAge = in.signed()
	}
	if in.bad || len(in.rest) > 0 {
		return head{}, errHead
	}
	return h, nil
}

// numbers reads varints and remembers whether one was missing.
type numbers struct {
	rest []byte
	bad  bool
}

func (n *numbers) unsigned() uint64 {
	value, size := binary.Uvarint(n.rest)
	n.skip(size)
	return value
}

func (n *numbers) signed() int64 {
	value, size := binary.Varint(n.rest)
	n.skip(size)
	return value
}

func (n *numbers) skip(size int) {
	if size <= 0 {
		n.bad = true
		return
	}
	n.rest = n.rest[size:]
}

// storedHead reads a head from the database, whether its group is durable or not.
func (l *Log) storedHead(stream string) (head, error) {
	value, closer, err := l.db.Get(headKey(stream))
	if errors.Is(err, pebble.ErrNotFound) {
		return noHead, nil
	}
	if err != nil {
		return head{}, fmt.Errorf("read the head of stream %s: %w", stream, err)
	}
	h, err := parseHead(value)
	if closeErr := closer.Close(); err == nil && closeErr != nil {
		err = closeErr
	}
	if err != nil {
		return head{}, fmt.Errorf("read the head of stream %s: %w", stream, err)
	}
	return h, nil
}

// durableHead is the head of a stream as readers may see it. Pebble shows a batch before its sync has ended, so a
// head that is ahead of the watermark is replaced by the one from before the groups that are in flight.
func (l *Log) durableHead(stream string) (head, error) {
	for {
		h, known, age := l.heads.look(stream)
		if known {
			return h, nil
		}
		h, err := l.storedHead(stream)
		if err != nil {
			return head{}, err
		}
		watermark := l.tail.mark().position
		if h.changed <= watermark {
			l.heads.add(stream, h, age)
			return h, nil
		}
		if before, ok := l.before(stream, watermark); ok {
			return before, nil
		}
	}
}
