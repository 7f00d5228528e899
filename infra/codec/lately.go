package codec

import (
	"bytes"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"services.example/portal/infra/eventstore"
)

// latelySize is how many events are remembered: more than come between two reads of the log.
const latelySize = 1024

// lately remembers events that were encoded last, each until it is first read: whoever follows the log in the process that
// writes it gets them as they were given, without opening what was just sealed. Only the very record that was made of an
// event stands for it, byte for byte, and only plain events are remembered.
type lately struct {
	count atomic.Int64 // of known: who reads history finds nothing here, and need not wait for the lock

	mu    sync.Mutex
	known map[uuid.UUID]encodedEvent
	order []uuid.UUID // a ring: the oldest is forgotten first
	next  int
}

// encodedEvent is an event and what was made of it.
type encodedEvent struct {
	stream string
	stored eventstore.Event
	meta   Metadata
	event  any
}

func newLately() *lately {
	return &lately{known: make(map[uuid.UUID]encodedEvent, latelySize), order: make([]uuid.UUID, latelySize)}
}

// keep remembers an event that comes back from the store as it is.
func (l *lately) keep(stream string, stored eventstore.Event, meta Metadata, event any) {
	if !plain(reflect.ValueOf(event)) || !plain(reflect.ValueOf(meta)) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.recount()
	delete(l.known, l.order[l.next])
	l.known[stored.ID] = encodedEvent{stream: stream, stored: stored, meta: meta, event: event}
	l.order[l.next] = stored.ID
	l.next = (l.next + 1) % len(l.order)
}

// take returns what a record was made of, and forgets it.
func (l *lately) take(recorded *eventstore.Recorded) (e encodedEvent, found bool) {
	if l.count.Load() == 0 {
		return encodedEvent{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.recount()
	e, found = l.known[recorded.ID]
	if !found || e.stream != recorded.Stream || e.stored.Type != recorded.Type ||
		!bytes.Equal(e.stored.Data, recorded.Data) || !bytes.Equal(e.stored.Metadata, recorded.Metadata) {
		return encodedEvent{}, false
	}
	delete(l.known, recorded.ID)
	return e, true
}

// recount is for those who hold the lock.
func (l *lately) recount() { l.count.Store(int64(len(l.known))) }

// plain tells whether a struct has nothing that several readers could not share, or that JSON would change: lists and maps
// must be absent, texts valid, and times in UTC.
func plain(v reflect.Value) bool {
	for i := range v.NumField() {
		if !plainField(v.Field(i)) {
			return false
		}
	}
	return true
}

func plainField(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.String:
		return utf8.ValidString(v.String())
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return v.IsNil()
	case reflect.Array:
		return v.Type() == reflect.TypeFor[uuid.UUID]()
	default:
		t, isTime := v.Interface().(time.Time)
		return isTime && t == t.Round(0).UTC() //nolint:staticcheck // its form, too: a clock that goes on, a place
	}
}
