package codec

import (
	"fmt"

	"services.example/portal/infra/eventstore"
)

// NewerVersionError says that a stored event is of a newer version than this binary knows of that event. It must be
// neither folded nor skipped: a newer version of the portal has written it, and can read it.
type NewerVersionError struct {
	Stream   string
	Revision int64
	Type     string
}

func (e *NewerVersionError) Error() string {
	return fmt.Sprintf("event %d of stream %s, %s, needs a newer version of the portal", e.Revision, e.Stream, e.Type)
}

// Reads tells whether the codec knows a stored name, of any version.
func (c *Codec) Reads(stored string) bool {
	_, older := c.older[stored]
	return older || c.byName[stored] != nil
}

// unreadable is the error for an event whose name is not in the registry. A name of which an earlier version is known
// belongs to a newer binary: the earliest is in the registry for as long as any version is.
func (c *Codec) unreadable(recorded eventstore.Recorded) error {
	if name, err := parseName(recorded.Type); err == nil && c.Reads(storedName{name.event, 1}.String()) {
		return &NewerVersionError{Stream: recorded.Stream, Revision: recorded.Revision, Type: recorded.Type}
	}
	return &UnknownTypeError{Stream: recorded.Stream, Revision: recorded.Revision, Type: recorded.Type}
}
