// Package archive moves a whole event store into one file, and such a file into another, empty store, whichever adapters
// of the port the two are.
//
// An archive is a stream of lines of JSON, compressed by zstd: a header, a line for each event in the order of the log,
// and a trailer with the number of events and the SHA-256 of all lines before it, so that a file that was cut off is
// noticed. What it carries and what it leaves behind is in docs/adr/0013-moving-the-event-log.md.
package archive

import (
	"errors"
	"strings"
	"time"

	"services.example/portal/infra/eventstore"
)

// Format and Version are what the first line of every archive says. A reader refuses any other version.
const (
	Format  = "portal event archive"
	Version = 1
)

// Header says where an archive comes from.
type Header struct {
	Source   string    // kind of store, such as embedded; never its address, which may hold a password
	Exported time.Time // when the export began, UTC
}

// Summary is the end of an archive.
type Summary struct {
	Events int64  // in the archive
	SHA256 string // of all lines before the trailer, in hexadecimal
}

// The errors of a reader. Each is wrapped with the line at which it was found.
var (
	ErrFormat  = errors.New("this is no event archive")
	ErrVersion = errors.New("this version of the portal does not know this version of the archive")
	ErrCutOff  = errors.New("the archive is cut off")
	ErrDamaged = errors.New("the archive is damaged")
)

// The names that stores give to their own events.
const (
	systemPrefix   = "$"
	metadataPrefix = "$$"
	tombstoneType  = "$streamDeleted"
)

// carried tells whether an archive takes the events of a stream. Streams of the system belong to the store that wrote
// them (its users, settings, statistics), except for the metadata of the streams that are carried.
func carried(stream string) bool {
	_, described := describes(stream)
	return described || !strings.HasPrefix(stream, systemPrefix)
}

// describes tells whose metadata a stream holds, if that is a stream which an archive takes.
func describes(stream string) (owner string, ok bool) {
	owner, ok = strings.CutPrefix(stream, metadataPrefix)
	return owner, ok && !strings.HasPrefix(owner, systemPrefix)
}

// ownWords tells whether stores write such events themselves, in words and with ids of their own: stream metadata and
// the ends of streams.
func ownWords(event eventstore.Recorded) bool {
	_, described := describes(event.Stream)
	return described || event.Type == tombstoneType
}
