package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"services.example/portal/infra/eventstore"
)

// Same tells whether a store holds an event as an archive has it. Stream metadata and the ends of streams are compared
// by what they say: stores write some of them themselves, with ids and spaces of their own.
func Same(held, archived eventstore.Recorded) bool {
	if held.Stream != archived.Stream || held.Type != archived.Type || held.JSON != archived.JSON {
		return false
	}
	if ownWords(archived) {
		return bytes.Equal(held.Data, archived.Data) || sameJSON(held.Data, archived.Data)
	}
	want := Carried(archived)
	return held.ID == want.ID && held.Revision == archived.Revision &&
		bytes.Equal(held.Data, want.Data) && bytes.Equal(held.Metadata, want.Metadata)
}

// sameJSON compares documents without regard to spaces and the order of members.
func sameJSON(a, b []byte) bool {
	read := func(data []byte) (value any, err error) {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		err = decoder.Decode(&value)
		return value, err
	}
	left, err := read(a)
	if err != nil {
		return false
	}
	right, err := read(b)
	return err == nil && reflect.DeepEqual(left, right)
}

// OtherEventsError says that a store does not hold the beginning of an archive: it holds other events, or more.
type OtherEventsError struct {
	Number   int64  // of the event of the store, the first being 1
	Stream   string // where the store has it
	Revision int64
}

func (e *OtherEventsError) Error() string {
	return fmt.Sprintf("the store holds other events than the archive, the first of them event %d of its log, at revision %d of stream %s: "+
		"an archive is imported into an empty store, or into one where its import was interrupted", e.Number, e.Revision, e.Stream)
}
